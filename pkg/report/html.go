package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"io"
	"slices"
	"strconv"
	"strings"
)

// HTMLOptions are what a page cannot know by itself.
type HTMLOptions struct {
	Version string // of memgate; "" if unknown
	// Rule is asked once for each rule that has findings, by its id; the zero Rule is
	// one that it does not know.
	Rule func(id string) Rule
}

// HTML writes one page, whole, when it is closed: what was not judged, the findings by rule
// and by file, the memory of workloads, what is suppressed, and what was assumed. It loads
// nothing and runs nothing but a filter of its own, so it can be opened from a file. The
// element of a finding has its fingerprint as its id.
//
// What the page holds is bounded, and with it the memory of the writer: 5,000 findings of
// each action and as many gaps, 500 findings of each action with lines and remedy, 500
// workloads without findings, and 1,000 entries of every other list. What is left out is
// counted where it would stand.
func HTML(out io.Writer, options HTMLOptions) Writer {
	return &htmlWriter{
		out: out, options: options,
		rules: map[string]*htmlRule{}, seen: map[string]int{}, shown: map[string]int{}, inFile: map[string]int{},
	}
}

const (
	htmlFindings  = 5000 // of each action
	htmlFull      = 500  // of each action, with lines and remedy
	htmlGaps      = 5000
	htmlWorkloads = 500
	htmlRows      = 1000
)

var (
	//go:embed html.css
	htmlStyle string
	//go:embed html.js
	htmlScript string
)

type htmlWriter struct {
	out     io.Writer
	options HTMLOptions

	entry  Entry // the last object, with the pods of its templates
	found  bool  // it has a finding
	opened bool  // it has a heading in body

	file   string         // that body is about
	body   fragment       // its objects
	inFile map[string]int // its findings, by action
	files  fragment       // those before it

	rules map[string]*htmlRule
	seen  map[string]int // findings by fingerprint
	shown map[string]int // findings by action, those past the limit included

	workloads, gaps, suppressed, notes, skips htmlList
}

// An htmlList is the part of a page that lists one kind of thing.
type htmlList struct {
	fragment
	total int
}

// next counts an entry and reports whether it is to be written.
func (l *htmlList) next(most int) bool {
	l.total++
	return l.total <= most
}

// rest tells how many entries are left out.
func (l *htmlList) rest(page *fragment, most int) {
	if l.total > most {
		page.put(`<p class="rest">{} more are not listed here; other formats have them all.</p>`, l.total-most)
	}
}

func (h *htmlWriter) Object(e Entry) error {
	if e.Template != nil && e.Object == h.entry.Object {
		h.entry.Pods = append(h.entry.Pods, e.Pods...)
		return nil
	}
	h.settle()
	h.entry, h.found, h.opened = e, false, false
	return nil
}

// settle ends the last object. One without findings is listed if it has memory to draw.
func (h *htmlWriter) settle() {
	if !h.found && slices.ContainsFunc(h.entry.Pods, hasMemory) && h.workloads.next(htmlWorkloads) {
		h.object(&h.workloads.fragment)
		h.workloads.put("</div>\n")
	}
}

// object writes the heading of the last object, and its memory, into a div that it opens.
func (h *htmlWriter) object(to *fragment) {
	to.put(`<div class="object"><h4>{} <b>{}</b></h4><p class="at">{}</p>`+"\n", h.entry.Object.Kind, h.entry.Object.id(), h.entry.Position.String())
	for _, pod := range h.entry.Pods {
		if hasMemory(pod) {
			to.memory(pod, len(h.entry.Pods) > 1)
		}
	}
}

// id is namespace/name.
func (o Object) id() string {
	if o.Namespace == "" {
		return o.Name
	}
	return o.Namespace + "/" + o.Name
}

