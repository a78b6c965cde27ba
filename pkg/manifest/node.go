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

	once  sync.Once
	lines []int32 // offsets of the lines of text, built for the first position
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

type kind uint8

const (
	scalar kind = iota
	mapping
	sequence
	alias
)

// A node remembers where a value was written. It is much smaller than a
// yaml.Node, holds no values, and serves YAML and JSON alike.
type node struct {
	kind       kind
	merge      bool   // a key "<<" whose value is merged into the mapping
	start, end int32  // offsets into the text; end is that of a scalar, an alias, or the opening of a collection
	text       string // of a key: the key as in the value; of an alias: the name of its anchor
	target     *node  // of an alias: the anchored node
	content    []node // of a sequence: the elements; of a mapping: keys and values in turn
}

// written reports whether anything stands in the text for n: the null of
// "key:" is not written.
func (n *node) written() bool { return n.end > n.start }

// resolve follows aliases.
func (n *node) resolve() *node {
	for n.kind == alias {
		n = n.target
	}
	return n
}

// A hit is a member of a mapping and how it got there.
type hit struct {
	key, value *node
	merges     []*node // the "<<" keys on the way, outermost first
}

// member finds the entry of mapping n that decides the value of key: the last
// one that was written or merged, as in sigs.k8s.io/yaml. The set of nodes
// that do not have the key keeps nested merges from being searched twice.
func (n *node) member(key string, lacks map[*node]bool) (hit, bool) {
	var found hit
	ok := false
	for i := 0; i < len(n.content); i += 2 {
		k, v := &n.content[i], &n.content[i+1]
		if !k.merge {
			if k.text == key {
				found, ok = hit{key: k, value: v}, true
			}
			continue
		}
		if lacks == nil {
			lacks = map[*node]bool{}
		}
		if h, in := v.merged(key, lacks); in {
			h.merges = append([]*node{k}, h.merges...)
			found, ok = h, true
		}
	}
	return found, ok
}

// merged finds key in the value of a "<<". In a list the first mapping wins.
func (n *node) merged(key string, lacks map[*node]bool) (hit, bool) {
	n = n.resolve()
	switch {
	case lacks[n]:
		return hit{}, false
	case n.kind == mapping:
		if h, ok := n.member(key, lacks); ok {
			return h, true
		}
	case n.kind == sequence:
		for i := range n.content {
			if h, ok := n.content[i].merged(key, lacks); ok {
				return h, true
			}
		}
	}
	lacks[n] = true
	return hit{}, false
}
