package engine

import (
	"fmt"
	"reflect"
	"testing"
)

func TestInventoryReads(t *testing.T) {
	all := []Kind{{}}
	for _, tc := range []struct {
		rule string
		libs []string
		want []Kind
	}{
		{`p := input.review`, nil, nil},
		{`p if input.review.namespaceObject.metadata.labels.x`, nil, []Kind{{"v1", "Namespace"}}},
		{`p if { n := input.review.namespaceObject; data.inventory.cluster["v1"].Node[n] }`, nil, []Kind{{"v1", "Namespace"}, {"v1", "Node"}}},
		{`p if data.inventory.cluster["v1"].Namespace.shop`, nil, []Kind{{"v1", "Namespace"}}},
		{`p if data.inventory.cluster["v1"]["Namespace"][_].metadata`, nil, []Kind{{"v1", "Namespace"}}},
		{`p if data["inventory"]["cluster"]["v1"].Namespace`, nil, []Kind{{"v1", "Namespace"}}},
		{`p if data.inventory.namespace[_]["apps/v1"].Deployment[_]`, nil, []Kind{{"apps/v1", "Deployment"}}},
		{`p if data.inventory.namespace.shop["apps/v1"].Deployment.web.spec`, nil, []Kind{{"apps/v1", "Deployment"}}},
		{`p if { some v; startswith(v, "apps/"); data.inventory.namespace[_][v].Deployment }`, nil, []Kind{{"", "Deployment"}}},
		{`p if data.inventory.namespace[_]["v1"][input.review.kind.kind]`, nil, []Kind{{"v1", ""}}},
		{`p if { kind := "Pod"; data.inventory.cluster["v1"][kind] }`, nil, []Kind{{"v1", ""}}},
		{`p := data.inventory.namespace[input.review.namespace]`, nil, all},
		{`p := data.inventory.cluster`, nil, all},
		{`p := data.inventory`, nil, all},
		{`p := {s | data.inventory[s]}`, nil, all},
		{`p if { i := data.inventory; i.cluster["v1"].Node }`, nil, all},
		{`p if { walk(data.inventory.cluster["v1"].Node, [path, x]) }`, nil, []Kind{{"v1", "Node"}}},
		{`p := count([x | x := data.inventory.cluster["v1"].Node[_]])`, nil, []Kind{{"v1", "Node"}}},
		{`p if not data.inventory.cluster["v1"].Node.a`, nil, []Kind{{"v1", "Node"}}},
		{`p if every x in data.inventory.cluster["v1"].Node { x.spec }`, nil, []Kind{{"v1", "Node"}}},
		{`p if { data.inventory.cluster["v1"].Node.a; data.inventory.cluster["v1"].Node.b }`, nil, []Kind{{"v1", "Node"}}},
		{`p if { data.inventory.cluster["v1"].Node.a; data.inventory.namespace[_]["v1"].Pod }`, nil, []Kind{{"v1", "Node"}, {"v1", "Pod"}}},
		{`p if data.lib.nodes.names`, []string{"package lib.nodes\nnames contains n if data.inventory.cluster[\"v1\"].Node[n]"}, []Kind{{"v1", "Node"}}},
		{"import data.lib.find\np := find.it(\"Pod\")", []string{"package lib.find\nit(kind) := data.inventory.cluster[\"v1\"][kind]"}, []Kind{{"v1", ""}}},
		{`f(i) := i.cluster
p := f(data.inventory)`, nil, all},
		{`p if count(input.x) == 1 with input.x as data.inventory.cluster["v1"].Node`, nil, []Kind{{"v1", "Node"}}},
	} {
		program, err := newProgram(codeOf("package a\n"+tc.rule+violates, tc.libs...))
		if err != nil {
			t.Errorf("%s: %v", tc.rule, err)
			continue
		}
		if !reflect.DeepEqual(program.reads, tc.want) {
			t.Errorf("%s reads %v, want %v", tc.rule, program.reads, tc.want)
		}
	}
}

func TestKindCovers(t *testing.T) {
	for _, tc := range []struct {
		kind          Kind
		version, name string
		want          bool
	}{
		{Kind{}, "v1", "Pod", true},
		{Kind{"v1", ""}, "v1", "Pod", true},
		{Kind{"v1", ""}, "apps/v1", "Pod", false},
		{Kind{"", "Pod"}, "example.org/v1", "Pod", true},
		{Kind{"", "Pod"}, "v1", "Node", false},
		{Kind{"v1", "Pod"}, "v1", "Pod", true},
		{Kind{"v1", "Pod"}, "v1", "pod", false},
	} {
		if got := tc.kind.Covers(tc.version, tc.name); got != tc.want {
			t.Errorf("%#v.Covers(%q, %q) = %v, want %v", tc.kind, tc.version, tc.name, got, tc.want)
		}
	}
}

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
