package report_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/report"
)

var update = flag.Bool("update", false, "rewrite testdata")

// sample writes a run that has one of everything, with names that mean something to the
// formats.
func sample(w report.Writer) error {
	const odd = "dir, 1/a:b%é.yaml"
	object := func(name string) report.Object {
		return report.Object{APIVersion: "v1", Kind: "Pod", Namespace: "shop", Name: name}
	}
	found := func(file string, line int, action, rule, severity, constraint, name, message string, path ...any) report.Finding {
		return report.Finding{
			Place: manifest.Place{
				Start: manifest.Position{File: file, Line: line, Column: 3},
				End:   manifest.Position{File: file, Line: line, Column: 9},
			},
			Action: action, Rule: rule, Severity: severity, Constraint: report.Constraint{Kind: "K" + rule, Name: constraint},
			Object: object(name), Message: message, Details: map[string]any{"path": path},
		}
	}
	tell := func(name, file string, line int) error {
		return w.Object(report.Entry{
			Object: object(name), Position: manifest.Position{File: file, Line: line, Column: 1},
			Fates: []report.Fate{{Status: report.Judged}, {report.NotMatched, "kinds"}, {report.NotJudged, "namespace unknown"}},
		})
	}
	warned := found("./a.yaml", 4, "warn", "low-rule", "low", "c-warn", "web", "a | <b> # *c*\nd", "spec", 0)
	denied := found("./a.yaml", 5, "deny", "high-rule", "high", "c-deny", "web", "100% [of] it", "spec", "a")
	denied.Place.Related = []manifest.Related{{Position: manifest.Position{File: "./a.yaml", Line: 2, Column: 5}, Note: "the anchor"}}
	before := found("./a.yaml", 4, "warn", "high-rule", "high", "c-warn", "web", "first", "spec", "0")
	again := found("./a.yaml", 6, "warn", "high-rule", "high", "c-warn", "web", "and more", "spec", "b")
	again.Template = []any{"spec", "template"}
	long := found(odd, 3, "deny", "high-rule", "high", "c-deny", "data", "same field", "spec", "a")
	long.Place.End.Line = 7
	twin := long
	twin.Message = "same field, other message"
	unlisted := found(odd, 8, "dryrun", "KCustom", "", "c", "data", "nothing is known of the rule")
	unlisted.Details = map[string]any{}
	hidden := found("./a.yaml", 7, "deny", "high-rule", "high", "c-deny", "web", "accepted", "spec", "c")
	constraints := []report.Constraint{{Kind: "K", Name: "a"}, {Kind: "K", Name: "b"}}
	web := object("web")
	return errors.Join(
		tell("fine", "./a.yaml", 1),
		tell("web", "./a.yaml", 2),
		w.Finding(warned), w.Finding(before), w.Finding(denied), w.Finding(again),
		w.Suppressed(hidden, report.Suppression{Kind: report.SuppressedByComment, Reason: "measured | it", Until: "2027-01-31", Position: manifest.Position{File: "./a.yaml", Line: 3, Column: 20}}),
		w.Note(report.Note{Position: manifest.Position{File: "./a.yaml", Line: 2, Column: 1}, Kind: report.NoteAssumed, Text: "requests from limits", Object: &web}),
		w.Gap(report.Gap{Position: manifest.Position{File: "./a.yaml", Line: 2, Column: 1}, Reason: "namespace unknown", Text: "namespace unknown: shop", Object: &web, Constraints: constraints}),
		tell("data", odd, 2),
		w.Finding(long), w.Finding(twin), w.Finding(unlisted),
		w.Skip(report.Skip{Position: manifest.Position{File: odd, Line: 9, Column: 1}, Text: "a list"}),
		tell("last", odd, 10),
		w.Gap(report.Gap{Position: manifest.Position{File: odd, Line: 12, Column: 1}, Reason: "unreadable", Text: "a tab"}),
		w.Gap(report.Gap{Position: manifest.Position{File: "/gone.yaml"}, Reason: "unreadable", Text: "permission denied"}),
		w.Gap(report.Gap{Position: manifest.Position{File: "late.yaml"}, Reason: "not built", Text: "remote base", Allowed: true}),
		w.Close(report.Summary{
			Files: 3, Objects: 4, Constraints: 3, Judged: 10,
			Violations: map[string]int{"deny": 3, "warn": 3, "dryrun": 1}, Suppressed: map[string]int{"comment": 1},
			NotJudged: map[string]int{"unreadable": 2, "namespace unknown": 2, "not built": 1}, Allowed: 1,
		}),
	)
}

