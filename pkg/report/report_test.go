package report_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/report"
)

func at(line, column int) manifest.Position {
	return manifest.Position{File: "a.yaml", Line: line, Column: column}
}

func finding(line int, action, rule, message string) report.Finding {
	return report.Finding{
		Place:      manifest.Place{Start: at(line, 3), End: at(line, 9)},
		Action:     action,
		Rule:       rule,
		Constraint: report.Constraint{Kind: "K", Name: rule},
		Object:     report.Object{APIVersion: "v1", Kind: "Pod", Name: "p"},
		Message:    message,
	}
}

func inTemplate(f report.Finding, path ...any) report.Finding {
	f.Template = path
	return f
}

func framed(f report.Finding) report.Finding {
	f.Frame = report.Frame{First: 3, Lines: []string{"spec:", "\té: longer"}}
	f.Place.Related = []manifest.Related{{Position: at(1, 1), Note: "anchor"}}
	return f
}

var events = func(w report.Writer) error {
	return errors.Join(
		w.Finding(framed(finding(4, "deny", "r", "bad <b> & \"q\"\nsecond\x1b[31m"))),
		w.Finding(inTemplate(finding(7, "deny", "r", "worse"), "spec", "groups", 0, "template")),
		w.Suppressed(finding(7, "warn", "r", "known"), report.Suppression{Kind: report.SuppressedByBaseline, Owner: "shop"}),
		w.Note(report.Note{Position: at(7, 1), Kind: report.NoteAssumed, Text: "a request"}),
		w.Note(report.Note{Kind: report.NoteUnused, Text: "an entry"}),
		w.Skip(report.Skip{Position: at(8, 1), Text: "a list"}),
		w.Gap(report.Gap{Position: at(9, 2), Reason: "unreadable", Text: "tabs"}),
		w.Gap(report.Gap{Position: at(10, 1), Reason: "namespace unknown", Text: "no namespace", Object: &report.Object{Kind: "Pod"}, Constraints: []report.Constraint{{Kind: "K", Name: "a"}, {Kind: "K", Name: "b"}}}),
		w.Close(summary),
	)
}

var summary = report.Summary{
	Files: 1, Objects: 2, PodTemplates: 1, Constraints: 3, Judged: 4,
	Violations:  map[string]int{"deny": 1, "dryrun": 2},
	NotJudged:   map[string]int{"unreadable": 1, "namespace unknown": 2},
	NotManifest: 1,
}

func TestText(t *testing.T) {
	const counts = "2 objects and 1 pod template, 3 constraints, 4 pairs judged, 3 violations (1 deny, 2 dryrun), 3 not judged (2 namespace unknown, 1 unreadable), 1 document without manifest\n"
	for _, tc := range []struct {
		options   report.TextOptions
		out, errs string
	}{
		{
			report.TextOptions{},
			`a.yaml:4:3: deny: bad <b> & "q"\nsecond\x1b[31m [r]` + "\na.yaml:7:3: deny: pod template spec.groups[0].template: worse [r]\n",
			"unused: an entry\na.yaml:9:2: not judged: tabs\na.yaml:10:1: not judged: no namespace [K/a, K/b]\n" + counts,
		},
		{
			report.TextOptions{Color: true, Verbose: true},
			"\x1b[1ma.yaml:4:3\x1b[0m: \x1b[31mdeny\x1b[0m: " + `bad <b> & "q"\nsecond\x1b[31m` + " [\x1b[2mr\x1b[0m]\n  3 | spec:\n  4 | \té: longer\n    | \t ^^^^^^\n    = a.yaml:1:1: anchor\n\x1b[1ma.yaml:7:3\x1b[0m: \x1b[31mdeny\x1b[0m: pod template spec.groups[0].template: worse [\x1b[2mr\x1b[0m]\n",
			"a.yaml:7:3: suppressed by baseline: warn: known [r]\na.yaml:7:1: assumed: a request\nunused: an entry\na.yaml:8:1: no manifest: a list\na.yaml:9:2: not judged: tabs\na.yaml:10:1: not judged: no namespace [K/a, K/b]\n" + counts,
		},
	} {
		var out, errs strings.Builder
		if err := events(report.Text(&out, &errs, tc.options)); err != nil {
			t.Error(err)
		}
		if out.String() != tc.out || errs.String() != tc.errs {
			t.Errorf("Text(%+v): got\n%q\n%q\nwant\n%q\n%q", tc.options, out.String(), errs.String(), tc.out, tc.errs)
		}
	}
}

