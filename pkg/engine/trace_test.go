package engine

import (
	"fmt"
	"testing"

	"github.com/memgate/memgate/pkg/policy"
)

func TestClientTrace(t *testing.T) {
	const rego = `package network

violation contains {"msg": "no host network"} if input.review.object.spec.hostNetwork

violation contains {"msg": msg} if {
	input.review.object.spec.priority > input.parameters.most
	msg := "no such priority"
}
`
	policies := []string{template("Network", rego), constraint("Network", "web", "{parameters: {most: 3}}")}
	r := reviewOf(t, `{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}, spec: {hostNetwork: true, priority: 4}}`)
	for _, tc := range []struct {
		engine string
		steps  int64
		want   string
	}{
		{VM, 0, "[[{[spec hostNetwork] true false} {[spec] true false}] [{[spec priority] true false} {[spec] true false}]]"},
		{VM, 1, "[[{[spec hostNetwork] true false} {[spec] true false}] []]"}, // until the limit of a review
		{Topdown, 0, "[[] []]"},
	} {
		judged := newClient(t, Options{Point: policy.OfflinePoint, Engine: tc.engine}, policies...)
		o := judged.Review(t.Context(), r)[0]
		if len(o.Violations) != 2 {
			t.Fatalf("Review by %s: %s, want two violations", tc.engine, told(o))
		}
		if tc.steps > 0 {
			judged.limits.Steps = tc.steps
		}
		if got := fmt.Sprint(judged.Trace(t.Context(), r, o)); got != tc.want {
			t.Errorf("Trace by %s with %d steps: got\n%s\nwant\n%s", tc.engine, tc.steps, got, tc.want)
		}
	}
}

// TestClientTraceCEL asks a template of CEL.
func TestClientTraceCEL(t *testing.T) {
	client := newClient(t, Options{Point: policy.OfflinePoint}, `---
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: network}
spec:
  crd: {spec: {names: {kind: Network}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    code: [{engine: K8sNativeValidation, source: {validations: [
      {expression: "!object.spec.hostNetwork", message: "no host network"},
      {expression: "!has(object.spec.priority)", message: "no priority"},
    ]}}]
`, constraint("Network", "web", "{}"))
	r := reviewOf(t, `{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}, spec: {hostNetwork: true, priority: 4}}`)
	const want = "[[{[spec hostNetwork] true false} {[spec] true false}] [{[spec priority] true false} {[spec] true false}]]"
	if got := fmt.Sprint(client.Trace(t.Context(), r, client.Review(t.Context(), r)[0])); got != want {
		t.Errorf("Trace: got\n%s\nwant\n%s", got, want)
	}
}
