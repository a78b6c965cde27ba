package review_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/review"
)

func TestJudgesPods(t *testing.T) {
	const (
		named   = "{name: a}"
		overlay = "{name: a, labels: {memgate.github.io/judges: workloads}}"
		pods    = "{match: {kinds: [{apiGroups: [''], kinds: [Pod]}]}}"
		both    = "{match: {kinds: [{apiGroups: [''], kinds: [Pod]}, {apiGroups: [apps], kinds: [Deployment]}]}}"
		others  = "{match: {kinds: [{apiGroups: [apps], kinds: [Deployment]}]}}"
	)
	for _, tc := range []struct {
		own            bool // a rule of memgate
		metadata, spec string
		want           bool
	}{
		{false, named, pods, true},
		{false, named, both, true},
		{false, named, "{}", true},
		{false, named, others, false},
		{true, named, pods, false},
		{true, overlay, both, false},
		{true, overlay, pods, true},
		{true, overlay, others, false},
	} {
		annotations := "{}"
		if tc.own {
			annotations = "{" + policy.RuleAnnotation + ": a}"
		}
		text := fmt.Sprintf(`apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: k8sa, annotations: %s}
spec:
  crd: {spec: {names: {kind: K8sA}}}
  targets: [{target: admission.k8s.gatekeeper.sh, rego: "package a\nviolation[{}] { true }"}]
---
{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: K8sA, metadata: %s, spec: %s}
`, annotations, tc.metadata, tc.spec)
		objects, err := manifest.Read("p.yaml", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		set, err := policy.NewSet(objects)
		if err != nil {
			t.Fatal(err)
		}
		if got := review.JudgesPods(set.Constraints[0]); got != tc.want {
			t.Errorf("JudgesPods of a constraint of memgate's own (%t) with %s and %s = %t, want %t", tc.own, tc.metadata, tc.spec, got, tc.want)
		}
	}
}