func TestJSON(t *testing.T) {
	var out strings.Builder
	if err := events(report.JSON(&out, report.JSONOptions{})); err != nil {
		t.Error(err)
	}
	golden(t, "events.json", out.String())
	out.Reset()
	if err := report.JSON(&out, report.JSONOptions{}).Close(report.Summary{}); err != nil {
		t.Error(err)
	}
	var empty map[string]any
	if err := json.Unmarshal([]byte(out.String()), &empty); err != nil {
		t.Errorf("an empty report is %s (%v)", out.String(), err)
	}
	for _, list := range []string{"findings", "suppressed", "notJudged", "notManifest", "notes", "ledger"} {
		if entries, ok := empty[list].([]any); !ok || len(entries) > 0 {
			t.Errorf("%s of an empty report is %v, want an empty list", list, empty[list])
		}
	}
}

func TestCompare(t *testing.T) {
	want := []report.Finding{
		finding(1, "warn", "b", "z"),
		finding(2, "deny", "b", "a"),
		finding(2, "warn", "a", "a"),
		finding(2, "warn", "b", "a"),
		finding(2, "warn", "b", "b"),
		finding(2, "dryrun", "a", "a"),
	}
	got := []report.Finding{want[4], want[2], want[5], want[0], want[3], want[1]}
	slices.SortFunc(got, report.Compare)
	for i := range want {
		if got[i].Place.Start != want[i].Place.Start || got[i].Action != want[i].Action || got[i].Rule != want[i].Rule || got[i].Message != want[i].Message {
			t.Errorf("finding %d = %+v, want %+v", i, got[i], want[i])
		}
	}
}

// TestFullDisk wants an error of the output to come back.
func TestFullDisk(t *testing.T) {
	for name, w := range map[string]report.Writer{"text": report.Text(full{}, full{}, report.TextOptions{}), "json": report.JSON(full{}, report.JSONOptions{})} {
		if err := events(w); !errors.Is(err, errFull) {
			t.Errorf("%s: error = %v, want that of the output", name, err)
		}
	}
}

var errFull = errors.New("no space left on device")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestTextHidesNothing wants names of files and texts of manifests to stay on their lines,
// and no character to act on the terminal.
func TestTextHidesNothing(t *testing.T) {
	hostile := manifest.Position{File: "a\n::error::b\x1b[2J.yaml", Line: 1, Column: 2}
	const text, shown = "c\u009b31m\u202ed\r\u2028\u200de\tf", "c\\u009b31m\\u202ed\\r\\u2028\u200de\tf"
	f := finding(1, "deny", "r", text)
	f.Place = manifest.Place{Start: hostile, Related: []manifest.Related{{Position: hostile, Note: text}}}
	f.Frame = report.Frame{First: 1, Lines: []string{text}}
	f.Derived = true
	var out, errs strings.Builder
	w := report.Text(&out, &errs, report.TextOptions{Verbose: true})
	if err := errors.Join(
		w.Finding(f),
		w.Suppressed(f, report.Suppression{Kind: report.SuppressedByComment, Reason: text}),
		w.Note(report.Note{Position: hostile, Kind: report.NoteUnused, Text: text}),
		w.Gap(report.Gap{Position: hostile, Text: text}),
		w.Skip(report.Skip{Position: hostile, Text: text}),
		w.Close(report.Summary{}),
	); err != nil {
		t.Fatal(err)
	}
	const at = `a\n::error::b\x1b[2J.yaml:1:2: `
	wantOut := at + "deny: " + shown + " [r]\n  1 | " + shown + "\n    = the rule names no place; this one is derived\n    = " + at + shown + "\n"
	wantErrs := at + "suppressed by comment (" + shown + "): deny: " + shown + " [r]\n" + at + "unused: " + shown + "\n" + at + "not judged: " + shown + "\n" + at + "no manifest: " + shown + "\n" + report.Summary{}.String() + "\n"
	if out.String() != wantOut || errs.String() != wantErrs {
		t.Errorf("got %q and %q,\nwant %q and %q", out.String(), errs.String(), wantOut, wantErrs)
	}
}

// TestJSONLines wants a line to be there as soon as its event is.
func TestJSONLines(t *testing.T) {
	var out strings.Builder
	w := report.JSON(&out, report.JSONOptions{Lines: true, Point: "p"})
	if err := w.Skip(report.Skip{Position: at(1, 1), Text: "a list"}); err != nil {
		t.Fatal(err)
	}
	const want = `{"run": {"enforcementPoint":"p","constraints":[]}}` + "\n" + `{"notManifest": {"file":"a.yaml","line":1,"column":1,"text":"a list"}}` + "\n"
	if got := out.String(); got != want {
		t.Errorf("after one event: got\n%s\nwant\n%s", got, want)
	}
}
