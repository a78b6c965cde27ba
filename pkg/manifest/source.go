package manifest

import (
	"sort"
	"sync"
	"unicode/utf8"
)

// A source is the text of one document and where it stands in its file. It is
// shared by the objects that were read from it and safe for concurrent use.
type source struct {
	file   string
	text   []byte // UTF-8
	line   int    // line of the first byte of text
	column int    // column of the first byte of text

	above *source // from the first comment above the document, nil if there is none

	once  sync.Once
	lines []int32 // offsets of the lines of text, built for the first position

	searching sync.Mutex
	searches  []search // what has been looked for in the text
}

// position translates an offset into text.
func (s *source) position(offset int) Position {
	s.once.Do(func() {
		s.lines = append(s.lines, 0)
		for i, c := range s.text {
			if c == '\n' {
				s.lines = append(s.lines, int32(i+1))
			}
		}
	})
	offset = max(0, min(offset, len(s.text)))
	i := sort.Search(len(s.lines), func(i int) bool { return int(s.lines[i]) > offset }) - 1
	column := utf8.RuneCount(s.text[s.lines[i]:offset]) + 1
	if i == 0 {
		column += s.column - 1
	}
	return Position{File: s.file, Line: s.line + i, Column: column}
}
