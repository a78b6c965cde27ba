package engine

import (
	"fmt"
	"strings"
	"testing"
)

// Line numbers matter here. The index of OPA looks at review.name before line 10.
const (
	coverA = `package a

import data.lib.names

violation contains {"msg": "long"} if {
	names.long(input.review.object)
}

violation contains {"msg": "short"} if {
	not names.long(input.review.object)
	input.review.name == "x"; input.review.name != "y"
	msg := "never"
	msg == "reached"
}

default unused := false
`
	coverB = `package b

import data.lib.names

violation contains {"msg": "b"} if names.short(input.review.object)
`
	coverLib = `package lib.names

long(object) if {
	count(object.metadata.name) > 8
}

short(object) if {
	count(object.metadata.name) < 3
}
`
	coverCEL = `---
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: c}
spec:
  crd: {spec: {names: {kind: C}}}
  targets: [{target: admission.k8s.gatekeeper.sh, code: [{engine: K8sNativeValidation, source: {validations: [{expression: "true", message: m}]}}]}]
`
)

func coverageText(found []Coverage) string {
	var b strings.Builder
	for _, c := range found {
		fmt.Fprintf(&b, "%s", c.Template.Kind)
		for _, m := range c.Modules {
			fmt.Fprintf(&b, " | %d: %v not %v", m.Lib, m.Covered, m.Missing)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestCoverage(t *testing.T) {
	policies := []string{
		template("A", coverA, coverLib), template("B", coverB, "package lib.other\n", coverLib), coverCEL,
		constraint("A", "a", "{}"), constraint("B", "b", "{}"), constraint("C", "c", "{}"),
	}
	c := newClient(t, Options{Engine: Topdown, Cover: true}, policies...)
	for _, step := range []struct{ review, want string }{
		{"", `A | -1: [] not [5 6 9 10 11 12 13 16] | 0: [] not [3 4 7 8]
B | -1: [] not [5] | 0: [] not [] | 1: [] not [3 4 7 8]
C
`},
		{"{apiVersion: v1, kind: Pod, metadata: {name: web}}", `A | -1: [6] not [5 9 10 11 12 13 16] | 0: [4] not [3 7 8]
B | -1: [5] not [] | 0: [] not [] | 1: [8] not [3 4 7]
C
`},
		{"{apiVersion: v1, kind: Pod, metadata: {name: web-of-shops}}", `A | -1: [5 6] not [9 10 11 12 13 16] | 0: [3 4] not [7 8]
B | -1: [5] not [] | 0: [] not [] | 1: [8] not [3 4 7]
C
`},
		{"{apiVersion: v1, kind: Pod, metadata: {name: x}}", `A | -1: [5 6 10 11 12 13] not [9 16] | 0: [3 4] not [7 8]
B | -1: [5] not [] | 0: [] not [] | 1: [7 8] not [3 4]
C
`},
	} {
		if step.review != "" {
			c.Review(t.Context(), reviewOf(t, step.review))
		}
		if got := coverageText(c.Coverage()); got != step.want {
			t.Errorf("Coverage after %q: got\n%s\nwant\n%s", step.review, got, step.want)
		}
	}
	if got := newClient(t, Options{Engine: Topdown}, policies...).Coverage(); got != nil {
		t.Errorf("Coverage without Options.Cover = %v, want none", got)
	}
	for _, name := range []string{"", VM, Verify} {
		want := fmt.Sprintf("engine %q neither notes lines nor prints, want topdown", name)
		if _, err := NewClient(newSet(t), Options{Engine: name, Cover: true}); fmt.Sprint(err) != want {
			t.Errorf("NewClient with Cover and engine %q: %v, want %s", name, err, want)
		}
	}
}
