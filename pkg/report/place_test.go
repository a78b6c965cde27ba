package report_test

import (
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/report"
)

// The name of a file is no line of its own: CI systems take commands from what is printed.
func TestTextKeepsNamesOnALine(t *testing.T) {
	const name, want = "a\n::error::b\x1b[2J.yaml", `a\n::error::b\x1b[2J.yaml`
	at := manifest.Position{File: name, Line: 1, Column: 1}
	f := finding(1, "deny", "r", "m")
	f.Place.Start = at
	var out, errs strings.Builder
	w := report.Text(&out, &errs, report.TextOptions{Verbose: true})
	for _, err := range []error{
		w.Finding(f), w.Gap(report.Gap{Position: at, Text: "g"}), w.Skip(report.Skip{Position: at, Text: "s"}),
		w.Note(report.Note{Position: at, Kind: report.NoteAssumed, Text: "n"}), w.Close(report.Summary{}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for text, n := range map[string]int{out.String(): 1, errs.String(): 3} {
		if strings.Contains(text, name) || strings.Count(text, want) != n {
			t.Errorf("the report is %q, want %q in it %d times", text, want, n)
		}
	}
}
