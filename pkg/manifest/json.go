package manifest

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// A document is what was read from a chunk.
type document struct {
	tree  tree
	value any
}

// parseJSON reads text as one JSON value (RFC 8259). encoding/json has no
// offsets for keys and values, hence this parser; what a number means is the
// same as in YAML, see normal.
func parseJSON(text []byte) (*document, *fault) {
	p := jsonParser{stack: newStack(text)}
	defer p.release()
	p.blanks()
	v := p.value(1)
	p.blanks()
	if p.fault == nil && p.at < len(text) {
		p.unexpected("the end of the document")
	}
	if p.fault != nil {
		return nil, p.fault
	}
	return p.document(v), nil
}

type jsonParser struct {
	*stack
	at    int
	fault *fault // the first; parsing is over once it is set
}

func (p *jsonParser) fail(at int, format string, args ...any) {
	if p.fault == nil {
		p.fault = &fault{offset: at, message: fmt.Sprintf(format, args...)}
	}
}

// unexpected says what stands at the current offset instead of want.
func (p *jsonParser) unexpected(want string) {
	if p.at >= len(p.text) {
		p.fail(p.at, "found the end of the document, want %s", want)
		return
	}
	r, _ := utf8.DecodeRune(p.text[p.at:])
	p.fail(p.at, "found %q, want %s", r, want)
}

func (p *jsonParser) blanks() { p.at += blanks(p.text[p.at:]) }

// peek returns the next byte, 0 at the end.
func (p *jsonParser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

// value reads a value and pushes its nodes.
func (p *jsonParser) value(depth int) any {
	start := int32(p.at)
	c := p.peek()
	if (c == '{' || c == '[') && depth > maxDepth {
		p.fail(p.at, "nested deeper than %d levels", maxDepth)
		return nil
	}
	var v any
	switch {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		v = p.string()
	case c == '-' || c >= '0' && c <= '9':
		v = p.number()
	case p.word("true"):
		v = true
	case p.word("false"):
		v = false
	case p.word("null"):
	default:
		p.unexpected("a JSON value")
	}
	p.open = append(p.open, node{start: start, end: int32(p.at)})
	return v
}

func (p *jsonParser) word(w string) bool {
	if len(p.text)-p.at < len(w) || string(p.text[p.at:p.at+len(w)]) != w {
		return false
	}
	p.at += len(w)
	return true
}

func (p *jsonParser) object(depth int) any {
	n := node{kind: mapping, start: int32(p.at), end: int32(p.at) + 1}
	height := len(p.open)
	m := map[string]any{}
	p.at++
	for first := true; p.fault == nil; first = false {
		p.blanks()
		if first && p.peek() == '}' {
			break
		}
		if p.peek() != '"' {
			p.unexpected(`a key in double quotes`)
			return nil
		}
		key := node{start: int32(p.at)}
		name := p.string()
		key.end = int32(p.at)
		p.name(&key, name)
		if _, ok := m[name]; ok && p.fault == nil {
			p.duplicate(name, p.open[height:], key)
		}
		p.open = append(p.open, key)
		p.blanks()
		if p.fault == nil && p.peek() != ':' {
			p.unexpected(`":"`)
		}
		if p.fault != nil {
			return nil
		}
		p.at++
		p.blanks()
		m[name] = p.value(depth + 1)
		p.blanks()
		if p.peek() != ',' {
			break
		}
		p.at++
	}
	p.closing('}', `"," or "}"`)
	p.wrap(n, height)
	return m
}

func (p *jsonParser) duplicate(name string, content []node, key node) {
	for i := 0; i < len(content); i += 2 {
		if p.is(&content[i], name) {
			p.fault = duplicate(name, key, content[i])
			return
		}
	}
}

func (p *jsonParser) array(depth int) any {
	n := node{kind: sequence, start: int32(p.at), end: int32(p.at) + 1}
	nodes, values := len(p.open), len(p.values)
	p.at++
	for first := true; p.fault == nil; first = false {
		p.blanks()
		if first && p.peek() == ']' {
			break
		}
		v := p.value(depth + 1)
		p.values = append(p.values, v)
		p.blanks()
		if p.peek() != ',' {
			break
		}
		p.at++
	}
	p.closing(']', `"," or "]"`)
	p.wrap(n, nodes)
	return p.list(values)
}

func (p *jsonParser) closing(bracket byte, want string) {
	switch {
	case p.fault != nil:
	case p.peek() != bracket:
		p.unexpected(want)
	default:
		p.at++
	}
}

// string takes a string; the opening quote is at the current offset.
func (p *jsonParser) string() string {
	start := p.at
	escaped := false
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			if !escaped {
				return p.stack.string(p.text[start+1 : p.at-1])
			}
			var s string
			if err := json.Unmarshal(p.text[start:p.at], &s); err != nil {
				p.fail(start, "found a string with an escape that JSON does not have, want one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX")
			}
			return s
		case c == '\\':
			escaped = true
			p.at++
		case c < 0x20:
			p.fail(p.at, "found the control character %U in a string, want it escaped", c)
			return ""
		}
	}
	p.at = len(p.text)
	p.fail(start, "found a string that does not end, want a closing quote")
	return ""
}

func (p *jsonParser) number() any {
	start := p.at
	digits := func() bool {
		from := p.at
		for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
			p.at++
		}
		return p.at > from
	}
	if p.peek() == '-' {
		p.at++
	}
	ok := true
	if p.peek() == '0' {
		p.at++
	} else {
		ok = digits()
	}
	integer := true
	if ok && p.peek() == '.' {
		p.at++
		integer, ok = false, digits()
	}
	if c := p.peek(); ok && (c == 'e' || c == 'E') {
		p.at++
		if c := p.peek(); c == '+' || c == '-' {
			p.at++
		}
		integer, ok = false, digits()
	}
	if !ok {
		p.unexpected("a digit")
		return nil
	}
	s := string(p.text[start:p.at])
	if integer {
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return i
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) {
		p.fail(start, "found the number %s, want one that fits 64 bits", quote(s))
		return nil
	}
	if integer {
		if u, err := strconv.ParseUint(s, 10, 64); err == nil {
			return float64(u)
		}
	}
	v, _ := normal(f)
	return v
}
