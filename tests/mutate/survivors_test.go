package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestReadSurvivors(t *testing.T) {
	got, err := readSurvivors("list", `# a comment

policies/lib/a.rego: f: removed: x > 1
	no test can
	tell
policies/lib/a.rego: f: removed: x > 1 (2)
    the same
`)
	want := survivors{
		"policies/lib/a.rego: f: removed: x > 1":     "no test can tell",
		"policies/lib/a.rego: f: removed: x > 1 (2)": "the same",
	}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("readSurvivors: got %q, %v, want %q", got, err, want)
	}
}

func TestReadSurvivorsFaults(t *testing.T) {
	_, err := readSurvivors("list", "\twhy\nb\n# why\na\n\twhy\na\n\twhy\nc\n")
	want := []string{
		`list:1: "why" is a reason for nothing, want a mutant first`,
		`list:2: "b" has no reason, want it on the next line, indented`,
		`list:6: "a" is listed twice`,
		`list:8: "c" has no reason, want it on the next line, indented`,
	}
	if err == nil || err.Error() != strings.Join(want, "\n") {
		t.Errorf("readSurvivors: got error\n%v\nwant\n%s", err, strings.Join(want, "\n"))
	}
}

func TestCompare(t *testing.T) {
	m := func(text string) mutation {
		return mutation{rule: "f", kind: "removed", text: text, nth: 1, row: 3, col: 2}
	}
	verdicts := []verdict{
		{"a.rego", m("killed"), "test_f"},
		{"a.rego", m("listed"), ""},
		{"a.rego", m("new"), ""},
		{"a.rego", m("stale"), "test_f"},
	}
	list := survivors{
		"a.rego: f: removed: gone":   "why",
		"a.rego: f: removed: listed": "why",
		"a.rego: f: removed: stale":  "why",
		"b.rego: f: removed: x":      "why",
	}
	for _, tc := range []struct {
		chosen string
		want   []string
	}{
		{"^a", []string{
			"a.rego:3:2: f: removed: new",
			"a.rego:3:2: f: removed: stale [test_f]: listed as a survivor, and does not survive",
			"a.rego: f: removed: gone: listed as a survivor, and there is no such mutation",
		}},
		{"", []string{
			"a.rego:3:2: f: removed: new",
			"a.rego:3:2: f: removed: stale [test_f]: listed as a survivor, and does not survive",
			"a.rego: f: removed: gone: listed as a survivor, and there is no such mutation",
			"b.rego: f: removed: x: listed as a survivor, and there is no such mutation",
		}},
	} {
		if got := list.compare(verdicts, regexp.MustCompile(tc.chosen)); !slices.Equal(got, tc.want) {
			t.Errorf("compare, chosen %q:\ngot\n%s\nwant\n%s", tc.chosen, strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
		}
	}
}
