package engine

import (
	"fmt"
	"testing"
)

func TestNeedsData(t *testing.T) {
	reads := "package a\np if data.inventory.cluster[\"v1\"].Node" + violates
	for _, tc := range []struct {
		name     string
		policies []string
		want     bool
	}{
		{"nothing", nil, false},
		{"no reads", []string{template("A", always), constraint("A", "a", "{match: {namespaces: [shop]}}")}, false},
		{"a template reads", []string{template("A", always), constraint("A", "a", "{}"), template("B", reads), constraint("B", "b", "{}")}, true},
		{"a namespaceSelector", []string{template("A", always), constraint("A", "a", "{match: {namespaceSelector: {matchLabels: {a: b}}}}")}, true},
	} {
		if got := newClient(t, Options{}, tc.policies...).NeedsData(); got != tc.want {
			t.Errorf("%s: NeedsData() = %v, want %v", tc.name, got, tc.want)
		}
	}
}

// Only Namespaces and what a template reads is kept.
func TestAddData(t *testing.T) {
	reads := "package a\np if { data.inventory.cluster[\"v1\"].Node; data.inventory.namespace[_][v].Deployment }" + violates
	c := newClient(t, Options{}, template("A", reads), constraint("A", "a", "{}"))
	kept := 0
	for _, tc := range []struct {
		object string
		kept   bool
	}{
		{`{apiVersion: v1, kind: Node, metadata: {name: node1}}`, true},
		{`{apiVersion: example.org/v1, kind: Node, metadata: {name: node1}}`, false},
		{`{apiVersion: v1, kind: Namespace, metadata: {name: shop}}`, true},
		{`{apiVersion: example.org/v1, kind: Namespace, metadata: {name: shop}}`, false},
		{`{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: shop}}`, true},
		{`{apiVersion: apps/v1beta1, kind: Deployment, metadata: {name: d, namespace: shop}}`, true},
		{pod, false},
		{`{apiVersion: v1, kind: Pod}`, false}, // not read, so its missing name is no fault
	} {
		if err := c.AddData(t.Context(), object(t, tc.object)); err != nil {
			t.Errorf("AddData(%s): %v", tc.object, err)
		}
		if tc.kept {
			kept++
		}
		if got := c.Data().Len(); got != kept {
			t.Fatalf("after AddData(%s) %d objects are kept, want %d", tc.object, got, kept)
		}
	}
	nameless := `{apiVersion: v1, kind: Node, metadata: {generateName: node-}}`
	if err := c.AddData(t.Context(), object(t, nameless)); err == nil {
		t.Errorf("AddData(%s): got no error", nameless)
	}
	if got, want := fmt.Sprintf("%v %v", c.Namespace(t.Context(), "shop")["kind"], c.Namespace(t.Context(), "blog")), "Namespace map[]"; got != want {
		t.Errorf("Namespace of shop and blog: %s, want %s", got, want)
	}
}
