package blame

import "slices"

// An element is one of a list, such as a container. The zero element is the object.
type element struct {
	path   []any
	names  []string // what messages call it
	quoted int      // where a message does so first, -1 if it does not
	called bool     // by the name of its list, there: container "web"
	aside  bool     // all that was read in it
}

// identifying are the keys whose values tell the elements of a list apart.
var identifying = []string{"name", "key", "containerName", "mountPath", "host"}

// elementsOf are the elements in which fields are, in the order of these, inner ones
// first.
func elementsOf(object map[string]any, fields []field, m message) []element {
	var found []element
	known := map[string]int{} // by path
	for _, f := range fields {
		prefixes := prefixesOf(f.path)
		for n := len(f.path); n > 0; n-- {
			if _, isIndex := f.path[n-1].(int); !isIndex {
				continue
			}
			i, isKnown := known[prefixes[n]]
			if !isKnown {
				i = len(found)
				known[prefixes[n]] = i
				found = append(found, newElement(object, f.path[:n:n], m))
			}
			found[i].aside = found[i].aside && f.aside
		}
	}
	return found
}

func newElement(object map[string]any, path []any, m message) element {
	value := valueAt(object, path)
	e := element{path: path, quoted: -1, aside: true}
	if text := scalar(value); text != "" {
		e.names = []string{text}
	}
	if item, ok := value.(map[string]any); ok {
		for _, key := range identifying {
			if text := scalar(item[key]); text != "" {
				e.names = append(e.names, text)
			}
		}
	}
	for _, name := range e.names {
		if at := m.quotes(name); at >= 0 && (e.quoted < 0 || at < e.quoted) {
			e.quoted = at
		}
	}
	if list, ok := path[max(len(path)-2, 0)].(string); ok && e.quoted >= 0 {
		e.called = m.precedes(list, e.quoted)
	}
	return e
}

// isBefore reports whether a message that quotes both of two elements is rather about the
// first.
func (e element) isBefore(other element) bool {
	sameName := e.quoted == other.quoted
	switch {
	case e.called != other.called && !(sameName && e.aside != other.aside):
		return e.called
	case e.aside != other.aside:
		return other.aside
	}
	return e.quoted < other.quoted
}

// elementOf is the element that a message is about: the one that it names, and in that,
// or in the object if there is none, the one that the rule was at.
func elementOf(object map[string]any, fields []field, m message) element {
	elements := elementsOf(object, fields, m)
	var found element
	for _, e := range elements {
		if e.quoted >= 0 && (found.path == nil || e.isBefore(found)) {
			found = e
		}
	}
	if found.aside && !found.called && slices.ContainsFunc(fields, func(f field) bool {
		return !f.aside && !f.identifies() && !f.inList() && m.mentions(f.last()) >= 0
	}) {
		return element{} // the name is one of many that the message tells
	}
	for _, e := range elements {
		if !e.aside && isBelow(e.path, found.path) {
			return e
		}
	}
	return found
}
