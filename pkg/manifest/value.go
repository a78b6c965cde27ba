package manifest

// mayBeJSON tells JSON from YAML in flow style and templates ("{{", "{%") by
// what follows the bracket on its line.
func mayBeJSON(text []byte) bool {
	n := 1 + blanks(text[1:])
	return text[0] == '[' || n == len(text) || text[n] == '"' || text[n] == '}'
}

// value takes a JSON value: up to the bracket that closes the first one. If
// that is not JSON the chunk goes on to the next separator. It reports true
// when the chunk is complete. It takes nothing of a list that is large.
func (s *splitter) value() (bool, error) {
	closed := s.keepJSON(&nesting{})
	if s.list != nil {
		return false, nil
	}
	if s.cut {
		s.afterJSON, s.open = closed, false
		return closed, nil
	}
	s.json, s.fault = parseJSON(s.text)
	if s.json == nil {
		return false, nil // may be YAML in flow style
	}
	s.afterJSON, s.open = true, false
	return true, nil
}

// keepJSON keeps what is read up to the bracket or the quote that ends a value. It
// reports false if the document ends before, or turns out to be a list.
func (s *splitter) keepJSON(v *nesting) bool {
	for {
		b := s.inside()
		if len(b) == 0 {
			return false
		}
		n, closed := v.scan(b)
		for s.list == nil && s.outgrown(n) {
			room := s.look - len(s.text)
			s.keep(room)
			if s.openList(itemsInJSON) {
				return false
			}
			n -= room
		}
		s.keep(n)
		if closed {
			return true
		}
	}
}

// inside is peek in a JSON value, whose lines do not begin with a marker: nothing
// at the end of the document.
func (s *splitter) inside() []byte {
	b := s.peek()
	if s.column == 1 && (marker(b, "---") || marker(b, "...")) {
		return nil
	}
	return b
}

// A nesting is how deep a part of a JSON value stands in it.
type nesting struct {
	depth           int
	quoted, escaped bool
}

// scan goes on by b, or up to the bracket or the quote that ends the value, if b
// has it.
func (v *nesting) scan(b []byte) (n int, closed bool) {
	for i, c := range b {
		switch {
		case v.escaped:
			v.escaped = false
			continue
		case v.quoted && c == '\\':
			v.escaped = true
			continue
		case c == '"':
			v.quoted = !v.quoted
		case v.quoted:
			continue
		case c == '{' || c == '[':
			v.depth++
			continue
		case c == '}' || c == ']':
			v.depth--
		default:
			continue
		}
		if v.depth == 0 && !v.quoted {
			return i + 1, true
		}
	}
	return len(b), false
}
