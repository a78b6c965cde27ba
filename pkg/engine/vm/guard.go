package vm

import (
	"math"
	"net/netip"
	"strconv"
)

// guards count, before topdown's function runs, what a call is about to take: those
// functions whose result may be far larger than their arguments.
var guards = map[string]func(m *machine, args []any){
	"numbers.range":      func(m *machine, args []any) { m.guardRange(args[0], args[1], 1) },
	"numbers.range_step": func(m *machine, args []any) { m.guardRange(args[0], args[1], args[2]) },
	"bits.lsh": func(m *machine, args []any) {
		if bits, ok := wide(args[1]); ok && bits > 0 {
			m.grow(int(min(bits/8, math.MaxInt32)))
		}
	},
	"net.cidr_expand": func(m *machine, args []any) {
		text, _ := args[0].(string)
		if prefix, err := netip.ParsePrefix(text); err == nil {
			m.grow(64 << min(prefix.Addr().BitLen()-prefix.Bits(), 40))
		}
	},
	"regex.replace": func(m *machine, args []any) {
		text, instead, ok := texts(args[0], args[2])
		if n := (len(text) + 1) * len(instead); ok && n > longText {
			m.grow(n)
		}
	},
	"strings.replace_n": func(m *machine, args []any) {
		longest := 0
		if kindOf(args[0]) == kindObject {
			each(args[0], func(_, value any) bool {
				if text, ok := value.(string); ok {
					longest = max(longest, len(text))
				}
				return true
			})
		}
		if text, ok := args[1].(string); ok && (len(text)+1)*longest > longText {
			m.grow((len(text) + 1) * longest)
		}
	},
}

// longText is a length up to which it is enough to count what a function gave.
const longText = 1 << 20

// guardRange counts the numbers from a to b.
func (m *machine) guardRange(a, b, step any) {
	from, okFrom := wide(a)
	to, okTo := wide(b)
	by, okBy := wide(step)
	if !okFrom || !okTo || !okBy || by <= 0 {
		return
	}
	n := math.Abs(to-from) / by
	if !(n < math.MaxInt32) { // nor if it is no number
		n = math.MaxInt32
	}
	m.grow(int(n) * 2 * word)
}

// wide is a number as a float64, roughly.
func wide(v any) (float64, bool) {
	if kindOf(v) != kindNumber {
		return 0, false
	}
	f, _ := strconv.ParseFloat(numberText(v), 64) // out of range: infinite
	return f, true
}
