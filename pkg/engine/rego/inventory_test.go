package rego

import (
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
		program, err := Compile(Source{"v1", "package a\n" + tc.rule + violates, tc.libs})
		if err != nil {
			t.Errorf("%s: %v", tc.rule, err)
			continue
		}
		if !reflect.DeepEqual(program.Reads, tc.want) {
			t.Errorf("%s reads %v, want %v", tc.rule, program.Reads, tc.want)
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
