package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/memgate/memgate/pkg/engine"
)

// objectsOf are the documents of a YAML text.
func objectsOf(t *testing.T, text string) []*unstructured.Unstructured {
	t.Helper()
	var all []*unstructured.Unstructured
	for document := range strings.SplitSeq(text, "---\n") {
		o := &unstructured.Unstructured{}
		text, err := yaml.YAMLToJSON([]byte(document))
		if err != nil {
			t.Fatal(err)
		}
		if err := o.UnmarshalJSON(text); err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}

// regoTemplate is a template of a kind with Rego v0.
func regoTemplate(kind, rego string) string {
	return fmt.Sprintf(`apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: %s}
spec:
  crd: {spec: {names: {kind: %s}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package %s
      %s
`, strings.ToLower(kind), kind, strings.ToLower(kind), strings.ReplaceAll(rego, "\n", "\n      "))
}

// smallPolicies name every object, and break on objects that are called broken.
func smallPolicies(t *testing.T) policies {
	t.Helper()
	return policies{
		name: "small",
		templates: objectsOf(t, regoTemplate("Named", `violation[{"msg": msg, "details": {"size": 1000000}}] { msg := sprintf("is called %v", [input.review.object.metadata.name]) }`)+
			"---\n"+regoTemplate("Twice", `value = 1 { true }`+"\n"+`value = 2 { input.review.object.metadata.name == "broken" }`+"\n"+`violation[{"msg": "never"}] { value == 3 }`)),
		constraints: []*unstructured.Unstructured{
			{Object: map[string]any{"apiVersion": constraintGroup + "/v1beta1", "kind": "Named", "metadata": map[string]any{"name": "pods"}, "spec": map[string]any{
				"enforcementAction": "warn",
				"match":             map[string]any{"kinds": []any{map[string]any{"apiGroups": []any{""}, "kinds": []any{"Pod"}}}},
			}}},
			{Object: map[string]any{"apiVersion": constraintGroup + "/v1beta1", "kind": "Twice", "metadata": map[string]any{"name": "everything"}, "spec": map[string]any{}}},
		},
		data: namespaces("default"),
	}
}

func object(kind, name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": kind, "metadata": map[string]any{"name": name, "namespace": "default"}, "spec": map[string]any{},
	}}
}

// TestDescribe has both sides review what they agree on, and what both fail on in their
// own way, which the VM leaves to topdown.
func TestDescribe(t *testing.T) {
	p := smallPolicies(t)
	j, err := newJudges(p, point)
	if err != nil {
		t.Fatal(err)
	}
	objects := []*unstructured.Unstructured{object("Pod", "a"), object("Service", "b"), object("Pod", "broken"), object("Pod", "c")}
	w, err := j.describe(p, "objects", objects)
	if err != nil {
		t.Fatal(err)
	}
	if w.inFallback <= 0 || w.inFallback > 1 {
		t.Errorf("time in fallback: got %v, want a share above 0", w.inFallback)
	}
	if w.size < 80 || w.size > 120 {
		t.Errorf("size: got %v, want about 95 bytes", w.size)
	}
	w.inFallback, w.size, w.policies, w.objects = 0, 0, policies{}, nil
	want := &workload{name: "objects", matching: 1.75, violations: 1, fellBack: 0.25, errors: 1}
	if !reflect.DeepEqual(w, want) {
		t.Errorf("describe: got %+v, want %+v", w, want)
	}
}

// TestDisagreement compares results of policies with those of others.
func TestDisagreement(t *testing.T) {
	p := smallPolicies(t)
	s, err := newStock(p, point)
	if err != nil {
		t.Fatal(err)
	}
	p.constraints[0] = p.constraints[0].DeepCopy()
	p.constraints[0].SetName("other")
	w, err := newOwn(p, point, engine.Topdown)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := s.review(object("Pod", "a"))
	if err != nil {
		t.Fatal(err)
	}
	errors, got := disagreement("Pod a", theirs, w.review(object("Pod", "a")))
	want := []string{
		`Pod a: Gatekeeper alone: Named/pods warn: is called a {"size":1000000}`,
		`Pod a: memgate alone: Named/other warn: is called a {"size":1000000}`,
	}
	if errors != 0 || !slices.Equal(got, want) {
		t.Errorf("disagreement: got %d errors and %q, want none and %q", errors, got, want)
	}
}

