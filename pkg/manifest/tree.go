package manifest

// A tree remembers where the values of a document were written. It holds no
// values and serves YAML and JSON alike. Its nodes have no pointers: they are
// small, and the garbage collector does not look into them.
type tree struct {
	text  []byte // of the document
	root  int32
	nodes []node           // those of one collection stand side by side
	names map[int32]string // by their start: the keys that read otherwise than they are written
}

type kind uint8

const (
	scalar kind = iota
	mapping
	sequence
	alias
)

// A node is a value or a key.
type node struct {
	start, end   int32 // offsets into the text; end is that of a scalar, an alias, or the opening of a collection
	first, count int32 // of a sequence: the elements; of a mapping: keys and values in turn; of an alias: the anchored node
	kind         kind
	merge        bool // a key "<<" whose value is merged into the mapping
	reads        reading
}

// A reading tells how a key reads.
type reading uint8

const (
	asWritten reading = iota
	inQuotes          // as what is written between the first character and the last
	otherwise         // as tree.names says
)

// written reports whether anything stands in the text for n: the null of
// "key:" is not written.
func (n *node) written() bool { return n.end > n.start }

func (t *tree) top() *node { return &t.nodes[t.root] }

func (t *tree) children(n *node) []node { return t.nodes[n.first : n.first+n.count] }

// resolve follows aliases.
func (t *tree) resolve(n *node) *node {
	for n.kind == alias {
		n = &t.nodes[n.first]
	}
	return n
}

// anchor returns the name that alias n has of its anchor.
func (t *tree) anchor(n *node) string { return string(t.slice(n.start+1, n.end)) }

// slice returns a part of the text, as far as there is one: an offset of
// yaml.v3 is not relied on.
func (t *tree) slice(start, end int32) []byte {
	n := int32(len(t.text))
	start = min(start, n)
	return t.text[start:max(start, min(end, n))]
}

// is reports whether key n reads name.
func (t *tree) is(n *node, name string) bool {
	switch n.reads {
	case asWritten:
		return string(t.slice(n.start, n.end)) == name
	case inQuotes:
		return string(t.slice(n.start+1, n.end-1)) == name
	}
	return t.names[n.start] == name
}

// name makes key n, whose extent is known, read name.
func (t *tree) name(n *node, name string) {
	switch written := t.slice(n.start, n.end); {
	case string(written) == name:
		n.reads = asWritten
	case len(written) >= 2 && string(written[1:len(written)-1]) == name:
		n.reads = inQuotes
	default:
		n.reads = otherwise
		if t.names == nil {
			t.names = map[int32]string{}
		}
		t.names[n.start] = name
	}
}

// A hit is a member of a mapping and how it got there.
type hit struct {
	key, value *node
	merges     []*node // the "<<" keys on the way, outermost first
}

// member finds the entry of mapping n that decides the value of key: the last
// one that was written or merged, as in sigs.k8s.io/yaml. The set of nodes
// that do not have the key keeps nested merges from being searched twice.
func (t *tree) member(n *node, key string, lacks map[*node]bool) (hit, bool) {
	var found hit
	ok := false
	content := t.children(n)
	for i := 0; i < len(content); i += 2 {
		k, v := &content[i], &content[i+1]
		if !k.merge {
			if t.is(k, key) {
				found, ok = hit{key: k, value: v}, true
			}
			continue
		}
		if lacks == nil {
			lacks = map[*node]bool{}
		}
		if h, in := t.merged(v, key, lacks); in {
			h.merges = append([]*node{k}, h.merges...)
			found, ok = h, true
		}
	}
	return found, ok
}

// merged finds key in the value n of a "<<". In a list the first mapping wins.
func (t *tree) merged(n *node, key string, lacks map[*node]bool) (hit, bool) {
	n = t.resolve(n)
	switch {
	case lacks[n]:
		return hit{}, false
	case n.kind == mapping:
		if h, ok := t.member(n, key, lacks); ok {
			return h, true
		}
	case n.kind == sequence:
		content := t.children(n)
		for i := range content {
			if h, ok := t.merged(&content[i], key, lacks); ok {
				return h, true
			}
		}
	}
	lacks[n] = true
	return hit{}, false
}
