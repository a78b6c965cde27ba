package manifest

import (
	"slices"
	"strings"
	"sync"
)

// A stack makes a tree and its values from the leaves: what was pushed since a
// collection began are its children, which leave the stack when it ends.
type stack struct {
	tree
	open   []node          // children of collections that have not ended; nodes are those of the others
	values []any           // those of open, where the parser pushes them; keys have none
	keys   []string        // those of open, likewise
	said   []byte          // what a scalar says that does not stand in the text like that
	slab   strings.Builder // of short strings
}

var stacks = sync.Pool{New: func() any { return new(stack) }}

func newStack(text []byte) *stack {
	s := stacks.Get().(*stack)
	s.text = text
	return s
}

// maxStack bounds what is kept for the next document, in nodes.
const maxStack = 1 << 14

// release forgets the document, so that nothing of it is kept alive.
func (s *stack) release() {
	if max(cap(s.nodes), cap(s.open), cap(s.values), cap(s.keys), cap(s.said)/16) > maxStack {
		return
	}
	clear(s.values)
	clear(s.keys)
	s.tree = tree{nodes: s.nodes[:0]}
	s.open, s.values, s.keys, s.said = s.open[:0], s.values[:0], s.keys[:0], s.said[:0]
	stacks.Put(s)
}

// document returns the tree and the value that were pushed.
func (s *stack) document(value any) *document {
	s.nodes = append(s.nodes, s.open[0])
	d := &document{tree: s.tree, value: value}
	d.tree.root, d.tree.nodes = int32(len(s.nodes)-1), slices.Clone(s.nodes)
	return d
}

// wrap takes the nodes above a height off the stack and pushes n, their
// collection.
func (s *stack) wrap(n node, height int) {
	n.first, n.count = int32(len(s.nodes)), int32(len(s.open)-height)
	s.nodes = append(s.nodes, s.open[height:]...)
	s.open = append(s.open[:height], n)
}

// list takes the values above a height off the stack.
func (s *stack) list(height int) []any {
	values := s.values[height:]
	l := make([]any, len(values))
	copy(l, values)
	clear(values)
	s.values = s.values[:height]
	return l
}

// members takes the values above a height off the stack, and as many keys. It
// reports false if two keys are the same.
func (s *stack) members(height int) (m map[string]any, ok bool) {
	values := s.values[height:]
	keys := s.keys[len(s.keys)-len(values):]
	m = make(map[string]any, len(values))
	for i, v := range values {
		m[keys[i]] = v
	}
	clear(values)
	clear(keys)
	s.values, s.keys = s.values[:height], s.keys[:len(s.keys)-len(values)]
	return m, len(m) == len(values)
}

const (
	stringSlab = 512
	longString = 64 // from here on a string gets memory of its own
)

// string is string(text) with fewer allocations: short strings share slabs.
// Slabs are small, and no part of the text, because a string may live longer
// than its document: in a finding, or in a set of names.
func (s *stack) string(text []byte) string {
	if len(text) >= longString {
		return string(text)
	}
	if len(text) > s.slab.Cap()-s.slab.Len() {
		s.slab.Reset()
		s.slab.Grow(stringSlab)
	}
	from := s.slab.Len()
	s.slab.Write(text)
	return s.slab.String()[from:]
}
