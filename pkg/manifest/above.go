package manifest

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// pass goes over n bytes that stand above a document. From the first comment on they are
// kept, as far as a document of their length would be.
func (s *splitter) pass(n int) {
	b := s.take(n)
	if s.above != nil {
		room := s.max - len(s.above.text)
		s.above.text = append(s.above.text, b[:min(len(b), room)]...)
	}
}

// passComment goes over a comment above a document, which may be longer than the buffer. A
// comment behind a JSON value is above none. It ends where YAML ends a line: what stands
// behind a lone CR, NEL, LS or PS is content.
func (s *splitter) passComment() {
	if s.above == nil && (s.column == 1 || !s.afterJSON) {
		s.above = &source{line: s.line, column: s.column}
	}
	var last []byte // of what was passed: a break may be cut in two
	for b := s.peek(); len(b) > 0; b = s.peek() {
		if n := breakIn(append(last, b...)); n >= 0 {
			s.pass(n - len(last))
			return
		}
		last = append(last, b...)
		last = slices.Clone(last[max(0, len(last)-2):])
		s.pass(len(b))
	}
}

// breakIn returns where the first line ends in text, as YAML sees it, or -1.
func breakIn(text []byte) int {
	i := bytes.IndexAny(text, "\n\r\u0085\u2028\u2029")
	if i < 0 {
		return -1
	}
	_, n := utf8.DecodeRune(text[i:])
	if bytes.HasPrefix(text[i:], []byte("\r\n")) {
		n = 2
	}
	return i + n
}
