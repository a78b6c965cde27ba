package manifest

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
// comment behind a JSON value is above none.
func (s *splitter) passComment() {
	if s.above == nil && (s.column == 1 || !s.afterJSON) {
		s.above = &source{line: s.line, column: s.column}
	}
	for b := s.peek(); len(b) > 0; b = s.peek() {
		s.pass(len(b))
		if s.column == 1 {
			return
		}
	}
}
