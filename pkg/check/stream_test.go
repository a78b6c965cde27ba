package check_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/check"
	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
)

// counting reads the ConfigMaps of the cluster.
const counting = `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: k8scounts}
spec:
  crd: {spec: {names: {kind: K8sCounts}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package k8scounts
      violation[{"msg": msg}] { n := count(data.inventory.namespace[_]["v1"]["ConfigMap"]); msg := sprintf("%d", [n]) }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sCounts
metadata: {name: pods}
spec: {match: {kinds: [{kinds: [Pod]}]}}
`

// TestStream wants a stream to be judged by what came before, and to say so where that
// was not all.
func TestStream(t *testing.T) {
	set := func() *engine.Client {
		objects, err := manifest.Read("policies.yaml", strings.NewReader(counting))
		if err != nil {
			t.Fatal(err)
		}
		policies, err := policy.NewSet(objects)
		if err != nil {
			t.Fatal(err)
		}
		c, err := engine.NewClient(policies, engine.Options{Point: policy.OfflinePoint})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	const (
		pod = "---\n{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: a}}\n"
		one = "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: one, namespace: a}}\n"
		two = "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: two, namespace: a}}\n"
	)
	const late = " gap reference data missing: objects before this ConfigMap were judged without it; put each ConfigMap first, or into --context"
	for _, tc := range []struct {
		name, text string
		stream     bool
		want       []string
	}{
		{"collected", pod + one, false, []string{"a.yaml:2:1 deny 1"}},
		{"first", one + pod, true, []string{"a.yaml:4:1 deny 1"}},
		{"late", pod + one + pod + two, true, []string{"a.yaml:4:1" + late, "a.yaml:6:1 deny 1"}},
		{"after others", one + pod + two, true, []string{"a.yaml:4:1 deny 1", "a.yaml:6:1" + late}},
	} {
		var got events
		files := find(t, map[string]string{"a.yaml": tc.text})
		if _, err := check.Run(t.Context(), files, nil, check.Options{Client: set(), Stream: tc.stream}, &got); err != nil {
			t.Fatal(err)
		}
		if lines := got.lines[:len(got.lines)-1]; !slices.Equal(lines, tc.want) { // without the counts
			t.Errorf("%s: got\n%s\nwant\n%s", tc.name, strings.Join(lines, "\n"), strings.Join(tc.want, "\n"))
		}
	}
}
