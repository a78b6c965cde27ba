package vm

import (
	"math"
	"strconv"
)

func init() {
	for name, holds := range map[string]func(c int) bool{
		"gt":  func(c int) bool { return c > 0 },
		"gte": func(c int) bool { return c >= 0 },
		"lt":  func(c int) bool { return c < 0 },
		"lte": func(c int) bool { return c <= 0 },
	} {
		register2(name, func(_ *machine, a, b any) (any, bool) { return holds(Compare(a, b)), true })
	}
	register2("equal", func(_ *machine, a, b any) (any, bool) { return Equal(a, b), true })
	register2("neq", func(_ *machine, a, b any) (any, bool) { return !Equal(a, b), true })

	register2("plus", arithmetic("plus", func(a, b int) (int, bool) { return a + b, within(a) && within(b) }))
	register2("mul", arithmetic("mul", func(a, b int) (int, bool) { return a * b, small(a) && small(b) }))
	register2("div", arithmetic("div", func(a, b int) (int, bool) {
		if a == 0 || b == 0 || a%b != 0 {
			return 0, false
		}
		return a / b, true
	}))
	register2("rem", arithmetic("rem", func(a, b int) (int, bool) {
		if b == 0 {
			return 0, false
		}
		return a % b, true
	}))
	minus := arithmetic("minus", func(a, b int) (int, bool) { return a - b, within(a) && within(b) })
	register2("minus", func(m *machine, a, b any) (any, bool) {
		if a, ok := a.(*Set); ok {
			if b, ok := b.(*Set); ok {
				return m.difference(a, b), true
			}
		}
		return minus(m, a, b)
	})

	for name, f := range map[string]func(int) int{
		"abs":   func(i int) int { return max(i, -i) },
		"round": func(i int) int { return i },
		"ceil":  func(i int) int { return i },
		"floor": func(i int) int { return i },
	} {
		register1(name, func(m *machine, a any) (any, bool) {
			if i, ok := exact(a); ok {
				return f(i), true
			}
			return m.passOn(name, a)
		})
	}
	register1("to_number", toNumber)
	register2("format_int", formatInt)
	register1("sum", sum)
}

// exact is the value of a number that is an integer, whatever its text, if it is of a
// size that every form of a number holds.
func exact(v any) (int, bool) {
	switch v := v.(type) {
	case int:
		return v, -exactFloat < v && v < exactFloat
	case int64:
		return int(v), -exactFloat < v && v < exactFloat
	case float64:
		if v == math.Trunc(v) && -exactFloat < v && v < exactFloat {
			return int(v), true
		}
	}
	return 0, false
}

func within(i int) bool { return -math.MaxInt/2 < i && i < math.MaxInt/2 }
func small(i int) bool  { return math.MinInt32 < i && i < math.MaxInt32 }

// arithmetic is an operation that integers are closed under where it is ok; all else is
// passed on.
func arithmetic(name string, f func(a, b int) (int, bool)) func(m *machine, a, b any) (any, bool) {
	return func(m *machine, a, b any) (any, bool) {
		if x, ok := exact(a); ok {
			if y, ok := exact(b); ok {
				if r, ok := f(x, y); ok {
					return r, true
				}
			}
		}
		return m.passOn(name, a, b)
	}
}

func toNumber(m *machine, a any) (any, bool) {
	switch a := a.(type) {
	case nil, null:
		return 0, true
	case bool:
		if a {
			return 1, true
		}
		return 0, true
	case string:
		if i, ok := number(a).(int); ok {
			return i, true
		}
		return m.passOn("to_number", a)
	}
	return a, kindOf(a) == kindNumber
}

func formatInt(m *machine, a, base any) (any, bool) {
	if kindOf(a) != kindNumber || kindOf(base) != kindNumber {
		return nil, false
	}
	if base == 10 {
		if i, ok := integer(a); ok {
			return strconv.Itoa(i), true
		}
	} else if i, ok := a.(int); ok && (base == 2 || base == 8 || base == 16) {
		return strconv.FormatInt(int64(i), base.(int)), true
	}
	return m.passOn("format_int", a, base)
}

func sum(m *machine, a any) (any, bool) {
	items, ok := members(a)
	if !ok {
		return nil, false
	}
	m.spend(len(items))
	total := 0
	for _, item := range items {
		i, ok := exact(item)
		if !ok || !within(total) {
			return m.passOn("sum", a)
		}
		total += i
	}
	return total, true
}
