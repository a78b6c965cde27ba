package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/review"
)

// template is a ConstraintTemplate of some Rego v1 and libs, without a schema.
func template(kind, rego string, libs ...string) string {
	source := fmt.Sprintf("{version: v1, rego: %q, libs: [", rego)
	for _, lib := range libs {
		source += fmt.Sprintf("%q, ", lib)
	}
	return fmt.Sprintf(`---
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: %s}
spec:
  crd: {spec: {names: {kind: %s}, validation: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}
  targets: [{target: admission.k8s.gatekeeper.sh, code: [{engine: Rego, source: %s]}}]}]
`, strings.ToLower(kind), kind, source)
}

func constraint(kind, name, spec string) string {
	return fmt.Sprintf("---\n{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: %s, metadata: {name: %s}, spec: %s}\n", kind, name, spec)
}

func newSet(t testing.TB, policies ...string) *policy.Set {
	t.Helper()
	objects, err := manifest.Read("policies.yaml", strings.NewReader(strings.Join(policies, "")))
	if err != nil {
		t.Fatal(err)
	}
	set, err := policy.NewSet(objects)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func newClient(t testing.TB, options Options, policies ...string) *Client {
	t.Helper()
	c, err := NewClient(newSet(t, policies...), options)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func object(t testing.TB, text string) map[string]any {
	t.Helper()
	objects, err := manifest.Read("object.yaml", strings.NewReader(text))
	if err != nil || len(objects) != 1 {
		t.Fatalf("%s: %d objects, %v", text, len(objects), err)
	}
	return objects[0].Value
}

func reviewOf(t testing.TB, text string) *review.Review {
	t.Helper()
	return review.New(object(t, text), review.Options{})
}

// told is what an outcome says, on one line.
func told(o Outcome) string {
	text := fmt.Sprintf("%s/%s %v %s", o.Constraint.Kind(), o.Constraint.Name, o.Actions, []string{"judged", "not matched", "not enforced", "not judged"}[o.Status])
	if o.Clause != "" {
		text += " by " + string(o.Clause)
	}
	if o.Err != nil {
		text += fmt.Sprintf(": %s: %v", Reason(o.Err), o.Err)
	}
	for _, v := range o.Violations {
		text += fmt.Sprintf("; %s %v", v.Message, v.Details)
	}
	return text
}

func tellAll(outcomes []Outcome) string {
	var b strings.Builder
	for _, o := range outcomes {
		b.WriteString(told(o) + "\n")
	}
	return b.String()
}

const violates = "\nviolation contains {\"msg\": \"x\"} if true\n"

const (
	always = `package always

violation contains {"msg": sprintf("saw %s", [input.review.name]), "details": input.parameters}
`
	pod = `{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}}`
)
