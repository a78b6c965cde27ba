package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"

	"github.com/memgate/memgate/pkg/manifest"
)

// JSONOptions are what the events of a run do not say.
type JSONOptions struct {
	Constraints []Constraint // of the run, in its order
	Point       string       // enforcement point of the run
	Version     string       // of memgate; "" if unknown
	Lines       bool         // an object a line, as they come, instead of one object
}

// JSON writes one object, of the shape of docs/schemas/report.schema.json. Findings are
// written as they come, the other lists at the end. With Lines each entry of a list is an
// object on a line of its own, with the name of its list as the key, and nothing is held.
func JSON(out io.Writer, options JSONOptions) Writer {
	w := &jsonWriter{out: bufio.NewWriter(out), options: options}
	for i := range w.lists {
		w.lists[i].name = jsonLists[i]
	}
	return w
}

// The lists of a report, in their order.
const (
	listFindings = iota
	listSuppressed
	listNotJudged
	listNotManifest
	listNotes
	listLedger
)

var jsonLists = [...]string{"findings", "suppressed", "notJudged", "notManifest", "notes", "ledger"}

type jsonWriter struct {
	out     *bufio.Writer
	options JSONOptions
	begun   bool
	lists   [len(jsonLists)]jsonList
}

// A jsonList is a list that is written when all of it is known.
type jsonList struct {
	name string
	n    int
	text bytes.Buffer // its entries, with commas
}

type findingJSON struct {
	place
	Derived     bool             `json:"derived,omitempty"`
	Action      string           `json:"action"`
	Rule        string           `json:"rule"`
	Severity    string           `json:"severity,omitempty"`
	Constraint  Constraint       `json:"constraint"`
	Object      Object           `json:"object"`
	Template    []any            `json:"podTemplate,omitempty"`
	Implied     string           `json:"implied,omitempty"`
	Field       string           `json:"field,omitempty"`
	Message     string           `json:"message"`
	Details     any              `json:"details,omitempty"`
	Fingerprint string           `json:"fingerprint"`
	Related     []relatedJSON    `json:"related,omitempty"`
	Suppression *suppressionJSON `json:"suppression,omitempty"`
}

type suppressionJSON struct {
	Kind   string `json:"kind"`
	Reason string `json:"reason,omitempty"`
	Until  string `json:"until,omitempty"`
	Owner  string `json:"owner,omitempty"`
	*place
}

type place struct {
	File      string `json:"file"`
	Line      int    `json:"line,omitempty"`
	Column    int    `json:"column,omitempty"`
	EndLine   int    `json:"endLine,omitempty"`
	EndColumn int    `json:"endColumn,omitempty"`
}

type relatedJSON struct {
	place
	Note string `json:"note"`
}

type gapJSON struct {
	place
	Reason      string       `json:"reason"`
	Text        string       `json:"text"`
	Allowed     bool         `json:"allowed,omitempty"`
	Object      *Object      `json:"object,omitempty"`
	Constraints []Constraint `json:"constraints,omitempty"`
}

type skipJSON struct {
	place
	Text string `json:"text"`
}

type noteJSON struct {
	place
	Kind   string  `json:"kind"`
	Text   string  `json:"text"`
	Object *Object `json:"object,omitempty"`
}

// An entryJSON has indices into the list of constraints.
type entryJSON struct {
	place
	Object      Object           `json:"object"`
	Template    []any            `json:"podTemplate,omitempty"`
	Implied     string           `json:"implied,omitempty"`
	Judged      []int            `json:"judged"`
	NotMatched  map[string][]int `json:"notMatched,omitempty"`
	NotEnforced []int            `json:"notEnforced,omitempty"`
	Excluded    map[string][]int `json:"excluded,omitempty"`
	NotJudged   map[string][]int `json:"notJudged,omitempty"`
}

func placeOf(start, end manifest.Position) place {
	return place{start.File, start.Line, start.Column, end.Line, end.Column}
}

func at(position manifest.Position) place { return placeOf(position, manifest.Position{}) }

func (w *jsonWriter) Object(e Entry) error {
	entry := entryJSON{place: at(e.Position), Object: e.Object, Template: e.Template, Implied: e.Implied, Judged: []int{}}
	add := func(lists *map[string][]int, by string, i int) {
		if *lists == nil {
			*lists = map[string][]int{}
		}
		(*lists)[by] = append((*lists)[by], i)
	}
	for i, fate := range e.Fates {
		switch fate.Status {
		case Judged:
			entry.Judged = append(entry.Judged, i)
		case NotEnforced:
			entry.NotEnforced = append(entry.NotEnforced, i)
		case NotMatched:
			add(&entry.NotMatched, fate.By, i)
		case Excluded:
			add(&entry.Excluded, fate.By, i)
		case NotJudged:
			add(&entry.NotJudged, fate.By, i)
		}
	}
	return w.add(listLedger, entry)
}

