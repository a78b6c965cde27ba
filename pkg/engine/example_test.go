package engine_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/review"
)

// A client judges by any Gatekeeper template. How the evaluator goes into the constraint
// framework's own client instead is shown in package driver's example, which stands in
// tests/conformance, because that client links most of Kubernetes.
func Example() {
	policies, err := manifest.Read("policies.yaml", strings.NewReader(`
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: requiredlabel}
spec:
  crd:
    spec:
      names: {kind: RequiredLabel}
      validation: {openAPIV3Schema: {type: object, properties: {label: {type: string}}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package requiredlabel
      violation[{"msg": msg}] {
        not input.review.object.metadata.labels[input.parameters.label]
        msg := sprintf("label %v is missing", [input.parameters.label])
      }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: RequiredLabel
metadata: {name: owner}
spec: {match: {kinds: [{apiGroups: [""], kinds: [Namespace]}]}, parameters: {label: owner}}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	set, err := policy.NewSet(policies)
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := engine.NewClient(set, engine.Options{Point: policy.OfflinePoint})
	if err != nil {
		fmt.Println(err)
		return
	}
	namespace := map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "shop"}}
	for _, outcome := range client.Review(context.Background(), review.New(namespace, review.Options{})) {
		for _, violation := range outcome.Violations {
			fmt.Println(outcome.Action(), outcome.Constraint.Name, violation.Message)
		}
	}
	// Output: deny owner label owner is missing
}
