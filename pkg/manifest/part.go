package manifest

import "sort"

// A part is a value in a tree, with its key and all that is written below it.
type part struct {
	entry    *node // the key, or the value if that has none
	from, to int32 // where the entry starts and the value ends
}

// has reports whether n, a key or a value, is the part or written inside of it.
func (p part) has(n *node) bool { return n == p.entry || p.from < n.start && n.start < p.to }

// part returns the outermost part that starts in a stretch of the text, and its path from
// the root.
func (t *tree) part(from, to int) (part, []any, bool) {
	in := func(n *node) bool { return from <= int(n.start) && int(n.start) < to }
	entry, path := t.top(), []any{}
	if entry.kind == sequence { // of one item, of a list that is read by its items
		entry, path = &t.children(entry)[0], []any{0}
	}
	for value := entry; ; {
		if in(entry) || in(value) && t.opens(value) {
			return part{entry: entry, from: entry.start, to: t.end(value)}, path, true
		}
		// In the first child that starts in the stretch, or the last one before.
		content, step := t.children(value), 1
		if value.kind == mapping {
			step = 2
		}
		i := sort.Search(len(content)/step, func(i int) bool { return int(content[i*step].start) >= from })
		if i*step == len(content) || !in(&content[i*step]) {
			i--
		}
		if i < 0 {
			return part{}, nil, false
		}
		entry, value = &content[i*step], &content[i*step+step-1]
		if step == 2 {
			path = append(path, t.key(entry))
		} else {
			path = append(path, i)
		}
	}
}

// extent returns where what is written at a path starts, with its key, and where its last
// scalar ends. Of what an alias or a merge brings in, that is the place of its use.
func (t *tree) extent(path []any) (from, to int32) {
	value := t.top()
	from = value.start
	for _, step := range path {
		switch value.kind {
		case mapping:
			key, _ := step.(string)
			h, ok := t.member(value, key, nil)
			if !ok || len(h.merges) > 0 {
				return from, t.end(value)
			}
			from, value = h.key.start, h.value
		case sequence:
			i, ok := index(step)
			if !ok || i >= int(value.count) {
				return from, t.end(value)
			}
			value = &t.children(value)[i]
			from = value.start
		default:
			return from, t.end(value)
		}
	}
	return from, t.end(value)
}

// opens reports whether the first character of n is its own, and not that of what it holds.
func (t *tree) opens(n *node) bool {
	if n.count == 0 || n.kind == alias {
		return n.written()
	}
	return t.nodes[n.first].start != n.start && t.text[n.start] != '-'
}

// end returns where the last scalar of n ends.
func (t *tree) end(n *node) int32 {
	end := n.end
	for n.count > 0 {
		n = &t.nodes[n.first+n.count-1]
		end = max(end, n.end)
	}
	return end
}

// key returns how key n reads.
func (t *tree) key(n *node) string {
	switch n.reads {
	case asWritten:
		return string(t.slice(n.start, n.end))
	case inQuotes:
		return string(t.slice(n.start+1, n.end-1))
	}
	return t.names[n.start]
}
