package source

import "strings"

// A pattern is a line of a .gitignore, read as gitignore(5) and git's wildmatch have it.
type pattern struct {
	parts     []glob // between slashes; a nil one is "**"
	negated   bool
	directory bool // directories only
	line      int
}

// A glob matches a name byte by byte, as git does.
type glob []token

type token struct {
	kind tokenKind
	byte byte
	set  *[256]bool
}

type tokenKind uint8

const (
	literal tokenKind = iota // the byte
	member                   // one of the set
	single                   // any byte
	star                     // any number of bytes
)

// is reports whether a token that is no star matches a byte.
func (t token) is(c byte) bool {
	return t.kind == single || t.kind == literal && t.byte == c || t.kind == member && t.set[c]
}

// parsePattern reads a line, without its end. It reports false for what matches nothing:
// an empty line, a comment, and a pattern that git does not understand either.
func parsePattern(line string) (pattern, bool) {
	line = trimBlanks(strings.TrimSuffix(line, "\r"))
	if line == "" || line[0] == '#' {
		return pattern{}, false
	}
	var p pattern
	line, p.negated = strings.CutPrefix(line, "!")
	line, p.directory = strings.CutSuffix(line, "/")
	anchored := strings.Contains(line, "/")
	parts, ok := parseGlobs(strings.TrimPrefix(line, "/"))
	if line == "" || !ok {
		return pattern{}, false
	}
	if !anchored {
		parts = append([]glob{nil}, parts...)
	}
	p.parts = parts
	return p, true
}

// trimBlanks takes spaces from the end that no backslash keeps.
func trimBlanks(line string) string {
	end := 0
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == ' ':
			continue
		case line[i] == '\\' && i+1 < len(line):
			i++
		}
		end = i + 1
	}
	return line[:end]
}

// parseGlobs splits a pattern at its slashes. A run of two and more "*" that is all of a
// part stands for any number of directories.
func parseGlobs(text string) ([]glob, bool) {
	var parts []glob
	part, stars := glob{}, 0
	end := func() {
		if stars > 1 && stars == len(part) {
			part = nil
		}
		parts = append(parts, part)
		part, stars = glob{}, 0
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '/':
			end()
		case '*':
			part = append(part, token{kind: star})
			stars++
		case '?':
			part = append(part, token{kind: single})
		case '[':
			set, next, ok := parseSet(text, i+1)
			if !ok {
				return nil, false
			}
			part = append(part, token{kind: member, set: set})
			i = next - 1
		case '\\':
			i++
			if i == len(text) {
				return nil, false
			}
			if text[i] == '/' {
				end()
				continue
			}
			part = append(part, token{byte: text[i]})
		default:
			part = append(part, token{byte: c})
		}
	}
	end()
	return parts, true
}

// match reports whether the pattern matches a path, as names from the directory of the
// .gitignore on. Both loops go back to the last star only, so the time is bounded by the
// product of the lengths.
func (p *pattern) match(names []string) bool {
	i, j, back, at := 0, 0, -1, 0
	for j < len(names) {
		switch {
		case i < len(p.parts) && p.parts[i] == nil:
			if i == len(p.parts)-1 {
				return true // a last "**" wants one name at least, and there is one
			}
			i++
			back, at = i, j
		case i < len(p.parts) && p.parts[i].match(names[j]):
			i++
			j++
		case back >= 0:
			at++
			i, j = back, at
		default:
			return false
		}
	}
	return i == len(p.parts)
}

func (g glob) match(name string) bool {
	i, j, back, at := 0, 0, -1, 0
	for j < len(name) {
		switch {
		case i < len(g) && g[i].kind == star:
			i++
			back, at = i, j
		case i < len(g) && g[i].is(name[j]):
			i++
			j++
		case back >= 0:
			at++
			i, j = back, at
		default:
			return false
		}
	}
	for i < len(g) && g[i].kind == star {
		i++
	}
	return i == len(g)
}
