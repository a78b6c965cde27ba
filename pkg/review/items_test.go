package review

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/manifest"
)

func one(t *testing.T, text string) *manifest.Object {
	t.Helper()
	objects, err := manifest.Read("list.yaml", strings.NewReader(text))
	if err != nil || len(objects) != 1 {
		t.Fatalf("%s: %d objects, %v", text, len(objects), err)
	}
	return objects[0]
}

func TestItems(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []string // apiVersion kind/name at position
		faults     []string
	}{
		{"an object", `{apiVersion: v1, kind: Pod, metadata: {name: a}}`, []string{"v1 Pod/a at list.yaml:1:1"}, nil},
		{"a kind with items that is no list", `{apiVersion: v1, kind: Basket, metadata: {name: a}, items: [1]}`, []string{"v1 Basket/a at list.yaml:1:1"}, nil},
		{"items of a kind that is no list's, which kubectl applies", `{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, items: [{apiVersion: v1, kind: Pod, metadata: {name: b}}]}`, []string{"v1 ConfigMap/a at list.yaml:1:1", "v1 Pod/b at list.yaml:1:64"}, nil},
		{"items of a Pod, which are Pods for kubectl", `{apiVersion: v1, kind: Pod, metadata: {name: a}, items: [{metadata: {name: b}}]}`, []string{"v1 Pod/a at list.yaml:1:1", "v1 Pod/b at list.yaml:1:58"}, nil},
		{"items that are no list", `{apiVersion: v1, kind: List, metadata: {name: a}, items: 3}`, []string{"v1 List/a at list.yaml:1:1"}, nil},
		{"a kind that is no text", `{apiVersion: v1, kind: [Pod], items: []}`, nil, []string{"list.yaml:1:1: apiVersion and kind: want a text in both"}},
		{"an empty list", `{apiVersion: v1, kind: List, items: []}`, nil, nil},
		{"a list", `apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Pod, metadata: {name: a}}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: b}
`, []string{"v1 Pod/a at list.yaml:4:3", "apps/v1 Deployment/b at list.yaml:5:3"}, nil},
		{"a typed list, whose items may leave out what they are", `apiVersion: apps/v1
kind: DeploymentList
items:
- metadata: {name: a}
- {apiVersion: apps/v1, kind: Deployment, metadata: {name: b}}
`, []string{"apps/v1 Deployment/a at list.yaml:4:3", "apps/v1 Deployment/b at list.yaml:5:3"}, nil},
		{"lists in lists", `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: List
  items:
  - {apiVersion: v1, kind: Pod, metadata: {name: a}}
- {apiVersion: v1, kind: PodList, items: [{metadata: {name: b}}]}
`, []string{"v1 Pod/a at list.yaml:7:5", "v1 Pod/b at list.yaml:8:43"}, nil},
		{"items that are no objects", `apiVersion: v1
kind: List
items:
- text
- {apiVersion: v1, kind: Pod, metadata: {name: a}}
- metadata: {name: b}
- {kind: Pod}
- null
`, []string{"v1 Pod/a at list.yaml:5:3"}, []string{
			"list.yaml:4:3: item 0 of the List is no object with apiVersion and kind",
			"list.yaml:6:3: item 2 of the List is no object with apiVersion and kind",
			"list.yaml:7:3: item 3 of the List is no object with apiVersion and kind",
			"list.yaml:8:3: item 4 of the List is no object with apiVersion and kind",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			items, errs := Items(one(t, tc.text))
			var got, faults []string
			for _, o := range items {
				got = append(got, fmt.Sprintf("%s %s/%s at %s", o.APIVersion(), o.Kind(), o.Name(), o.Position()))
			}
			for _, fault := range errs {
				faults = append(faults, fmt.Sprintf("%s: %s", fault.Position, fault.Text))
			}
			if !reflect.DeepEqual(got, tc.want) || !reflect.DeepEqual(faults, tc.faults) {
				t.Errorf("Items = %q, %q\nwant %q, %q", got, faults, tc.want, tc.faults)
			}
		})
	}
}

// The path of an item starts at the item, its place is that in the list.
func TestItemsKeepPlaces(t *testing.T) {
	items, errs := Items(one(t, `apiVersion: v1
kind: PodList
items:
- metadata: {name: a}
  spec:
    hostIPC: true
`))
	if len(items) != 1 || len(errs) != 0 {
		t.Fatalf("Items: %d, %v", len(items), errs)
	}
	if got := items[0].Place([]any{"spec", "hostIPC"}).Start.String(); got != "list.yaml:6:5" {
		t.Errorf("place of spec.hostIPC = %s, want list.yaml:6:5", got)
	}
}

func TestInNamespace(t *testing.T) {
	for _, tc := range []struct{ object, namespace, want string }{
		{homeless, "shop", "shop"},
		{homeless, "", ""},
		{pod, "blog", "shop"}, // what is written stays
		{node, "shop", ""},    // cluster-scoped
		{widget, "shop", "shop"},
		{`{apiVersion: v1, kind: Pod}`, "shop", "shop"},
		{`{apiVersion: v1, kind: Pod, metadata: null}`, "shop", "shop"},
		{`{apiVersion: v1, kind: Pod, metadata: text}`, "shop", ""},
	} {
		o := one(t, tc.object)
		before := fmt.Sprint(o.Value)
		if got := InNamespace(o, tc.namespace).Namespace(); got != tc.want {
			t.Errorf("InNamespace(%s, %q): namespace %q, want %q", tc.object, tc.namespace, got, tc.want)
		}
		if after := fmt.Sprint(o.Value); after != before {
			t.Errorf("InNamespace(%s, %q) changed the object: %s", tc.object, tc.namespace, after)
		}
	}
}
