package report

import (
	"bufio"
	"encoding/json"
	"io"
	"strings"

	"github.com/memgate/memgate/pkg/manifest"
)

// JSON writes one object: findings, notJudged, notManifest and summary. Findings are
// written as they come, the other lists at the end.
func JSON(out io.Writer) Writer {
	return &jsonWriter{out: bufio.NewWriter(out)}
}

type jsonWriter struct {
	out      *bufio.Writer
	findings int
	gaps     []gapJSON
	skips    []skipJSON
}

type findingJSON struct {
	place
	Action     string        `json:"action"`
	Rule       string        `json:"rule"`
	Severity   string        `json:"severity,omitempty"`
	Constraint Constraint    `json:"constraint"`
	Object     Object        `json:"object"`
	Template   []any         `json:"podTemplate,omitempty"`
	Message    string        `json:"message"`
	Details    any           `json:"details,omitempty"`
	Related    []relatedJSON `json:"related,omitempty"`
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
	Object      *Object      `json:"object,omitempty"`
	Constraints []Constraint `json:"constraints,omitempty"`
}

type skipJSON struct {
	place
	Text string `json:"text"`
}

func placeOf(start, end manifest.Position) place {
	return place{start.File, start.Line, start.Column, end.Line, end.Column}
}

func (w *jsonWriter) Finding(f Finding) error {
	entry := findingJSON{
		place:  placeOf(f.Place.Start, f.Place.End),
		Action: f.Action, Rule: f.Rule, Severity: f.Severity, Constraint: f.Constraint, Object: f.Object, Template: f.Template,
		Message: f.Message, Details: f.Details,
	}
	for _, r := range f.Place.Related {
		entry.Related = append(entry.Related, relatedJSON{placeOf(r.Position, manifest.Position{}), r.Note})
	}
	separator := ",\n"
	if w.findings == 0 {
		separator = "{\"findings\": [\n"
	}
	w.findings++
	return w.write(separator, entry)
}

// write writes a value on one line, after a separator.
func (w *jsonWriter) write(separator string, value any) error {
	text, err := marshal(value)
	if err != nil {
		return err
	}
	_, err = w.out.WriteString(separator + text)
	return err
}

// marshal is json.Marshal without escapes for HTML, which messages do not need.
func marshal(value any) (string, error) {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return strings.TrimSuffix(b.String(), "\n"), err
}

func (w *jsonWriter) Gap(g Gap) error {
	w.gaps = append(w.gaps, gapJSON{placeOf(g.Position, manifest.Position{}), g.Reason, g.Text, g.Object, g.Constraints})
	return nil
}

func (w *jsonWriter) Skip(s Skip) error {
	w.skips = append(w.skips, skipJSON{placeOf(s.Position, manifest.Position{}), s.Text})
	return nil
}

func (w *jsonWriter) Close(s Summary) error {
	separator := "\n],\n"
	if w.findings == 0 {
		separator = "{\"findings\": [],\n"
	}
	if w.gaps == nil {
		w.gaps = []gapJSON{}
	}
	if w.skips == nil {
		w.skips = []skipJSON{}
	}
	for _, part := range []struct {
		separator string
		value     any
	}{
		{separator + "\"notJudged\": ", w.gaps},
		{",\n\"notManifest\": ", w.skips},
		{",\n\"summary\": ", s},
	} {
		if err := w.write(part.separator, part.value); err != nil {
			return err
		}
	}
	if _, err := w.out.WriteString("}\n"); err != nil {
		return err
	}
	return w.out.Flush()
}
