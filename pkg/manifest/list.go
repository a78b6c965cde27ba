package manifest

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// listShare is the share of the limit on documents from which on a list is taken by its
// items if they are sure to be what they are in the whole list: what is made of
// a document needs a dozen times its memory.
const listShare = 8

// A list is a document that is large and has its items at the key "items", as kubectl
// writes a cluster. They are taken one at a time; each may be as large as a document.
type list struct {
	head             []byte // up to the "[" of the items or, in YAML, the line of the first
	line, column     int    // of the first byte of head
	apiVersion, kind string // of the list, "" where they do not stand in head as texts
	named            bool   // the first item has a kind
	more             bool   // an item was taken, in JSON
	yaml             bool
	indent           int // of the "- " of the items in YAML
}

// itemsInJSON returns the list that the beginning of a document is of. It reports
// false for what is no object with items, for an object whose kind is known to be no
// list's, and for one that would not be taken for a manifest either if it were too large.
func itemsInJSON(beginning []byte) (*list, bool) {
	p := jsonParser{stack: newStack(beginning)}
	defer p.release()
	if p.peek() != '{' {
		return nil, false
	}
	l := &list{}
	for p.fault == nil && (p.peek() == '{' || p.peek() == ',') {
		p.at++
		p.blanks()
		if p.peek() != '"' {
			break
		}
		key := p.string()
		p.blanks()
		if p.peek() != ':' {
			break
		}
		p.at++
		p.blanks()
		if key == "items" && p.peek() == '[' {
			p.at++
			l.head = slices.Clone(beginning[:p.at])
			p.blanks()
			l.named = hasKind(p.value(3))
			return l, (l.kind == "" || isList(l.kind)) && hasQuotedKeys(beginning)
		}
		switch value, _ := p.value(2).(string); key {
		case "apiVersion":
			l.apiVersion = value
		case "kind":
			l.kind = value
		}
		p.blanks()
	}
	return nil, false
}

// sure reports whether the items have the kinds that they have in the whole list, as far as
// that can be told before all of it is read.
func (l *list) sure() bool { return l.named || isList(l.kind) && l.apiVersion != "" }

func hasKind(item any) bool {
	m, _ := item.(map[string]any)
	return text(m, "kind") != ""
}

func isList(kind string) bool { return strings.HasSuffix(kind, "List") }

// name gives an item of a typed list, such as a PodList, that names no kind the one of
// the list, if that is known.
func (l *list) name(item *Object) *Object {
	kind := strings.TrimSuffix(l.kind, "List")
	if item.Kind() != "" || kind == "" || l.apiVersion == "" {
		return item
	}
	return item.WithKind(l.apiVersion, kind)
}

// outgrown reports whether n more bytes make the chunk so large that it is to be looked at.
func (s *splitter) outgrown(n int) bool { return !s.cut && len(s.text)+n > s.look }

// openList makes the document that has outgrown a size a list, if one is found in its
// beginning, and goes back to the first item. Else it sets the next size.
func (s *splitter) openList(find func(beginning []byte) (*list, bool)) bool {
	l, ok := find(s.text)
	if !ok || s.look < s.max && !l.sure() {
		if s.look < s.max {
			s.look = s.max
		} else {
			s.look = math.MaxInt
		}
		return false
	}
	l.line, l.column = s.chunk.line, s.chunk.column
	s.unread = append(s.unread, append(s.text[len(l.head):], s.rest...))
	s.rest = nil
	first := l.position(len(l.head), chunk{})
	s.line, s.column = first.Line, first.Column
	s.reset()
	s.list = l
	return true
}

// item takes the next item of the list, or a fault of what stands around the items. It
// reports false at the end of the list, and for an error of the input.
func (s *splitter) item() (bool, error) {
	l := s.list
	s.chunk.of = l
	if l.yaml {
		return s.yamlItem()
	}
	c := s.skipBlanks()
	switch {
	case l.more && c == ',':
		s.take(1)
		c = s.skipBlanks()
	case c == ']':
		return s.closeList()
	case l.more:
		return s.breakList(`"," or "]"`)
	}
	l.more = true
	switch c {
	case '{', '[', '"':
		if !s.keepJSON(&nesting{}) { // the document ends in it
			s.list = nil
			if s.failed() {
				return false, s.err
			}
		}
	default:
		for b := s.inside(); len(b) > 0; b = s.inside() {
			n := unquoted(b)
			s.keep(n)
			if n < len(b) {
				break
			}
		}
		if len(s.text) == 0 {
			return s.breakList("a JSON value")
		}
	}
	if !s.cut {
		s.json, s.fault = parseJSON(s.text)
	}
	return true, nil
}

