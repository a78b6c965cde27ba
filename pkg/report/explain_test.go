package report_test

import (
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/report"
)

// TestExplain wants each violation to be counted where it was found: in the object, in one
// of its pod templates, or in what an ExpansionTemplate makes of that.
func TestExplain(t *testing.T) {
	constraints := []report.Constraint{{Kind: "K8sA", Name: "a"}, {Kind: "K8sB", Name: "b"}}
	object := report.Object{APIVersion: "example.org/v1", Kind: "Fleet", Namespace: "shop", Name: "web"}
	other := report.Object{APIVersion: "v1", Kind: "Pod", Name: "other"}
	head, worker := []any{"spec", "head"}, []any{"spec", "workers", 0}
	at := manifest.Position{File: "a.yaml", Line: 1, Column: 1}
	judged, kinds := report.Fate{Status: report.Judged}, report.Fate{Status: report.NotMatched, By: "kinds"}
	var out strings.Builder
	e := report.Explain(&out, constraints, func(o report.Object) bool { return o.Name == "web" })
	for _, entry := range []report.Entry{
		{Position: at, Object: other, Fates: []report.Fate{judged, judged}},
		{Position: at, Object: object, Fates: []report.Fate{kinds, judged}},
		{Position: at, Object: object, Template: head, Fates: []report.Fate{judged, {Status: report.NotJudged, By: "evaluation error"}}},
		{Position: at, Object: object, Template: worker, Fates: []report.Fate{judged, {Status: report.NotEnforced}}},
		{Position: at, Object: object, Template: worker, Implied: "works", Fates: []report.Fate{judged, {Status: report.Excluded, By: "Config: x"}}},
	} {
		if err := e.Object(entry); err != nil {
			t.Fatal(err)
		}
		if entry.Object == other {
			if err := e.Finding(report.Finding{Constraint: constraints[0], Object: other}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, f := range []report.Finding{
		{Constraint: constraints[1]},
		{Constraint: constraints[0], Template: worker},
		{Constraint: constraints[0], Template: worker},
		{Constraint: constraints[0], Template: worker, Implied: "works"},
	} {
		if err := e.Finding(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Suppressed(report.Finding{Constraint: constraints[1]}, report.Suppression{}); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(report.Summary{}); err != nil {
		t.Fatal(err)
	}
	const want = `a.yaml:1:1: Fleet shop/web
  not matched  K8sA/a  by kinds
  judged       K8sB/b  2 violations
a.yaml:1:1: Fleet shop/web, pod template spec.head
  judged      K8sA/a  0 violations
  not judged  K8sB/b  evaluation error
a.yaml:1:1: Fleet shop/web, pod template spec.workers[0]
  judged        K8sA/a  2 violations
  not enforced  K8sB/b  at this enforcement point
a.yaml:1:1: Fleet shop/web, what works makes of spec.workers[0]
  judged    K8sA/a  1 violation
  excluded  K8sB/b  Config: x
`
	if got := out.String(); got != want || e.Objects() != 1 {
		t.Errorf("Explain of %d objects: got\n%s\nwant one:\n%s", e.Objects(), got, want)
	}
}
