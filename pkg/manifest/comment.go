package manifest

import "strings"

// A Comment is a comment of YAML and what it is about: the outermost value that begins on
// its line or, where it stands on a line of its own, on the next line with content. A
// field begins with its key, an element of a list with its first character. On the first
// line of an object, and above that, a comment is about the object itself.
type Comment struct {
	Position Position // of the "#"
	Text     string   // what follows the "#", without the white space around it
	Path     []any    // from the object's root; empty for the object itself, nil if the comment is about nothing

	object *Object
	part   part
}

// Comments returns the comments whose text contains mark, which does not begin with "#",
// in their order: those about something in the object and, if the object is as Next
// returned it, those about nothing. Comments above a document are about it, up to a "---"
// that ends another one. What looks like a comment inside of a scalar is none, and JSON
// has none. An object without mark costs a search of its text.
func (o *Object) Comments(mark string) []Comment {
	s := o.search(mark)
	if len(s.comments) == 0 {
		return nil
	}
	all := s.comments
	if o.partial() {
		all = s.within(o.tree.extent(o.prefix))
	}
	var found []Comment
	for _, c := range all {
		if c.Path != nil {
			if !begins(c.Path, o.prefix) {
				continue
			}
			c.Path = c.Path[len(o.prefix):]
		}
		c.object = o
		found = append(found, c)
	}
	return found
}

// partial reports whether the object is only a part of what Next returned. An item of a
// list that is read by its items is the one element of a sequence.
func (o *Object) partial() bool {
	return len(o.prefix) > 1 || len(o.prefix) == 1 && o.tree.top().kind != sequence
}

// Covers reports whether path, as that of Place, leads to what the comment is about or
// goes through it. A path goes through what an alias stands for, and through the "<<" that
// brings a value in: a comment at any place that Place returns for path counts.
func (c Comment) Covers(path []any) bool {
	if c.Path == nil {
		return false
	}
	t := c.object.tree
	n := t.top()
	if c.part.has(n) {
		return true
	}
	for _, step := range c.object.path(path) {
		at := t.resolve(n)
		if c.part.has(at) {
			return true
		}
		switch at.kind {
		case mapping:
			key, ok := step.(string)
			if !ok {
				return false
			}
			h, ok := t.member(at, key, nil)
			if !ok {
				return false
			}
			for _, merge := range h.merges {
				if c.part.has(merge) {
					return true
				}
			}
			if n = h.value; c.part.has(h.key) {
				return true
			}
		case sequence:
			i, ok := index(step)
			if !ok || i >= int(at.count) {
				return false
			}
			if n = &t.children(at)[i]; c.part.has(n) {
				return true
			}
		default:
			return false
		}
	}
	return c.part.has(t.resolve(n))
}

// Heading returns what follows prefix in the first comment above the first line of the
// object's document that begins with it.
func (o *Object) Heading(prefix string) (string, bool) {
	first := o.src.position(int(o.tree.top().start)).Line
	if c := o.search(prefix).leading; c != nil && c.Position.Line < first {
		return strings.TrimPrefix(c.Text, prefix), true
	}
	return "", false
}

// begins reports whether path begins with prefix.
func begins(path, prefix []any) bool {
	if len(path) < len(prefix) {
		return false
	}
	for i, step := range prefix {
		if at, ok := index(step); ok {
			step = at
		}
		if path[i] != step {
			return false
		}
	}
	return true
}