func (w *jsonWriter) Finding(f Finding) error { return w.add(listFindings, jsonFinding(f)) }

func (w *jsonWriter) Suppressed(f Finding, by Suppression) error {
	entry := jsonFinding(f)
	entry.Suppression = &suppressionJSON{Kind: by.Kind, Reason: by.Reason, Until: by.Until, Owner: by.Owner}
	if by.Position.File != "" {
		written := at(by.Position)
		entry.Suppression.place = &written
	}
	return w.add(listSuppressed, entry)
}

func jsonFinding(f Finding) findingJSON {
	entry := findingJSON{
		place: placeOf(f.Place.Start, f.Place.End), Derived: f.Derived,
		Action: f.Action, Rule: f.Rule, Severity: f.Severity, Constraint: f.Constraint, Object: f.Object, Template: f.Template, Implied: f.Implied,
		Field: f.Field, Message: f.Message, Details: f.Details, Fingerprint: Fingerprint(f),
	}
	for _, r := range f.Place.Related {
		entry.Related = append(entry.Related, relatedJSON{at(r.Position), r.Note})
	}
	return entry
}

func (w *jsonWriter) Gap(g Gap) error {
	return w.add(listNotJudged, gapJSON{at(g.Position), g.Reason, g.Text, g.Allowed, g.Object, g.Constraints})
}

func (w *jsonWriter) Skip(s Skip) error {
	return w.add(listNotManifest, skipJSON{at(s.Position), s.Text})
}

func (w *jsonWriter) Note(n Note) error {
	return w.add(listNotes, noteJSON{at(n.Position), n.Kind, n.Text, n.Object})
}

// add writes an entry of a list: at once where it is a line or a finding.
func (w *jsonWriter) add(index int, entry any) error {
	text, err := marshal(entry)
	if err != nil {
		return err
	}
	if err := w.begin(); err != nil {
		return err
	}
	list := &w.lists[index]
	if w.options.Lines {
		w.line(list.name, text)
		return w.out.Flush()
	}
	separator := ",\n"
	if list.n == 0 {
		separator = "\n"
	}
	list.n++
	if index == listFindings {
		_, err = w.out.WriteString(separator + text)
		return err
	}
	list.text.WriteString(separator)
	list.text.WriteString(text)
	return nil
}

func (w *jsonWriter) line(name, text string) {
	w.out.WriteString(`{"`)
	w.out.WriteString(name)
	w.out.WriteString(`": `)
	w.out.WriteString(text)
	w.out.WriteString("}\n")
}

// begin writes what comes first: of lines what the run is, of an object its first list.
func (w *jsonWriter) begin() error {
	if w.begun {
		return nil
	}
	w.begun = true
	if !w.options.Lines {
		_, err := w.out.WriteString(`{"findings": [`)
		return err
	}
	text, err := marshal(w.run())
	w.line("run", text)
	return err
}

type runJSON struct {
	Version     string       `json:"version,omitempty"`
	Point       string       `json:"enforcementPoint"`
	Constraints []Constraint `json:"constraints"`
}

func (w *jsonWriter) run() runJSON {
	return runJSON{w.options.Version, w.options.Point, append([]Constraint{}, w.options.Constraints...)}
}

func (w *jsonWriter) Close(s Summary) error {
	if err := w.begin(); err != nil {
		return err
	}
	counts, err := marshal(s)
	if err != nil {
		return err
	}
	if w.options.Lines {
		w.line("summary", counts)
		return w.out.Flush()
	}
	for i := range w.lists {
		list := &w.lists[i]
		if i > 0 {
			w.out.WriteString(`"` + list.name + `": [`)
			w.out.Write(list.text.Bytes())
		}
		if list.n > 0 {
			w.out.WriteByte('\n')
		}
		w.out.WriteString("],\n")
	}
	run, err := marshal(w.run())
	if err != nil {
		return err
	}
	w.out.WriteString(`"run": ` + run + ",\n" + `"summary": ` + counts + "}\n")
	return w.out.Flush() // with the first error of writing
}

// marshal is json.Marshal without escapes for HTML, which messages do not need.
func marshal(value any) (string, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), err
}
