package blame

import "slices"

// A fit is how well a field fits a message: the more points the better, and the earlier
// in the message that is which it mentions.
type fit struct {
	points int
	word   int // by which all keys were mentioned that are
}

// What counts for a field, and against it.
const (
	mentioned     = 3 // each key of its path in the element
	mentionedLast = 2 // that is the key itself
	quotedValue   = 3
	wasMissing    = 2
	inPassing     = -4
	identifier    = -20 // is taken only where there is no other
)

func (f fit) isBetter(than fit) bool {
	return f.points > than.points || f.points == than.points && f.word < than.word
}

// bestOf is the path of that field of an element which fits a message best, of several
// the one that was read last; nil if there is none.
func bestOf(fields []field, e element, m message) []any {
	fields = slices.DeleteFunc(slices.Clone(fields), func(f field) bool { return !isBelow(f.path, e.path) })
	onTheWay := map[string]bool{} // to another one, by path
	for _, f := range fields {
		if f.aside {
			continue
		}
		for _, prefix := range prefixesOf(f.path)[:len(f.path)] {
			onTheWay[prefix] = true
		}
	}
	var best []any
	var most fit
	for _, f := range fields {
		isName := e.path != nil && f.identifies() && m.mentions(f.last()) < 0
		if onTheWay[prefixesOf(f.path)[len(f.path)]] || isName || f.unread && !m.names(f, e) {
			continue
		}
		if found := fitOf(f, e, m); best == nil || found.isBetter(most) {
			best, most = f.path, found
		}
	}
	return best
}

func fitOf(f field, e element, m message) fit {
	var found fit
	for _, step := range f.path[len(e.path):] {
		key, _ := step.(string)
		if word := m.mentions(key); word >= 0 {
			found.points += mentioned
			found.word = max(found.word, word)
		}
	}
	if m.mentions(f.last()) >= 0 {
		found.points += mentionedLast
	}
	if !slices.Contains(e.names, f.text) && m.quotes(f.text) >= 0 {
		found.points += quotedValue
	}
	if f.missing {
		found.points += wasMissing
	}
	if f.aside {
		found.points += inPassing
	}
	if f.identifies() {
		found.points += identifier
	}
	return found
}

// names reports whether a message has the value of a field of an element, or its key: in
// a list that is the key of many, if no element is known.
func (m message) names(f field, e element) bool {
	const long = 3 // shorter values are found anywhere
	switch {
	case f.identifies():
		return false
	case len(f.text) >= long && m.quotes(f.text) >= 0:
		return true
	}
	return m.mentions(f.last()) >= 0 && (e.path != nil || !f.inList())
}