// unquoted returns the length of the number or the name that b begins with.
func unquoted(b []byte) int {
	for i, c := range b {
		if blankByte(c) || strings.IndexByte(`{}[]",:`, c) >= 0 {
			return i
		}
	}
	return len(b)
}

// skipBlanks goes to what is no white space and returns its first byte, 0 at the end of
// the document.
func (s *splitter) skipBlanks() byte {
	for b := s.inside(); len(b) > 0; b = s.inside() {
		n := blanks(b)
		s.take(n)
		if n < len(b) {
			return b[n]
		}
	}
	return 0
}

// breakList ends the list before something that cannot stand there.
func (s *splitter) breakList(want string) (bool, error) {
	s.list = nil
	found := "the end of the document"
	if b := s.inside(); len(b) > 0 {
		r, _ := utf8.DecodeRune(b)
		found = fmt.Sprintf("%q", r)
	} else if s.failed() {
		return false, s.err
	}
	s.chunk.line, s.chunk.column = s.line, s.column
	s.fault = &fault{message: "found " + found + ", want " + want}
	s.skipDocument()
	return true, nil
}

// closeList takes what follows the items, and finds the fault of the list without them.
func (s *splitter) closeList() (bool, error) {
	l := s.list
	closed := !l.yaml && s.keepJSON(&nesting{depth: 2})
	for l.yaml && len(s.inside()) > 0 {
		s.keep(len(s.inside()))
	}
	s.list = nil
	if !closed && s.failed() {
		return false, s.err
	}
	tail := s.chunk
	s.reset()
	s.afterJSON, s.open = !l.yaml, false
	f, broken := l.check(tail, s.max)
	if f == nil {
		return false, nil
	}
	at := l.position(f.offset, tail)
	s.chunk.of, s.chunk.line, s.chunk.column = l, at.Line, at.Column
	s.fault = &fault{message: f.message}
	if f.first != nil {
		s.fault.message += fmt.Sprintf(", first at line %d", l.position(int(f.first.start), tail).Line)
	}
	if broken {
		s.skipDocument()
	}
	return true, nil
}

// check finds the fault of a list, whose offset is into its text without the items, and
// reports whether that is one of its syntax.
func (l *list) check(tail chunk, maxBytes int) (f *fault, broken bool) {
	if tail.cut {
		return &fault{offset: len(l.head), message: fmt.Sprintf("what follows the items of a list is larger than %d bytes; raise the limit with --max-document", maxBytes)}, true
	}
	written := chunk{text: slices.Concat(l.head, tail.text), of: l}
	if !l.yaml {
		written.json, written.fault = parseJSON(written.text)
	}
	d, f := parse(written, maxBytes)
	if f != nil {
		return f, f.first == nil
	}
	value, _ := d.value.(map[string]any)
	switch kind := text(value, "kind"); {
	case kind == "" || text(value, "apiVersion") == "":
		return &fault{message: "found items without the apiVersion and the kind of their list, want a text in both; the items were taken all the same"}, false
	case !isList(kind):
		h, _ := d.tree.member(d.tree.top(), "kind", nil)
		return &fault{offset: int(h.value.start), message: "found the kind " + quote(kind) + " of a document that was read as a list for its size, want one that ends in List; the items were taken all the same"}, false
	}
	return nil, false
}

// position translates an offset into the text of a list without its items.
func (l *list) position(offset int, tail chunk) Position {
	src := source{text: l.head, line: l.line, column: l.column}
	if offset >= len(l.head) && tail.text != nil {
		src = source{text: tail.text, line: tail.line, column: tail.column}
		offset -= len(l.head)
	}
	return src.position(offset)
}

// skipDocument goes to the next document: a separator, or a line that begins like JSON.
func (s *splitter) skipDocument() {
	s.open, s.afterJSON = false, false
	for b := s.inside(); len(b) > 0; b = s.inside() {
		if s.column == 1 && (b[0] == '{' || b[0] == '[') {
			return
		}
		s.take(len(b))
	}
}

// failed reports whether the input has ended with an error.
func (s *splitter) failed() bool { return len(s.peek()) == 0 && s.err != io.EOF }