func TestDifferences(t *testing.T) {
	got := differences("x", []string{"a", "b", "b"}, []string{"b", "c", "a"})
	if want := []string{"x: Gatekeeper alone: c", "x: memgate alone: b"}; !slices.Equal(got, want) {
		t.Errorf("differences: got %q, want %q", got, want)
	}
}

func TestCanonical(t *testing.T) {
	for _, tc := range []struct {
		value any
		want  string
	}{
		{nil, "{}"},
		{map[string]any{"b": json.Number("1e+06"), "a": float64(1000000)}, `{"a":1000000,"b":1000000}`},
		{[]any{int64(3), "x"}, `[3,"x"]`},
	} {
		if got := canonical(tc.value); got != tc.want {
			t.Errorf("canonical(%v) = %s, want %s", tc.value, got, tc.want)
		}
	}
}

// TestWebhooks posts requests to both handlers, which must answer the same.
func TestWebhooks(t *testing.T) {
	p := smallPolicies(t)
	c := chapter{mix: p, dir: t.TempDir()}
	theirs, ours, err := c.webhooks()
	if err != nil {
		t.Fatal(err)
	}
	bodies, err := requests([]*unstructured.Unstructured{object("Pod", "a"), object("Pod", "b"), object("Service", "c"), object("Pod", "broken")})
	if err != nil {
		t.Fatal(err)
	}
	warned := func(name string) answer {
		return answer{allowed: true, code: 299, warnings: []string{"[pods] is called " + name}}
	}
	allowed := answer{allowed: true, code: http.StatusOK}
	for i, want := range []answer{warned("a"), warned("b"), allowed} {
		for side, handler := range map[string]http.Handler{"Gatekeeper": theirs, "memgate": ours} {
			if got, err := answerTo(handler, bodies[i]); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s, request %d: got %+v, %v, want %+v", side, i, got, err, want)
			}
		}
	}
	if got, err := answerTo(theirs, bodies[3]); err != nil || got.allowed {
		t.Errorf("Gatekeeper, what breaks: got %+v, %v, want a denial", got, err)
	}
	if got, err := answerTo(ours, bodies[3]); err == nil || !strings.Contains(err.Error(), "status 500") {
		t.Errorf("memgate, what breaks: got %+v, %v, want status 500", got, err)
	}
}

func TestRequests(t *testing.T) {
	given := generated(20, cleanChance)
	bodies, err := requests(given)
	if err != nil {
		t.Fatal(err)
	}
	operations := map[string]int{}
	for i, body := range bodies {
		var review struct {
			Request struct {
				Operation         string
				Object, OldObject *unstructured.Unstructured
			}
		}
		if err := json.Unmarshal(body, &review); err != nil {
			t.Fatal(err)
		}
		r := review.Request
		operations[r.Operation]++
		if old := r.OldObject != nil; old != (r.Operation == "UPDATE") || r.Object.GetName() != given[i].GetName() {
			t.Errorf("request %d: got operation %s of %s, old object %v", i, r.Operation, r.Object.GetName(), old)
		}
	}
	if want := map[string]int{"CREATE": 10, "UPDATE": 10}; !reflect.DeepEqual(operations, want) {
		t.Errorf("operations: got %v, want %v", operations, want)
	}
	if given[0].GetUID() != "" {
		t.Error("requests changed the objects that it was given")
	}
}

func TestConcurrently(t *testing.T) {
	var posted [3]atomic.Int64
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		posted[r.ContentLength].Add(1)
	})
	got := concurrently(handler, [][]byte{{}, {1}, {1, 2}}, 100)
	for length, want := range []int64{34, 33, 33} {
		if got := posted[length].Load(); got != want {
			t.Errorf("the body of %d bytes was posted %d times, want %d", length, got, want)
		}
	}
	if got.perSecond <= 0 || got.p50 <= 0 || got.p99 < got.p50 {
		t.Errorf("concurrently: got %+v, want times", got)
	}
}

// TestHeldBy loads policies into clients that are slices of a known size.
func TestHeldBy(t *testing.T) {
	p := smallPolicies(t)
	got, err := heldBy(p, func(p policies) (any, error) {
		return [][]byte{make([]byte, 1<<20), make([]byte, len(p.templates)<<17), make([]byte, len(p.constraints)<<15)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if near := func(got, want float64) bool { return got > 0.8*want && got < 1.25*want }; !near(got.template, 1<<17) || !near(got.constraint, 1<<15) {
		t.Errorf("heldBy: got %+v, want about %d of a template and %d of a constraint", got, 1<<17, 1<<15)
	}
}
