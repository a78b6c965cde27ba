package verify_test

import (
	"reflect"
	"testing"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/verify"
)

// TestCoverage runs two tests of one template, whose module is written in one line and its
// lib line by line, and one of a template in CEL.
func TestCoverage(t *testing.T) {
	write(t, map[string]string{
		"suite.yaml": head + `
tests:
- name: one
  template: template.yaml
  constraint: constraint.yaml
  cases: [{name: a, object: a.yaml, assertions: [{violations: 1}]}]
- name: two
  template: sub/../template.yaml
  constraint: constraint.yaml
  cases: [{name: b, object: b.yaml, inventory: [a.yaml], assertions: [{violations: 2}]}]
- name: cel
  template: cel.yaml
  constraint: cel-constraint.yaml
  cases: [{name: a, object: a.yaml, assertions: [{violations: no}]}]
`,
		"template.yaml": `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: names}
spec:
  crd: {spec: {names: {kind: Names}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: "package names\n\nimport data.lib.l\n\nviolation[{\"msg\": \"a\"}] {\n  l.short(input.review.object.metadata.name)\n}\n\nviolation[{\"msg\": \"b\"}] {\n  l.is_b(input.review.object.metadata.name)\n  true\n}\n\nviolation[{\"msg\": \"c\"}] {\n  false\n  true\n  true\n}\n"
    libs:
    - |
      package lib.l

      short(name) {
        count(name) < 3
      }

      is_b(name) {
        sprintf("%s", [name]) == "b"
      }

      unused(name) {
        true
      }
`,
		"constraint.yaml":     "{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Names, metadata: {name: names}}",
		"cel-constraint.yaml": "{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Cel, metadata: {name: cel}}",
		"cel.yaml": `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: cel}
spec:
  crd: {spec: {names: {kind: Cel}}}
  targets: [{target: admission.k8s.gatekeeper.sh, code: [{engine: K8sNativeValidation, source: {validations: [{expression: "true", message: m}]}}]}]
`,
		"a.yaml": "{apiVersion: v1, kind: Pod, metadata: {name: a}}",
		"b.yaml": "{apiVersion: v1, kind: Pod, metadata: {name: b}}",
	})
	r := run(t, verify.Options{Client: client(engine.Options{Engine: engine.Topdown, Cover: true}), Threshold: 70}, ".")
	share := func(covered, lines int) verify.Share {
		if lines == 0 {
			return verify.Share{Percent: 100}
		}
		return verify.Share{Covered: covered, Lines: lines, Percent: 100 * float64(covered) / float64(lines)}
	}
	want := []verify.Coverage{
		{Template: "Cel", File: "cel.yaml", Share: share(0, 0), Modules: []verify.Module{}},
		{Template: "Names", File: "template.yaml", Share: share(10, 15), Short: true, Modules: []verify.Module{
			{Name: "rego", Share: share(6, 9), Missing: []int{14, 16, 17}, LinesOf: "module"},
			{Name: "libs[0]", Share: share(4, 6), Missing: []int{21, 22}, LinesOf: "file"},
		}},
	}
	if !reflect.DeepEqual(r.Coverage, want) {
		t.Errorf("coverage\n got %#v\nwant %#v", r.Coverage, want)
	}
	if r.Summary.CoverageShort != 1 || !r.Failed() {
		t.Errorf("summary %+v, want one template that is short, and a failure", r.Summary)
	}
	const lines = `ok	suite.yaml	0.000s
coverage	cel.yaml	Cel	no lines
coverage	template.yaml	Names	66.7% (10/15)	below the threshold
    rego	66.7% (6/9)	not covered: template.yaml: rego:14,16-17
    libs[0]	66.7% (4/6)	not covered: template.yaml:21-22
FAIL
`
	if got := asText(t, r, false); got != lines {
		t.Errorf("text\n got %s\nwant %s", got, lines)
	}
	for _, tc := range []struct {
		covered, lines int
		want           string
	}{{0, 0, "no lines"}, {0, 3, "0.0% (0/3)"}, {3, 3, "100.0% (3/3)"}, {9999, 10000, "99.9% (9999/10000)"}} {
		if got := share(tc.covered, tc.lines).String(); got != tc.want {
			t.Errorf("%d of %d lines: got %q, want %q", tc.covered, tc.lines, got, tc.want)
		}
	}
}
