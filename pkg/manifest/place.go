package manifest

// Place returns where the value at path was written. The path leads from the
// object's root by keys (string) and indices (int, int64, float64 or
// json.Number). The place starts at the key of the last element, or at the
// first character of a list element, properties such as "&anchor" included. It
// ends with the value if that is a scalar, else with the key. An element that
// is a collection has no key: its place is its opening, the first key of a
// block mapping or one of "{", "[" and "-".
//
// For a path that the text does not have, the place is the key of the deepest
// parent that it has, the object's first character if that is the object.
//
// Where the path ends at or goes through an alias, the place is the use of the
// alias, and Related the place inside the anchored value. What a merge key
// brings in is found where it is written, and Related is the line of the "<<".
func (o *Object) Place(path []any) Place {
	if o.origin != nil {
		return o.origin.Place(o.path(path))
	}
	top := o.tree.top()
	w := walk{src: o.src, tree: o.tree, node: top, start: top.start, end: top.end}
	for _, step := range o.path(path) {
		if !w.step(step) {
			w.missing = true
			break
		}
	}
	return w.place()
}

// A walk is the state of a path that is followed through a tree.
type walk struct {
	src        *source
	tree       *tree
	node       *node // where the walk is, an alias perhaps
	start, end int32 // the key and its value, or the element
	keyEnd     int32 // end of the key, 0 for an element
	missing    bool  // the walk has ended at the parent of what was looked for

	through *Place // the outermost alias that the walk went through
	notes   []Related
	anchor  string // the alias that was entered last; its note is due at the next alias or the end
}

// step goes to a key or an index of the current node.
func (w *walk) step(step any) bool {
	at := w.tree.resolve(w.node)
	switch at.kind {
	case mapping:
		key, ok := step.(string)
		if !ok {
			return false
		}
		h, ok := w.tree.member(at, key, nil)
		if !ok {
			return false
		}
		w.enter()
		for _, m := range h.merges {
			w.notes = append(w.notes, Related{w.src.position(int(m.start)), "merge key <<"})
		}
		w.node, w.start, w.end, w.keyEnd = h.value, h.key.start, h.key.end, h.key.end
		if (h.value.kind == scalar || h.value.kind == alias) && h.value.written() {
			w.end = h.value.end
		}
	case sequence:
		content := w.tree.children(at)
		i, ok := index(step)
		if !ok || i >= len(content) {
			return false
		}
		w.enter()
		w.node = &content[i]
		w.start, w.end, w.keyEnd = w.node.start, w.node.end, 0
	default:
		return false
	}
	return true
}

// enter notes that the walk goes on inside the current node, if that is an
// alias.
func (w *walk) enter() {
	if w.node.kind != alias {
		return
	}
	w.use()
	w.anchor = w.tree.anchor(w.node)
}

// use notes the current place as one where an alias is used: the first is the
// place of the finding, those inside its anchor are related to it.
func (w *walk) use() {
	p := Place{Start: w.src.position(int(w.start)), End: w.src.position(int(w.end))}
	if w.through == nil {
		p.Related, w.notes = w.notes, nil
		w.through = &p
		return
	}
	w.notes = append(w.notes, Related{p.Start, "anchor &" + w.anchor})
}

func (w *walk) place() Place {
	if w.node.kind == alias {
		w.use()
		target := w.tree.nodes[w.node.first]
		w.notes = append(w.notes, Related{w.src.position(int(target.start)), "anchor &" + w.tree.anchor(w.node)})
		return w.close()
	}
	if w.through != nil {
		w.use()
		return w.close()
	}
	end := w.end
	if w.missing && w.keyEnd != 0 {
		end = w.keyEnd
	}
	return Place{Start: w.src.position(int(w.start)), End: w.src.position(int(end)), Related: w.notes}
}

func (w *walk) close() Place {
	w.through.Related = append(w.through.Related, w.notes...)
	return *w.through
}
