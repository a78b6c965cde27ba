package manifest

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// itemsKey is the key of the items on a line of its own, up to the first "- " below.
var itemsKey = regexp.MustCompile(`^items:[ \t]*(?:#.*)?\r?\n(?:[ \t]*(?:#.*)?\r?\n)*( *)-[ \t\r\n]`)

// itemsInYAML is itemsOf for a block mapping with a block sequence at "items", as "kubectl
// get -o yaml" writes a cluster. The kind of such a list stands at the end; what stands
// before the items says it, or has apiVersion.
func itemsInYAML(beginning []byte) (*list, bool) {
	key := 0
	if !bytes.HasPrefix(beginning, []byte("items:")) {
		key = bytes.Index(beginning, []byte("\nitems:")) + 1
	}
	at := itemsKey.FindSubmatchIndex(beginning[key:])
	if at == nil {
		return nil, false
	}
	head := beginning[:key+at[2]] // to the start of the line of the first item
	d := parsePart(head)
	if d == nil {
		return nil, false
	}
	value, _ := d.value.(map[string]any)
	l := &list{head: slices.Clone(head), yaml: true, indent: at[3] - at[2]}
	l.apiVersion, l.kind = text(value, "apiVersion"), text(value, "kind")
	l.named = l.firstNamed(beginning[len(head):])
	return l, l.kind == "" && l.apiVersion != "" || isList(l.kind)
}

// parsePart parses a part of a document, whose bytes nobody has looked at yet. It is nil if
// there is nothing in it, or nothing that can be read.
func parsePart(text []byte) *document {
	if checkUTF8(text) != nil || checkControl(text) != nil {
		return nil
	}
	d, _ := parseYAML(text)
	return d
}

// firstNamed reports whether the first of some items, up to the second, has a kind.
func (l *list) firstNamed(items []byte) bool {
	end := 0
	for line := range bytes.Lines(items) {
		if end > 0 && (l.begins(line) || l.ends(line)) {
			break
		}
		end += len(line)
	}
	d := parsePart(items[:end])
	if d == nil {
		return false
	}
	first, _ := d.value.([]any)
	return len(first) == 1 && hasKind(first[0])
}

// yamlItem takes the lines of the next item, from its "- " on, or the end of the list. An
// anchor of another item is unknown in them.
func (s *splitter) yamlItem() (bool, error) {
	l := s.list
	for b := s.inside(); len(b) > 0; b = s.inside() {
		if s.column == 1 && (l.ends(b) || s.begun && l.begins(b)) {
			break
		}
		s.keep(len(b))
	}
	switch {
	case s.failed():
		s.list = nil
		return false, s.err
	case !s.begun:
		return s.closeList()
	}
	return true, nil
}

// begins reports whether a line is the first of an item.
func (l *list) begins(line []byte) bool {
	n := len(line) - len(bytes.TrimLeft(line, " "))
	return n == l.indent && n < len(line) && line[n] == '-' && (n+1 == len(line) || blankByte(line[n+1]))
}

// ends reports whether the items of a list end before a line.
func (l *list) ends(line []byte) bool {
	return strings.IndexByte(" \t\r\n#", line[0]) < 0 && !l.begins(line)
}
