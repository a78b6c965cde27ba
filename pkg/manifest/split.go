package manifest

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"sync"
)

// A chunk is the text of one document.
type chunk struct {
	text     []byte
	line     int // of the first byte, from 1
	column   int // of the first byte, in code points from 1
	index    int // of the document, from 1
	cut      bool
	trailing bool      // text after a JSON value that is neither JSON nor a separator
	json     *document // what the splitter has read already, if it is JSON
	fault    *fault    // why it is no JSON, if it looked so
	of       *list     // the list that it is an item or the end of
	above    *source   // from the first comment above the document, if it has one
}

// A splitter cuts a stream into documents. It holds one document at a time and
// of that no more than max bytes.
//
// YAML documents end before a line "---" and after a line "...", wherever these
// stand: YAML allows them neither in quotes nor in block scalars. JSON values
// end where their brackets do. Of a list that is large each item is a chunk.
type splitter struct {
	in     *bufio.Reader
	buffer *bufio.Reader // what in reads from, or in itself
	max    int
	rest   []byte   // read and not yet taken: the rest of a line
	unread [][]byte // to be read again before more of in, the last first
	err    error    // what ended the input
	line   int      // of the next byte
	column int      // of the next byte, in code points

	index     int   // of the current document
	open      bool  // the current document has begun, perhaps without content yet
	afterJSON bool  // the last document was a JSON value and no separator came yet
	list      *list // whose items are the next documents

	chunk
	begun      bool // the chunk has content
	look       int  // the size at which it is looked at: it may be a list
	directives bool // ... and that is directives so far
	tail       int  // offset of directives after the content, or -1
	tailLine   int
}

const bufferSize = 64 << 10

// buffers are kept: one is larger than most files.
var buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, bufferSize) }}

func newSplitter(r io.Reader, maxBytes int64) *splitter {
	buffer := buffers.Get().(*bufio.Reader)
	buffer.Reset(r)
	return &splitter{
		in:     decode(buffer, bufferSize),
		buffer: buffer,
		max:    int(min(max(maxBytes, 1), 1<<31-1-bufferSize)),
		line:   1,
		column: 1,
	}
}

// release gives the buffer back at the end of the input.
func (s *splitter) release() {
	s.buffer.Reset(nil)
	buffers.Put(s.buffer)
	s.in, s.buffer, s.rest, s.unread = nil, nil, nil, nil
}

// peek returns the next bytes, up to the end of the line if that is near, and
// nothing at the end of the input. They stay valid until the next take.
func (s *splitter) peek() []byte {
	for last := len(s.unread) - 1; len(s.rest) == 0 && last >= 0; last-- {
		s.rest = firstLine(s.unread[last])
		if s.unread[last] = s.unread[last][len(s.rest):]; len(s.unread[last]) == 0 {
			s.unread = slices.Delete(s.unread, last, last+1)
		}
	}
	if len(s.rest) == 0 && s.err == nil {
		s.rest, s.err = s.in.ReadSlice('\n')
		if s.err == bufio.ErrBufferFull {
			s.err = nil
		}
	}
	return s.rest
}

// firstLine is what text begins with that peek may return at a time.
func firstLine(text []byte) []byte {
	text = text[:min(len(text), bufferSize)]
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		return text[:i+1]
	}
	return text
}

// take goes on by n bytes of what peek returned.
func (s *splitter) take(n int) []byte {
	b := s.rest[:n]
	s.rest = s.rest[n:]
	if n > 0 && b[n-1] == '\n' {
		s.line, s.column = s.line+1, 1
		return b
	}
	for _, c := range b {
		if c&0xc0 != 0x80 {
			s.column++
		}
	}
	return b
}

// keep takes n bytes into the chunk.
func (s *splitter) keep(n int) {
	if !s.begun {
		s.begun = true
		s.chunk.line, s.chunk.column = s.line, s.column
	}
	s.add(s.take(n))
}

// add appends b to the chunk, as far as it fits.
func (s *splitter) add(b []byte) {
	if room := s.max - len(s.text); len(b) > room {
		b, s.cut = b[:max(room, 0)], true
	}
	s.text = append(s.text, b...)
}

// keepLines keeps the lines that have been read and that neither end a document
// nor are a directive. Nearly all lines are kept here.
func (s *splitter) keepLines() {
	text, _ := s.in.Peek(s.in.Buffered())
	end, lines := 0, 0
	for {
		line := text[end:]
		n := bytes.IndexByte(line, '\n')
		if n < 0 || line[0] == '%' || marker(line, "---") || marker(line, "...") {
			break
		}
		end += n + 1
		lines++
	}
	s.add(text[:end])
	s.in.Discard(end)
	s.line += lines
}