func (h *htmlWriter) Finding(f Finding) error {
	if f.Object != h.entry.Object {
		if err := h.Object(Entry{Object: f.Object, Position: f.Place.Start}); err != nil {
			return err
		}
	}
	h.found = true
	rule := h.rule(f)
	rule.counts[f.Action]++
	h.shown[f.Action]++
	if h.shown[f.Action] > htmlFindings {
		rule.places.total++
		return nil
	}
	if file := f.Place.Start.File; file != h.file {
		h.endFile()
		h.file = file
	}
	if !h.opened {
		h.endObject()
		h.object(&h.body)
		h.opened = true
	}
	h.inFile[f.Action]++
	id := Fingerprint(f)
	h.seen[id]++
	if n := h.seen[id]; n > 1 {
		id += "-" + strconv.Itoa(n)
	}
	if rule.places.next(htmlRows) {
		rule.places.put(`<li><a href="#{}">{}</a> {} {}</li>`+"\n", id, f.Place.Start.String(), f.Action, f.Object.String())
	}
	h.body.finding(f, id, rule, h.shown[f.Action] <= htmlFull)
	return nil
}

// endObject closes the last object of the file.
func (h *htmlWriter) endObject() {
	if h.body.Len() > 0 {
		h.body.put("</div>\n")
	}
}

// endFile closes the file that body is about.
func (h *htmlWriter) endFile() {
	if h.body.Len() == 0 {
		return
	}
	h.endObject()
	h.files.put(`<section class="file"><h3><span class="name">{}</span> <span class="tally">{}</span></h3>`+"\n", h.file, tally(h.inFile))
	h.files.Write(h.body.Bytes())
	h.files.put("</section>\n")
	h.body.Reset()
	clear(h.inFile)
	h.opened = false
}

func (h *htmlWriter) Gap(g Gap) error {
	if !h.gaps.next(htmlGaps) {
		return nil
	}
	reason, object := g.Reason, ""
	if g.Allowed {
		reason += " (allowed)"
	}
	if g.Object != nil {
		object = g.Object.String()
	}
	text := strings.TrimPrefix(Gap{Text: g.Text, Constraints: g.Constraints}.text(), "not judged: ")
	h.gaps.put("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>\n", g.Position.String(), reason, object, text)
	return nil
}

func (h *htmlWriter) Suppressed(f Finding, by Suppression) error {
	if !h.suppressed.next(htmlRows) {
		return nil
	}
	where := ""
	if by.Position != f.Place.Start {
		where = by.Position.String()
	}
	h.suppressed.put("<tr><th scope=\"row\">{}</th><td>{} {}</td><td>{}</td><td>{}<br>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
		f.Place.Start.String(), f.Action, f.Rule, f.text(), by.Kind, where, by.Reason, by.Until, by.Owner)
	return nil
}

func (h *htmlWriter) Note(n Note) error {
	if h.notes.next(htmlRows) {
		h.notes.put("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>\n", n.Position.String(), n.Kind, n.Text)
	}
	return nil
}

func (h *htmlWriter) Skip(s Skip) error {
	if h.skips.next(htmlRows) {
		h.skips.put("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", s.Position.String(), s.Text)
	}
	return nil
}

func (h *htmlWriter) Close(s Summary) error {
	h.settle()
	h.endFile()
	var page fragment
	h.head(&page, s)
	h.gapSection(&page, s)
	h.ruleSection(&page)
	h.fileSection(&page)
	h.workloadSection(&page)
	fold(&page, "suppressed", "Suppressed", "finding", &h.suppressed, "Place", "Rule", "Finding", "By", "Reason", "Until", "Owner")
	fold(&page, "notes", "Notes", "note", &h.notes, "Place", "Kind", "Note")
	fold(&page, "no-manifest", "No manifests", "document", &h.skips, "Place", "What it is")
	page.put("</main>\n<script>")
	page.WriteString(htmlScript)
	page.put("</script>\n</body>\n</html>\n")
	out := bufio.NewWriter(h.out)
	if _, err := page.WriteTo(out); err != nil {
		return err
	}
	return out.Flush()
}

// hashed is how a Content-Security-Policy names the one style or script that it allows.
func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// tally is the number of findings by action, the strictest first.
func tally(counts map[string]int) string {
	text := ""
	for _, action := range actions {
		if n := counts[action]; n > 0 {
			if text != "" {
				text += ", "
			}
			text += strconv.Itoa(n) + " " + action
		}
	}
	return text
}
