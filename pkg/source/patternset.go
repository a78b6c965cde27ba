package source

import "strings"

// parseSet reads what stands in brackets, from after the first to after the last one.
func parseSet(text string, at int) (set *[256]bool, next int, ok bool) {
	set = new([256]bool)
	negated := false
	if at < len(text) && (text[at] == '!' || text[at] == '^') {
		negated = true
		at++
	}
	// A range starts at the last single byte, not at a class or at the end of another range.
	last := -1
	for first := true; ; first = false {
		if at >= len(text) {
			return nil, 0, false
		}
		c := text[at]
		switch {
		case c == ']' && !first:
			if negated {
				for i := range set {
					set[i] = !set[i]
				}
			}
			return set, at + 1, true
		case c == '-' && last >= 0 && at+1 < len(text) && text[at+1] != ']':
			at++
			if text[at] == '\\' {
				at++
				if at >= len(text) {
					return nil, 0, false
				}
			}
			for i := last; i <= int(text[at]); i++ {
				set[i] = true
			}
			last = -1
		case c == '[' && at+1 < len(text) && text[at+1] == ':':
			name, rest, found := strings.Cut(text[at+2:], "]")
			class, closed := strings.CutSuffix(name, ":")
			if !found {
				return nil, 0, false
			}
			if !closed { // no class after all: a bracket like other bytes
				set[c] = true
				last = int(c)
				break
			}
			in, known := classes[class]
			if !known {
				return nil, 0, false
			}
			for i := range set {
				set[i] = set[i] || i < 0x80 && in(byte(i))
			}
			at = len(text) - len(rest) - 1
			last = -1
		default:
			if c == '\\' {
				at++
				if at >= len(text) {
					return nil, 0, false
				}
			}
			last = int(text[at])
			set[last] = true
		}
		at++
	}
}

// classes are those of POSIX, for ASCII.
var classes = map[string]func(byte) bool{
	"alnum":  func(c byte) bool { return letter(c) || digit(c) },
	"alpha":  letter,
	"blank":  func(c byte) bool { return c == ' ' || c == '\t' },
	"cntrl":  func(c byte) bool { return c < ' ' || c == 0x7f },
	"digit":  digit,
	"graph":  func(c byte) bool { return c > ' ' && c < 0x7f },
	"lower":  lower,
	"print":  func(c byte) bool { return c >= ' ' && c < 0x7f },
	"punct":  func(c byte) bool { return c > ' ' && c < 0x7f && !letter(c) && !digit(c) },
	"space":  func(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' },
	"upper":  func(c byte) bool { return letter(c) && !lower(c) },
	"xdigit": func(c byte) bool { return digit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' },
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func lower(c byte) bool  { return c >= 'a' && c <= 'z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }
