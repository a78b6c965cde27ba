package report_test

import (
	"encoding/json"
	"errors"
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

var events = func(w report.Writer) error {
	return errors.Join(
		w.Finding(finding(4, "deny", "r", "bad <b> & \"q\"\nsecond\x1b[31m")),
		w.Finding(inTemplate(finding(7, "deny", "r", "worse"), "spec", "groups", 0, "template")),
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
	const counts = "2 objects and 1 pod template in custom resources, 3 constraints, 4 pairs judged, 3 violations (1 deny, 2 dryrun), 3 not judged (2 namespace unknown, 1 unreadable), 1 document without manifest\n"
	for _, tc := range []struct {
		options   report.TextOptions
		out, errs string
	}{
		{
			report.TextOptions{},
			`a.yaml:4:3: deny: bad <b> & "q"\nsecond\x1b[31m [r]` + "\na.yaml:7:3: deny: pod template spec.groups[0].template: worse [r]\n",
			"a.yaml:9:2: not judged: tabs\na.yaml:10:1: not judged: no namespace [K/a, K/b]\n" + counts,
		},
		{
			report.TextOptions{Color: true, Verbose: true},
			"\x1b[1ma.yaml:4:3\x1b[0m: \x1b[31mdeny\x1b[0m: " + `bad <b> & "q"\nsecond\x1b[31m` + " [\x1b[2mr\x1b[0m]\n\x1b[1ma.yaml:7:3\x1b[0m: \x1b[31mdeny\x1b[0m: pod template spec.groups[0].template: worse [\x1b[2mr\x1b[0m]\n",
			"a.yaml:8:1: no manifest: a list\na.yaml:9:2: not judged: tabs\na.yaml:10:1: not judged: no namespace [K/a, K/b]\n" + counts,
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
	const want = `{"findings": [
{"file":"a.yaml","line":4,"column":3,"endLine":4,"endColumn":9,"action":"deny","rule":"r","constraint":{"kind":"K","name":"r"},"object":{"apiVersion":"v1","kind":"Pod","name":"p"},"message":"bad <b> & \"q\"\nsecond\u001b[31m"},
{"file":"a.yaml","line":7,"column":3,"endLine":7,"endColumn":9,"action":"deny","rule":"r","constraint":{"kind":"K","name":"r"},"object":{"apiVersion":"v1","kind":"Pod","name":"p"},"podTemplate":["spec","groups",0,"template"],"message":"worse"}
],
"notJudged": [{"file":"a.yaml","line":9,"column":2,"reason":"unreadable","text":"tabs"},{"file":"a.yaml","line":10,"column":1,"reason":"namespace unknown","text":"no namespace","object":{"apiVersion":"","kind":"Pod","name":""},"constraints":[{"kind":"K","name":"a"},{"kind":"K","name":"b"}]}],
"notManifest": [{"file":"a.yaml","line":8,"column":1,"text":"a list"}],
"summary": {"files":1,"objects":2,"podTemplates":1,"constraints":3,"judged":4,"notMatched":0,"notEnforced":0,"violations":{"deny":1,"dryrun":2},"notJudged":{"namespace unknown":2,"unreadable":1},"notManifest":1}}
`
	var out strings.Builder
	if err := events(report.JSON(&out)); err != nil {
		t.Error(err)
	}
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	if err := report.JSON(&out).Close(report.Summary{}); err != nil {
		t.Error(err)
	}
	var empty struct{ Findings, NotJudged, NotManifest []any }
	if err := json.Unmarshal([]byte(out.String()), &empty); err != nil || empty.Findings == nil || empty.NotJudged == nil || empty.NotManifest == nil {
		t.Errorf("an empty report is %s (%v), want lists that are empty, not null", out.String(), err)
	}
}

func TestSort(t *testing.T) {
	want := []report.Finding{
		finding(1, "warn", "b", "z"),
		finding(2, "deny", "b", "a"),
		finding(2, "warn", "a", "a"),
		finding(2, "warn", "b", "a"),
		finding(2, "warn", "b", "b"),
		finding(2, "dryrun", "a", "a"),
	}
	got := []report.Finding{want[4], want[2], want[5], want[0], want[3], want[1]}
	report.Sort(got)
	for i := range want {
		if got[i].Place.Start != want[i].Place.Start || got[i].Action != want[i].Action || got[i].Rule != want[i].Rule || got[i].Message != want[i].Message {
			t.Errorf("finding %d = %+v, want %+v", i, got[i], want[i])
		}
	}
}

// TestFullDisk wants an error of the output to come back.
func TestFullDisk(t *testing.T) {
	for name, w := range map[string]report.Writer{"text": report.Text(full{}, full{}, report.TextOptions{}), "json": report.JSON(full{})} {
		if err := events(w); !errors.Is(err, errFull) {
			t.Errorf("%s: error = %v, want that of the output", name, err)
		}
	}
}

var errFull = errors.New("no space left on device")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