// next returns the next document that has content. The error is that of the
// input, io.EOF at its end.
func (s *splitter) next() (chunk, error) {
	s.reset()
	for {
		if s.list != nil {
			if done, err := s.item(); done || err != nil {
				return s.finish(), err
			}
		}
		if s.begun && s.column == 1 && len(s.rest) == 0 && len(s.unread) == 0 && !s.directives && s.tail < 0 && s.fault == nil && (s.cut || len(s.text)+s.in.Buffered() <= s.look) {
			s.keepLines()
		}
		if s.begun && s.outgrown(len(s.inside())) {
			s.openList(itemsInYAML)
			continue
		}
		line := s.peek()
		if len(line) == 0 {
			if s.err == io.EOF && s.begun {
				return s.finish(), nil
			}
			return chunk{}, s.err
		}
		if s.column == 1 || !s.begun {
			done, err := s.startOfLine(line)
			if done || err != nil {
				return s.finish(), err
			}
			continue
		}
		s.keep(len(line))
	}
}

// reset begins a chunk.
func (s *splitter) reset() {
	s.chunk, s.begun, s.directives, s.tail = chunk{}, false, false, -1
	s.look = s.max / listShare
}

// finish returns the chunk as it stands.
func (s *splitter) finish() chunk {
	if s.chunk.index == 0 {
		s.chunk.index = s.index
	}
	return s.chunk
}

// begin starts a document, unless a marker has done so.
func (s *splitter) begin() {
	if !s.open {
		s.open = true
		s.index++
	}
}

// startOfLine handles the beginning of a line, or what follows a JSON value or
// a marker on its line. It reports true when the chunk is complete.
func (s *splitter) startOfLine(line []byte) (bool, error) {
	first := s.column == 1
	switch {
	case first && marker(line, "---"):
		if s.begun && !s.directives {
			if s.tail >= 0 {
				s.splitTail()
			}
			s.open = false
			return true, nil
		}
		if s.open { // what stands above is of a document without content
			s.above = nil
		}
		s.open, s.afterJSON = true, false
		s.index++
		if s.begun { // directives
			s.directives = false
			s.keep(len(line))
			return false, nil
		}
		if n := 3 + blanks(line[3:]); n >= len(line) || line[n] == '#' || line[n] == '{' || line[n] == '[' {
			s.pass(n)
		} else {
			s.keep(len(line))
		}
		return false, nil
	case first && marker(line, "..."):
		s.open, s.afterJSON = false, false
		if s.begun {
			s.keep(len(line))
			return true, nil
		}
		s.take(len(line))
		s.above = nil
		return false, nil
	}
	n := blanks(line)
	if !s.begun {
		if s.column == 1 && bytes.HasPrefix(line, byteOrderMark) { // files put together
			s.pass(len(byteOrderMark))
			return false, nil
		}
		if n == len(line) {
			s.pass(n)
			return false, nil
		}
	}
	if n == len(line) || line[n] == '#' {
		if s.begun {
			s.keep(len(line))
		} else {
			s.passComment()
		}
		return false, nil
	}
	if first && line[0] == '%' {
		if !s.open && !s.begun {
			s.directives = true
		} else if s.begun && !s.directives && s.tail < 0 {
			s.tail, s.tailLine = len(s.text), s.line
		}
		s.keep(len(line))
		return false, nil
	}
	if s.directives { // a document needs "---" after them; yaml.v3 will say so
		s.begin()
	}
	s.tail, s.directives = -1, false
	if !s.begun {
		json := line[n] == '{' || line[n] == '['
		s.begin()
		s.trailing, s.afterJSON = s.afterJSON && !json, false
		if json && mayBeJSON(line[n:]) {
			s.take(n)
			return s.value()
		}
	} else if s.fault != nil && first && (line[0] == '{' || line[0] == '[') {
		// What looked like JSON was none; this may be the next value of a stream.
		s.open = false
		return true, nil
	}
	s.keep(len(line))
	return false, nil
}

// splitTail ends the chunk before the directives at its end, which belong to
// the next document.
func (s *splitter) splitTail() {
	if s.cut || s.tail > len(s.text) {
		return // not all of it was kept; the directives are lost with the rest
	}
	s.unread = append(s.unread, s.rest, s.text[s.tail:])
	s.rest, s.text = nil, s.text[:s.tail]
	s.line, s.column = s.tailLine, 1
}

// marker reports whether a line begins with the document marker m.
func marker(line []byte, m string) bool {
	if len(line) < 3 || string(line[:3]) != m {
		return false
	}
	return len(line) == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\r' || line[3] == '\n'
}

// blanks returns the length of the white space that line begins with.
func blanks(line []byte) int {
	for i, c := range line {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return i
		}
	}
	return len(line)
}