var jsonOptions = report.JSONOptions{
	Constraints: []report.Constraint{{Kind: "K", Name: "a"}, {Kind: "K", Name: "b"}, {Kind: "K", Name: "c"}},
	Point:       "gator.gatekeeper.sh", Version: "v1.2.3",
}

var sarifOptions = report.SARIFOptions{Version: "v1.2.3", Rule: func(id string) report.Rule {
	if id == "KCustom" {
		return report.Rule{}
	}
	return report.Rule{
		Title: "Title of " + id, Description: "What it is about.", Remedy: "What to do.", Help: "# Title\n\nAll of it.",
		URI: "https://example.org/" + id, Tags: []string{"memory"},
	}
}}

// TestFormats wants the sample in each format to be what testdata holds.
func TestFormats(t *testing.T) {
	var summary strings.Builder
	for _, tc := range []struct {
		file  string
		write func(out *strings.Builder) report.Writer
	}{
		{"sample.sarif", func(out *strings.Builder) report.Writer { return report.SARIF(out, sarifOptions) }},
		{"junit.xml", func(out *strings.Builder) report.Writer { return report.JUnit(out) }},
		{"github.txt", func(out *strings.Builder) report.Writer { return report.GitHub(out, &summary) }},
		{"gitlab.json", func(out *strings.Builder) report.Writer { return report.GitLab(out) }},
		{"sample.tap", func(out *strings.Builder) report.Writer { return report.TAP(out) }},
		{"sample.json", func(out *strings.Builder) report.Writer { return report.JSON(out, jsonOptions) }},
		{"lines.json", func(out *strings.Builder) report.Writer {
			lines := jsonOptions
			lines.Lines = true
			return report.JSON(out, lines)
		}},
	} {
		golden(t, tc.file, written(t, tc.write))
	}
	golden(t, "github.md", summary.String())
}

func written(t *testing.T, write func(out *strings.Builder) report.Writer) string {
	t.Helper()
	var out strings.Builder
	if err := sample(write(&out)); err != nil {
		t.Error(err)
	}
	return out.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

// TestSeveral wants all reports of a run to be as each is alone, and an error of one of
// them to come back.
func TestSeveral(t *testing.T) {
	var junit, json strings.Builder
	if err := sample(report.Several(report.JUnit(&junit), report.JSON(&json, report.JSONOptions{}))); err != nil {
		t.Error(err)
	}
	for name, pair := range map[string][2]string{
		"junit": {junit.String(), written(t, func(out *strings.Builder) report.Writer { return report.JUnit(out) })},
		"json":  {json.String(), written(t, func(out *strings.Builder) report.Writer { return report.JSON(out, report.JSONOptions{}) })},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: among several it is\n%s\nalone\n%s", name, pair[0], pair[1])
		}
	}
	if err := sample(report.Several(report.JSON(&json, report.JSONOptions{}), report.TAP(full{}))); !errors.Is(err, errFull) {
		t.Errorf("error = %v, want that of the second output", err)
	}
}

// TestFullDiskFormats wants an error of the output to come back.
func TestFullDiskFormats(t *testing.T) {
	var out strings.Builder
	for name, w := range map[string]report.Writer{
		"sarif": report.SARIF(full{}, sarifOptions), "junit": report.JUnit(full{}), "github": report.GitHub(full{}, nil),
		"github's summary": report.GitHub(&out, full{}), "gitlab": report.GitLab(full{}), "tap": report.TAP(full{}),
	} {
		if err := sample(w); !errors.Is(err, errFull) {
			t.Errorf("%s: error = %v, want that of the output", name, err)
		}
	}
}
