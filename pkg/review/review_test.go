package review

import (
	"reflect"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestNew(t *testing.T) {
	value := object(t, `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}}`)
	r := New(value, Options{Namespace: object(t, shop)})
	want := map[string]any{
		"uid":       "",
		"kind":      map[string]any{"group": "apps", "version": "v1", "kind": "Deployment"},
		"resource":  map[string]any{"group": "", "version": "", "resource": ""},
		"operation": "",
		"userInfo":  map[string]any{},
		"object":    value,
		"oldObject": nil,
		"options":   nil,
		"name":      "web",
		"namespace": "shop",
	}
	if !reflect.DeepEqual(r.Request, want) {
		t.Errorf("New(%v).Request = %v, want %v", value, r.Request, want)
	}
	if r.Source != Original || r.Operation != "" || !reflect.DeepEqual(r.Namespace, object(t, shop)) {
		t.Errorf("New(%v) = source %q, operation %q, namespace %v", value, r.Source, r.Operation, r.Namespace)
	}
	if r := New(value, Options{Source: Generated}); r.Source != Generated {
		t.Errorf("New with source Generated: got %q", r.Source)
	}

	// Names that are empty or no text are left out.
	value = map[string]any{"apiVersion": "v1", "kind": "Node", "metadata": map[string]any{"name": int64(3), "namespace": ""}}
	for _, field := range []string{"name", "namespace"} {
		if got, found := New(value, Options{}).Request[field]; found {
			t.Errorf("New(%v).Request[%q] = %v, want none", value, field, got)
		}
	}
	// An apiVersion that is none gives no group, version and kind, as in Gatekeeper.
	value = map[string]any{"apiVersion": "a/b/c", "kind": "Pod"}
	empty := map[string]any{"group": "", "version": "", "kind": ""}
	if got := New(value, Options{}).Request["kind"]; !reflect.DeepEqual(got, empty) {
		t.Errorf("New(%v).Request[kind] = %v, want %v", value, got, empty)
	}
}

func TestScopeOf(t *testing.T) {
	for _, tc := range []struct {
		group, kind string
		want        Scope
	}{
		{"", "Pod", Namespaced},
		{"apps", "Deployment", Namespaced},
		{"batch", "CronJob", Namespaced},
		{"policy", "PodDisruptionBudget", Namespaced},
		{"", "Namespace", Cluster},
		{"", "Node", Cluster},
		{"node.k8s.io", "RuntimeClass", Cluster},
		{"templates.gatekeeper.sh", "ConstraintTemplate", Cluster},
		{"apps", "Pod", Unknown},
		{"", "Deployment", Unknown},
		{"example.org", "Widget", Unknown},
		{"", "", Unknown},
	} {
		kind := schema.GroupKind{Group: tc.group, Kind: tc.kind}
		if got := ScopeOf(kind); got != tc.want {
			t.Errorf("ScopeOf(%v) = %d, want %d", kind, got, tc.want)
		}
	}
	for group, kinds := range namespacedKinds {
		for _, kind := range kinds {
			for _, cluster := range clusterKinds[group] {
				if kind == cluster {
					t.Errorf("%s of group %q is both namespaced and cluster-scoped", kind, group)
				}
			}
		}
	}
}
