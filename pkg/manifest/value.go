package manifest

// mayBeJSON tells JSON from YAML in flow style and templates ("{{", "{%") by
// what follows the bracket on its line.
func mayBeJSON(text []byte) bool {
	n := 1 + blanks(text[1:])
	return text[0] == '[' || n == len(text) || text[n] == '"' || text[n] == '}'
}

// value takes a JSON value: up to the bracket that closes the first one. If
// that is not JSON the chunk goes on to the next separator. It reports true
// when the chunk is complete.
func (s *splitter) value() (bool, error) {
	depth, quoted, escaped := 0, false, false
	for {
		b := s.peek()
		if len(b) == 0 || s.begun && s.column == 1 && (marker(b, "---") || marker(b, "...")) {
			break
		}
		end := len(b)
	scan:
		for i, c := range b {
			switch {
			case escaped:
				escaped = false
			case quoted && c == '\\':
				escaped = true
			case c == '"':
				quoted = !quoted
			case quoted:
			case c == '{' || c == '[':
				depth++
			case c == '}' || c == ']':
				depth--
				if depth == 0 {
					end = i + 1
					break scan
				}
			}
		}
		s.keep(end)
		if depth == 0 {
			break
		}
	}
	if s.cut {
		s.afterJSON, s.open = depth == 0, false
		return depth == 0, nil
	}
	s.json, s.fault = parseJSON(s.text)
	if s.json == nil {
		return false, nil // may be YAML in flow style
	}
	s.afterJSON, s.open = true, false
	return true, nil
}
