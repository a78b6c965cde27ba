package manifest

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

const (
	// maxDepth bounds the nesting of a document, aliases followed. Kubernetes
	// schemas stay under 50; the bound keeps recursion over a value safe.
	maxDepth = 1000

	// maxAliased bounds the nodes of a document that come in through aliases and
	// merges, counted as if they were expanded. They are shared in memory, but
	// whoever walks the value meets each of them. sigs.k8s.io/yaml allows up to
	// 400,000 for a document of usual size.
	maxAliased = 1_000_000
)

// parseYAML reads text, which must be valid UTF-8 without control characters,
// as one YAML document. A document without content gives nil and no fault.
func parseYAML(text []byte) (*document, *fault) {
	if d, ok := parseFast(text); ok {
		return d, nil
	}
	return parseAny(text)
}

// parseAny is parseYAML by way of yaml.v3, which knows all of YAML.
func parseAny(text []byte) (*document, *fault) {
	y, f := parseNode(text)
	if f != nil || y == nil {
		return nil, f
	}
	if y.Kind == yaml.DocumentNode {
		y = y.Content[0]
	}
	b := builder{
		cursor:  cursor{text: text, lines: breaks(text)},
		tree:    tree{text: text, nodes: make([]node, 1, countNodes(y))},
		bang:    bytes.IndexByte(text, '!') >= 0,
		anchors: map[*yaml.Node]*anchored{},
	}
	v, _, f := b.build(y, b.tree.root, 1)
	if f != nil {
		f.manifest = hasKeys(y)
		return nil, f
	}
	return &document{tree: b.tree, value: v}, nil
}

// countNodes counts y and what is below it.
func countNodes(y *yaml.Node) int {
	n := 1
	for _, c := range y.Content {
		n += countNodes(c)
	}
	return n
}

// hasKeys reports whether y is a mapping with the keys of a manifest.
func hasKeys(y *yaml.Node) bool {
	if y.Kind != yaml.MappingNode {
		return false
	}
	version, kind := false, false
	for i := 0; i < len(y.Content); i += 2 {
		version = version || y.Content[i].Value == "apiVersion"
		kind = kind || y.Content[i].Value == "kind"
	}
	return version && kind
}

// A builder turns the tree of yaml.v3 into a value and our own smaller tree,
// whose nodes do not move while it is built.
type builder struct {
	cursor
	tree    tree
	bang    bool // the text has a "!"
	anchors map[*yaml.Node]*anchored
	aliased int // nodes that came in through aliases and merges
}

// anchored is what a node with an anchor was built to, once.
type anchored struct {
	node  int32
	value any
	err   error // of a key that is fine as a string and no JSON value
	size  size
	done  bool // false while inside the node: an alias to it would be a cycle
}

// size is that of a value with aliases expanded.
type size struct{ nodes, height int }

func (s *size) add(t size) {
	s.nodes += t.nodes
	s.height = max(s.height, t.height+1)
}

func (b *builder) fail(y *yaml.Node, format string, args ...any) *fault {
	return &fault{offset: b.offset(y.Line, y.Column), message: fmt.Sprintf(format, args...)}
}

// take adds n nodes to the tree and returns the first.
func (b *builder) take(n int) int32 {
	first := len(b.tree.nodes)
	b.tree.nodes = b.tree.nodes[:first+n]
	return int32(first)
}

// build makes node i and what is below it of y.
func (b *builder) build(y *yaml.Node, i int32, depth int) (v any, s size, f *fault) {
	n := &b.tree.nodes[i]
	n.start = int32(b.offset(y.Line, y.Column))
	if depth > maxDepth {
		return nil, s, b.fail(y, "nested deeper than %d levels", maxDepth)
	}
	var a *anchored
	if y.Anchor != "" {
		a = &anchored{node: i}
		b.anchors[y] = a
	}
	switch y.Kind {
	case yaml.AliasNode:
		v, s, f = b.alias(y, n, depth)
		if f == nil && b.anchors[y.Alias].err != nil {
			f = b.fail(y, "found %s; %v", y.Alias.Value, b.anchors[y.Alias].err)
		}
		return v, s, f
	case yaml.SequenceNode:
		v, s, f = b.sequence(y, n, depth)
	case yaml.MappingNode:
		v, s, f = b.mapping(y, n, depth)
	default:
		s = size{1, 1}
		var raw any
		raw, f = b.scalar(y, n)
		if f == nil {
			var err error
			if v, err = normal(raw); err != nil {
				f = b.fail(y, "found %s; %v", y.Value, err)
			}
		}
	}
	if a != nil {
		a.value, a.size, a.done = v, s, true
	}
	return v, s, f
}

func (b *builder) alias(y *yaml.Node, n *node, depth int) (any, size, *fault) {
	a := b.anchors[y.Alias]
	if a == nil || !a.done {
		return nil, size{}, b.fail(y, "alias *%s stands inside its own anchor, want a value that does not contain itself", y.Value)
	}
	n.kind, n.first = alias, a.node
	n.end = n.start + 1 + int32(len(y.Value))
	if depth+a.size.height-1 > maxDepth {
		return nil, size{}, b.fail(y, "nested deeper than %d levels, with the alias *%s", maxDepth, y.Value)
	}
	return a.value, a.size, b.count(y, a.size.nodes)
}

// count adds nodes that came in through the alias or merge y.
func (b *builder) count(y *yaml.Node, nodes int) *fault {
	if b.aliased += nodes; b.aliased > maxAliased {
		return b.fail(y, "aliases expand to more than %d values, want fewer or smaller anchors", maxAliased)
	}
	return nil
}

