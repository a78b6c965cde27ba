package vm

import (
	"regexp/syntax"
	"strings"
)

func init() {
	parts := func(at ...int) func(m *machine, args []any) {
		return func(m *machine, args []any) {
			for _, i := range at {
				m.guardParts(args[i], 1)
			}
		}
	}
	for name, guard := range map[string]func(m *machine, args []any){
		"split":                    parts(0),
		"indexof_n":                parts(0),
		"json.unmarshal":           parts(0),
		"yaml.unmarshal":           parts(0),
		"urlquery.decode_object":   parts(0),
		"rego.parse_module":        parts(1),
		"graphql.parse":            parts(0, 1),
		"graphql.parse_and_verify": parts(0, 1),
		"graphql.is_valid":         parts(0, 1),
		"graphql.parse_query":      parts(0),
		"graphql.parse_schema":     parts(0),
		"graphql.schema_is_valid":  parts(0),
		"regex.is_valid":           func(m *machine, args []any) { m.guardPattern(args[0], "") },
		"regex.template_match":     func(m *machine, args []any) { m.guardPattern(args[0], args[1]) },
		"regex.split": func(m *machine, args []any) {
			m.guardPattern(args[0], args[1])
			m.guardParts(args[1], 1)
		},
		"regex.find_n": func(m *machine, args []any) {
			m.guardPattern(args[0], args[1])
			m.guardParts(args[1], 1)
		},
		"regex.find_all_string_submatch_n": func(m *machine, args []any) {
			m.guardPattern(args[0], args[1])
			pattern, _ := args[0].(string)
			m.guardParts(args[1], 1+strings.Count(pattern, "("))
		},
		"regex.replace": func(m *machine, args []any) {
			m.guardPattern(args[1], args[0])
			if text, instead, ok := texts(args[0], args[2]); ok {
				m.expect(product(len(text)+1, len(instead)))
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
			if text, ok := args[1].(string); ok {
				m.expect(product(len(text)+1, longest))
			}
		},
		"strings.render_template": func(m *machine, args []any) { m.guardTemplate(args[0], args[1]) },
	} {
		guards[name] = guard
	}
}

// guardParts counts a text that becomes as many values as it has bytes, each so many
// times.
func (m *machine) guardParts(v any, times int) {
	if text, ok := v.(string); ok {
		m.expect(product(len(text)+1, container, times))
	}
}

// guardPattern counts what compiling a pattern and looking for it in a text takes.
func (m *machine) guardPattern(pattern, text any) {
	if pattern, text, ok := texts(pattern, text); ok {
		m.guardProgram(programSize(pattern), len(text))
	}
}

// guardProgram counts a compiled pattern of a size that runs on so many bytes.
func (m *machine) guardProgram(size, n int) {
	m.expect(product(size, container))
	m.spend(product(size+perStep, n+1) / perStep)
}

// programSize is the size of a pattern when it is compiled, in instructions, roughly:
// what is repeated is there so many times.
func programSize(pattern string) int {
	if !strings.Contains(pattern, "{") {
		return len(pattern)
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return len(pattern)
	}
	var size func(re *syntax.Regexp) int
	size = func(re *syntax.Regexp) int {
		n := 1 + len(re.Rune)
		for _, sub := range re.Sub {
			n += size(sub)
		}
		if re.Op == syntax.OpRepeat {
			n = product(n, max(re.Min, re.Max, 1))
		}
		return n
	}
	return size(parsed)
}

// guardTemplate counts what a template of Go may write: each action the variables, with
// the widest format, as often as ranges can be nested. Templates that call templates
// have no such bound.
func (m *machine) guardTemplate(v, variables any) {
	text, _ := v.(string)
	for _, word := range []string{"define", "block", "template"} {
		if strings.Contains(text, word) {
			m.grow(immense)
		}
	}
	n := weight(variables)
	times := max(n/word, largest(text))
	if strings.Contains(text, "len") {
		times = max(times, n)
	}
	written := product(strings.Count(text, "{{"), n+width(text))
	for range strings.Count(text, "range") {
		written = product(written, times)
	}
	m.expect(len(text) + written)
}

// largest is the largest number in a text.
func largest(text string) int {
	found, n := 0, 0
	for i := range len(text) {
		if digit := int(text[i]) - '0'; 0 <= digit && digit <= 9 {
			n = min(10*n+digit, immense)
			found = max(found, n)
		} else {
			n = 0
		}
	}
	return found
}

// widest is the largest width that package fmt takes.
const widest = 1e6

// width is the largest width of a verb in a format.
func width(format string) int {
	if strings.Contains(format, "*") {
		return widest
	}
	return min(largest(format), widest)
}
