package main

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// constraint is one of a kind, with parameters.
func constraint(kind, name string, parameters map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": constraintGroup + "/v1beta1", "kind": kind,
		"metadata": map[string]any{"name": name}, "spec": map[string]any{"parameters": parameters},
	}}
}

// list are constraints in words.
func list(constraints []*unstructured.Unstructured) string {
	var b strings.Builder
	for _, c := range constraints {
		fmt.Fprintf(&b, "%s/%s %v\n", c.GetKind(), c.GetName(), c.Object["spec"].(map[string]any)["parameters"])
	}
	return b.String()
}

func TestDistinct(t *testing.T) {
	got := list(distinct([]*unstructured.Unstructured{
		constraint("A", "x", map[string]any{"n": "1"}),
		constraint("A", "y", map[string]any{"n": "1"}), // as the first
		constraint("A", "x", map[string]any{"n": "2"}),
		constraint("B", "x", map[string]any{"n": "1"}),
		constraint("A", "x", map[string]any{"n": "3"}),
	}))
	want := "A/x map[n:1]\nA/x-2 map[n:2]\nB/x map[n:1]\nA/x-3 map[n:3]\n"
	if got != want {
		t.Errorf("distinct: got\n%swant\n%s", got, want)
	}
}

func TestToppedUp(t *testing.T) {
	given := []*unstructured.Unstructured{
		constraint("B", "x", map[string]any{"n": "1"}),
		constraint("A", "y", map[string]any{"n": "2"}),
		constraint("A", "x", map[string]any{"n": "3"}),
	}
	for _, tc := range []struct {
		n    int
		want string
	}{
		{2, "A/x map[n:3]\nA/y map[n:2]\nB/x map[n:1]\n"}, // none is taken away
		{4, "A/x map[n:3]\nA/y map[n:2]\nB/x map[n:1]\nB/x-2 map[n:1]\n"},
		{7, "A/x map[n:3]\nA/x-2 map[n:3]\nA/y map[n:2]\nA/y-2 map[n:2]\nB/x map[n:1]\nB/x-2 map[n:1]\nB/x-3 map[n:1]\n"},
	} {
		if got := list(toppedUp(given, tc.n)); got != tc.want {
			t.Errorf("toppedUp(given, %d): got\n%swant\n%s", tc.n, got, tc.want)
		}
	}
	if got := toppedUp(nil, 3); len(got) != 0 {
		t.Errorf("toppedUp(nil, 3): got %s, want none", list(got))
	}
}

func TestWithOwnParameters(t *testing.T) {
	parameters := func() map[string]any {
		return map[string]any{
			"memory": "1Gi", "message": "of the text", "repos": []any{"a/"},
			"labels": []any{map[string]any{"key": "owner"}}, "count": int64(3),
		}
	}
	p := policies{name: "p", constraints: []*unstructured.Unstructured{
		constraint("A", "x", parameters()), constraint("A", "y", parameters()), constraint("B", "x", nil), constraint("A", "z", parameters()),
	}}
	before := list(p.constraints)
	got := list(withOwnParameters(p).constraints)
	want := "A/x map[count:3 labels:[map[key:owner]] memory:1Gi message:of the text repos:[a/]]\n" +
		"A/y map[count:3 labels:[map[key:owner]] memory:2Gi message:of the text repos:[a/ a/]]\n" +
		"B/x map[]\n" +
		"A/z map[count:3 labels:[map[key:owner]] memory:3Gi message:of the text repos:[a/ a/ a/]]\n"
	if got != want {
		t.Errorf("withOwnParameters: got\n%swant\n%s", got, want)
	}
	if after := list(p.constraints); after != before {
		t.Errorf("withOwnParameters changed what it was given: got\n%swant\n%s", after, before)
	}
}

func TestCopiedConstraints(t *testing.T) {
	template := func(kind string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"crd": map[string]any{"spec": map[string]any{"names": map[string]any{"kind": kind}}}}}}
	}
	one := onePerTemplate(policies{
		templates:   []*unstructured.Unstructured{template("B"), template("A")},
		constraints: []*unstructured.Unstructured{constraint("A", "x", map[string]any{"n": "1"}), constraint("A", "y", nil), constraint("B", "x", nil)},
	})
	if got, want := list(one.constraints), "B/x map[]\nA/x map[n:1]\n"; got != want {
		t.Errorf("onePerTemplate: got\n%swant\n%s", got, want)
	}
	want := list(one.constraints)
	for n := range heapCopies {
		want += fmt.Sprintf("B/copy-%d-of-0 map[]\nA/copy-%d-of-1 map[n:%d]\n", n, n, n+2)
	}
	if got := list(copiedConstraints(one).constraints); got != want {
		t.Errorf("copiedConstraints: got\n%swant\n%s", got, want)
	}
}