// open sets the end of a collection: that of its properties or of its opening.
func (b *builder) open(n *node, y *yaml.Node) {
	start := int(n.start)
	switch content, end, _ := b.properties(start); {
	case end > start:
		n.end = int32(end)
	case y.Kind == yaml.MappingNode && y.Style&yaml.FlowStyle == 0 && n.count > 0 && b.tree.nodes[n.first].start == n.start:
		n.end = b.tree.nodes[n.first].end
	case content < len(b.text):
		n.end = n.start + 1
	default:
		n.end = n.start
	}
}

func (b *builder) sequence(y *yaml.Node, n *node, depth int) (any, size, *fault) {
	n.kind, n.first, n.count = sequence, b.take(len(y.Content)), int32(len(y.Content))
	l := make([]any, len(y.Content))
	s := size{1, 1}
	b.open(n, y)
	for i, e := range y.Content {
		v, t, f := b.build(e, n.first+int32(i), depth+1)
		if f != nil {
			return nil, s, f
		}
		if c := &b.tree.nodes[n.first+int32(i)]; !c.written() && c.start > n.start && y.Style&yaml.FlowStyle == 0 {
			c.start-- // the "-" of an element that is not written
		}
		l[i] = v
		s.add(t)
	}
	return l, s, nil
}

func (b *builder) mapping(y *yaml.Node, n *node, depth int) (any, size, *fault) {
	n.kind, n.first, n.count = mapping, b.take(len(y.Content)), int32(len(y.Content))
	m := make(map[string]any, len(y.Content)/2)
	own := m // the keys that stand here
	merged := false
	s := size{1, 1}
	for i := 0; i < len(y.Content); i += 2 {
		at, c := n.first+int32(i), y.Content[i]
		k := &b.tree.nodes[at]
		raw, f := b.key(c, at, depth)
		if f != nil {
			return nil, s, f
		}
		if k.merge {
			if !merged {
				own, merged = keys(m), true
			}
			t, f := b.mergeInto(m, y.Content[i+1], at+1, depth)
			if f != nil {
				return nil, s, f
			}
			s.nodes += t.nodes
			s.height = max(s.height, t.height)
			continue
		}
		text, err := keyText(raw)
		if err != nil {
			return nil, s, b.fail(c, "%v", err)
		}
		b.tree.name(k, text)
		if _, ok := own[text]; ok {
			return nil, s, duplicate(text, *k, b.tree.firstKey(n, text))
		}
		v, t, f := b.build(y.Content[i+1], at+1, depth+1)
		if f != nil {
			return nil, s, f
		}
		own[text] = nil
		m[text] = v
		s.add(t)
	}
	b.open(n, y)
	return m, s, nil
}

// firstKey returns the first key of mapping n that reads name.
func (t *tree) firstKey(n *node, name string) node {
	content := t.children(n)
	for i := 0; i < len(content); i += 2 {
		if k := &content[i]; !k.merge && t.is(k, name) {
			return *k
		}
	}
	return *n
}

// key makes node i of y and returns the scalar that is a key before it becomes
// a string.
func (b *builder) key(y *yaml.Node, i int32, depth int) (any, *fault) {
	n := &b.tree.nodes[i]
	n.start = int32(b.offset(y.Line, y.Column))
	target := y
	if y.Kind == yaml.AliasNode {
		if _, _, f := b.alias(y, n, depth); f != nil {
			return nil, f
		}
		n.kind = scalar
		target = y.Alias
	}
	switch target.Kind {
	case yaml.MappingNode:
		if f := template(b.text); f != nil { // "{{ .Values.x }}" is a mapping with a mapping as its key
			return nil, f
		}
		return nil, b.fail(y, "found a mapping as a key, want a string")
	case yaml.SequenceNode:
		return nil, b.fail(y, "found a list as a key, want a string")
	}
	if target != y {
		return b.scalar(target, new(node))
	}
	v, f := b.scalar(y, n)
	if f == nil && y.Anchor != "" {
		value, err := normal(v)
		b.anchors[y] = &anchored{node: i, value: value, err: err, size: size{1, 1}, done: true}
	}
	return v, f
}

// scalar returns what y means before it goes through JSON, and sets the extent
// of n.
func (b *builder) scalar(y *yaml.Node, n *node) (any, *fault) {
	start := b.offset(y.Line, y.Column)
	content, end, bang := start, start, false
	if y.Anchor != "" || b.bang && start < len(b.text) && b.text[start] == '!' {
		content, end, bang = b.properties(start)
	}
	style := y.Style &^ yaml.TaggedStyle
	if style != 0 || y.Value != "" {
		end = b.end(y, content)
	}
	n.start, n.end = int32(start), int32(end)
	n.merge = y.Value == "<<" && (bang || y.Tag == "!!merge")
	switch {
	case bang && y.Style&yaml.TaggedStyle == 0:
		return y.Value, nil
	case y.Style&yaml.TaggedStyle != 0:
		v, err := tagged(y.Tag, y.Value)
		if err != nil {
			return nil, b.fail(y, "%v", err)
		}
		if s, ok := v.(string); ok && y.Tag == "!!binary" {
			v = string([]rune(s)) // JSON has no bytes: what is not UTF-8 becomes U+FFFD
		}
		return v, nil
	case style != 0 || n.merge:
		return y.Value, nil
	}
	return plain(y.Value), nil
}
