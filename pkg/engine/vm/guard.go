package vm

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
)

// guards count, before topdown's function runs, what a call is about to take: those
// functions whose result, or whose time, may be far larger than their arguments.
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
	"net.cidr_contains_matches": func(m *machine, args []any) {
		a, _ := size(args[0])
		b, _ := size(args[1])
		m.spend(a * b)
		m.expect(a * b * container)
	},
	"graph.reachable_paths":     func(m *machine, args []any) { m.guardPaths(args[0]) },
	"json.patch":                func(m *machine, args []any) { m.guardPatch(args[0], args[1]) },
	"json.marshal_with_options": func(m *machine, args []any) { m.guardIndent(args[0], args[1]) },
}

// immense is a number of bytes that no limit allows.
const immense = 1 << 40

// longText is a length up to which it is enough to count what a function gave.
const longText = 1 << 20

// expect counts bytes that may be taken, if they are many.
func (m *machine) expect(n int) {
	if n > longText {
		m.grow(n)
	}
}

// product is that of numbers that are not negative, or immense.
func product(numbers ...int) int {
	p := 1
	for _, n := range numbers {
		if n > 0 && p > immense/n {
			return immense
		}
		p *= n
	}
	return p
}

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

// guardPaths counts the paths of a graph, as many as if each led on to every other.
func (m *machine) guardPaths(graph any) {
	n := container
	if kindOf(graph) == kindObject {
		each(graph, func(_, to any) bool {
			edges, _ := size(to)
			n = product(n, max(1, edges))
			return true
		})
	}
	m.expect(n)
}

// guardPatch counts what a document becomes if each copy of a part is one of the whole.
func (m *machine) guardPatch(document, patches any) {
	n := weight(document)
	items, _ := members(patches)
	for _, patch := range items {
		if op, _ := get(patch, "op"); op == "copy" {
			n = product(n, 2)
		}
	}
	m.expect(n)
}

// guardIndent counts the beginnings of lines.
func (m *machine) guardIndent(v, options any) {
	beginning := 0
	if prefix, ok := get(options, "prefix"); ok {
		beginning = weight(prefix)
	}
	if indent, ok := get(options, "indent"); ok {
		beginning += product(weight(indent), levels(v))
	}
	m.expect(product(weight(v)/word, beginning))
}

// levels is how deep a value is nested.
func levels(v any) int {
	below := 0
	if items, ok := members(v); ok {
		for _, item := range items {
			below = max(below, levels(item))
		}
		return 1 + below
	}
	if v == nil || kindOf(v) != kindObject {
		return 0
	}
	each(v, func(_, value any) bool {
		below = max(below, levels(value))
		return true
	})
	return 1 + below
}

// digits is the number of digits of a number that is written out.
func digits(text string) int {
	i := strings.IndexAny(text, "eE")
	if i < 0 {
		return len(text)
	}
	exponent, err := strconv.Atoi(text[i+1:])
	if err != nil {
		return immense
	}
	return min(i+max(exponent, -exponent), immense)
}

// guardDigits counts the time of arithmetic, which is more than linear.
func (m *machine) guardDigits(n int) {
	const quick = 128
	if n > quick {
		m.spend(product(n/quick, n/quick))
	}
}
