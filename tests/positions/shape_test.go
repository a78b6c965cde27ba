package positions

import (
	"fmt"
	"regexp"
	"strings"
)

// A shape is a way to write a manifest. It plants in one, or reports that there is no
// place for it.
type shape struct {
	name  string
	plant func(d *drawing, m manifest) (planted, bool)
	flags []string // that memgate needs to read it so
}

var shapes = []shape{
	{"block", func(d *drawing, m manifest) (planted, bool) { return d.inBlock(m, false) }, nil},
	{"flow", func(d *drawing, m manifest) (planted, bool) { return d.inFlow(m, false) }, nil},
	{"json", func(d *drawing, m manifest) (planted, bool) { return d.inJSON(m, false) }, nil},
	{"list", list, nil},
	{"items", items, []string{"--max-document=128Ki"}},
	{"anchored", anchored, nil},
	{"crlf", crlf, nil},
	{"multibyte", multibyte, nil},
}

// style plants in a manifest in one of the styles.
func (d *drawing) style(m manifest, odd bool) (planted, bool) {
	return pick(d, []func(manifest, bool) (planted, bool){d.inBlock, d.inFlow, d.inJSON})(m, odd)
}

func (d *drawing) inBlock(m manifest, odd bool) (planted, bool) {
	text, err := yamlText(m)
	spots := blockSpots(text)
	if err != nil || len(spots) == 0 {
		return planted{}, false
	}
	s := pick(d, spots)
	var p plant
	switch {
	case s.list:
		p = d.element(block, odd)
	case odd && d.oneIn(3): // on one line with what is before it
		p = d.field(flow, true).within(`"ключ😀é": {`+pick(d, neighbours[flow]), "}")
	default:
		p = d.field(block, odd)
	}
	text = put(text, []spot{s}, []plant{p})
	if d.oneIn(8) {
		text = strings.TrimRight(text, "\n")
	}
	return planted{extension: ".yaml", text: text, places: []place{p.place}}, true
}

func (d *drawing) inFlow(m manifest, odd bool) (planted, bool) {
	text, err := yamlText(m)
	spots := flowSpots(text)
	if err == nil && (len(spots) == 0 || d.oneIn(3)) {
		if text, err = asFlow(m); err == nil {
			spots = allBrackets(text, flow)
		}
	}
	if err != nil || len(spots) == 0 {
		return planted{}, false
	}
	p, text := d.inBrackets(text, pick(d, spots), odd)
	return planted{extension: ".yaml", text: text, places: []place{p.place}}, true
}

func (d *drawing) inJSON(m manifest, odd bool) (planted, bool) {
	text := m.text
	if !m.json {
		texts, err := d.asJSON(m)
		if err != nil {
			return planted{}, false
		}
		text = strings.Join(texts, pick(d, []string{"\n", " ", ""}))
	}
	spots := allBrackets(text, inJSON)
	if len(spots) == 0 {
		return planted{}, false
	}
	p, text := d.inBrackets(text, pick(d, spots), odd)
	return planted{extension: pick(d, []string{".json", ".json", ".yaml"}), json: true, text: text, places: []place{p.place}}, true
}

// inBrackets plants in a flow collection or in JSON, after a neighbour if it is odd.
func (d *drawing) inBrackets(text string, s spot, odd bool) (plant, string) {
	p := d.field(s.style, odd)
	if s.list {
		p = d.element(s.style, odd)
	} else if odd || d.oneIn(4) {
		p = p.within(pick(d, neighbours[s.style]), "")
	}
	return p, put(text, []spot{s}, []plant{p})
}

var separator = regexp.MustCompile(`(?m)^---[ \t]*(?:#.*)?\r?\n`)

// list wraps the documents of a planted manifest into a List.
func list(d *drawing, m manifest) (planted, bool) {
	if d.oneIn(3) {
		p, ok := d.inJSON(m, false)
		documents, err := read(p.text, true)
		if !ok || err != nil || len(documents) != 1 {
			return planted{}, false
		}
		p.text = `{"kind": "List",` + pick(d, []string{"", " ", "\n  "}) + `"apiVersion": "v1", "items": [` + pick(d, []string{"", "\n"}) + p.text + "]}\n"
		return p, true
	}
	p, ok := pick(d, []func(manifest, bool) (planted, bool){d.inBlock, d.inBlock, d.inFlow})(m, false)
	if !ok {
		return p, false
	}
	p.text, ok = wrap(p.text, pick(d, []string{"", "  "}), d.oneIn(2))
	return p, ok
}

// items is a list that is too large to be read but by its items: some more stand before
// or behind those of list.
func items(d *drawing, m manifest) (planted, bool) {
	p, ok := list(d, m)
	begin := regexp.MustCompile(`"items": \[|items:\n( *)`).FindStringSubmatchIndex(p.text)
	if !ok || begin == nil || len(p.text) > 64<<10 {
		return planted{}, false
	}
	more := fmt.Sprintf(`{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"é": %q}}`, strings.Repeat("0123456789abcdef", 1<<10))
	before, at := strings.Repeat(more+",", 8), begin[1]
	if !p.json {
		at = strings.Index(p.text, "items:\n") + len("items:\n")
		before = strings.Repeat(p.text[begin[2]:begin[3]]+"- "+more+"\n", 8)
	}
	switch {
	case d.oneIn(2):
		p.text = p.text[:at] + before + p.text[at:]
	case p.json:
		p.text = strings.TrimSuffix(p.text, "]}\n") + "," + strings.TrimSuffix(before, ",") + "]}\n"
	default:
		p.text += before
	}
	return p, true
}

// wrap makes a List of the documents of a text in YAML, by indenting them.
func wrap(text, indent string, ownLine bool) (string, bool) {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: List\nitems:\n")
	items := 0
	for _, document := range separator.Split(text, -1) {
		values, err := read(document, false)
		if err != nil || len(values) > 1 || strings.HasPrefix(document, "%") || strings.HasPrefix(document, "---") || strings.Contains(document, "\n...") {
			return "", false // more than a separator between documents
		}
		if len(values) == 0 || values[0] == nil {
			continue
		}
		items++
		first := indent + "- "
		if ownLine || strings.IndexByte(" #\r\n{", document[0]) >= 0 {
			b.WriteString(indent + "-\n")
			first = indent + "  "
		}
		for row := range strings.Lines(document) {
			if strings.TrimSpace(row) != "" {
				row = first + row
			}
			first = indent + "  "
			b.WriteString(row)
		}
		if !strings.HasSuffix(document, "\n") {
			b.WriteByte('\n')
		}
	}
	return b.String(), items > 0
}

// crlf plants in any other shape and ends the lines with CRLF, after a byte order mark
// perhaps.
func crlf(d *drawing, m manifest) (planted, bool) {
	p, ok := pick(d, []func(*drawing, manifest) (planted, bool){
		func(d *drawing, m manifest) (planted, bool) { return d.style(m, d.oneIn(2)) }, list, anchored,
	})(d, m)
	p.text = strings.ReplaceAll(strings.ReplaceAll(p.text, "\r\n", "\n"), "\n", "\r\n")
	if ok && p.extension == ".yaml" && d.oneIn(4) {
		p.text = "\ufeff" + p.text
	}
	return p, ok && strings.Contains(p.text, "\n")
}

// multibyte plants text of several bytes a character, after such text.
func multibyte(d *drawing, m manifest) (planted, bool) {
	p, ok := d.style(m, true)
	if ok && !p.json && d.oneIn(2) {
		p.text = "# ключ é😀\n" + p.text
	}
	return p, ok
}
