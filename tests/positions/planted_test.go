package positions

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A planted text is a manifest with a plant in it, and what is to be reported. Places are
// known by their text, which occurs once: they survive whatever is done to the rest.
type planted struct {
	origin    string // file that the manifest is from
	extension string // ".yaml" or ".json"
	json      bool   // JSON, whatever the file is called
	text      string
	places    []place
}

// A place is reported from the start of one text to the end of another.
type place struct {
	from, to string
	related  []related
}

type related struct{ note, at string }

// want are the places as memgate reports them, sorted: start-end (note at).
func (p planted) want() []string {
	var all []string
	for _, q := range p.places {
		s := p.position(q.from, 0) + "-" + p.position(q.to, len(q.to))
		for _, r := range q.related {
			s += fmt.Sprintf(" (%s %s)", r.note, p.position(r.at, 0))
		}
		all = append(all, s)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// position counts the lines and code points before the byte that is so far into a mark.
// A byte order mark is no part of the first line.
func (p planted) position(mark string, into int) string {
	text := strings.TrimPrefix(p.text, "\ufeff")
	offset := strings.Index(text, mark)
	if offset < 0 {
		return fmt.Sprintf("(%q is not in the text)", mark)
	}
	before := text[:offset+into]
	line := strings.LastIndexByte(before, '\n') + 1
	return fmt.Sprintf("%d:%d", 1+strings.Count(before, "\n"), 1+utf8.RuneCountInString(before[line:]))
}

// excerpt is what stands around the plant, quoted where it is one long line.
func (p planted) excerpt() string {
	lines := strings.SplitAfter(p.text, "\n")
	first := strings.Count(p.text[:strings.Index(p.text, p.places[0].from)], "\n")
	var b strings.Builder
	for i := max(0, first-3); i < min(len(lines), first+6); i++ {
		line := lines[i]
		if at := strings.Index(line, "memgate"); len(line) > 400 {
			line = "..." + line[max(0, at-200):min(len(line), max(0, at)+200)] + "...\n"
		}
		fmt.Fprintf(&b, "%6d %q\n", i+1, line)
	}
	return b.String()
}
