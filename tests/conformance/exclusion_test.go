package conformance

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/open-policy-agent/frameworks/constraint/pkg/apis/constraints"
	configv1alpha1 "github.com/open-policy-agent/gatekeeper/v3/apis/config/v1alpha1"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/controller/config/process"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/util"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
)

// TestExclusions tries generated Configs on generated objects, in Gatekeeper's excluder and
// in package policy.
func TestExclusions(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(*seed, 6))}
	var kept, excluded int
	for range 500 {
		match := make([]any, g.IntN(4))
		for i := range match {
			match[i] = map[string]any{
				"processes":          g.some("*", "audit", "mutation-webhook", "sync", "webhook"),
				"excludedNamespaces": g.some("*", "**", "", "kube-*", "*-system", "*e-s*", "kube-system", "web"),
			}
		}
		config := made(t, map[string]any{
			"apiVersion": "config.gatekeeper.sh/v1alpha1", "kind": "Config",
			"metadata": map[string]any{"name": "config"}, "spec": map[string]any{"match": match},
		})
		ours, err := policy.NewSet([]*manifest.Object{config.own})
		if err != nil {
			t.Fatalf("policy.NewSet(%v): %v", config.own.Value, err)
		}
		var read configv1alpha1.Config
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(config.peer.Object, &read); err != nil {
			t.Fatal(err)
		}
		theirs := process.New()
		theirs.Add(read.Spec.Match)
		for range 50 {
			object := map[string]any{
				"apiVersion": g.one("v1", "apps/v1"), "kind": g.one("Pod", "Namespace"),
				"metadata": map[string]any{
					"name":      g.one("kube-system", "web", "other"),
					"namespace": g.one("kube-system", "kube-public", "web-system", "web", ""),
				},
			}
			name := g.one("audit", "sync", "webhook")
			want, err := theirs.IsNamespaceExcluded(process.Process(name), &unstructured.Unstructured{Object: object})
			if err != nil {
				t.Fatal(err)
			}
			by, got := ours.Exclusions.Excludes(name, object)
			if got != want || (by != "") != want {
				t.Errorf("Excludes(%q, %v) by %v = %q, %t, want %t", name, object, match, by, got, want)
			}
			if got {
				excluded++
			} else {
				kept++
			}
		}
	}
	t.Logf("%d objects excluded, %d not", excluded, kept)
	if excluded < 1000 || kept < 1000 {
		t.Errorf("%d objects excluded, %d not, want a thousand of each", excluded, kept)
	}
}

// TestActions tries generated scopes on all enforcement points, in the framework and in
// package policy.
func TestActions(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(*seed, 7))}
	template, err := policy.NewTemplate(read(t, "testdata/scoped/policies.yaml")[0].own)
	if err != nil {
		t.Fatal(err)
	}
	points := policy.Points()
	if want := []string{util.WebhookEnforcementPoint, util.AuditEnforcementPoint, util.GatorEnforcementPoint, util.VAPEnforcementPoint}; !slices.Equal(points, want) {
		t.Errorf("Points() = %q, want Gatekeeper's %q", points, want)
	}
	for range 500 {
		scoped := make([]any, 1+g.IntN(3))
		for i := range scoped {
			names := make([]any, 1+g.IntN(2))
			for j := range names {
				names[j] = map[string]any{"name": g.one(append(points, policy.AnyPoint)...)}
			}
			scoped[i] = map[string]any{"action": g.one("deny", "warn", "dryrun"), "enforcementPoints": names}
		}
		o := made(t, constraint(template.Kind, "any", map[string]any{"enforcementAction": "scoped", "scopedEnforcementActions": scoped}))
		ours, err := policy.NewConstraint(template, o.own)
		if err != nil {
			t.Fatalf("policy.NewConstraint(%v): %v", o.own.Value, err)
		}
		theirs, err := constraints.GetEnforcementActionsForEP(o.peer, points)
		if err != nil {
			t.Fatal(err)
		}
		for _, point := range points {
			var got []string
			for _, action := range ours.Actions(point) {
				got = append(got, string(action))
			}
			slices.Sort(got)
			want := slices.Sorted(slices.Values(theirs[point]))
			if !reflect.DeepEqual(got, want) {
				t.Errorf("Actions(%q) of %v = %q, want %q", point, scoped, got, want)
			}
		}
	}
}
