package driver

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/open-policy-agent/frameworks/constraint/pkg/core/templates"
	"github.com/open-policy-agent/opa/v1/storage"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/memgate/memgate/pkg/engine/rego"
	"github.com/memgate/memgate/pkg/policy"
)

// newDriver holds the policies of a set, and returns its constraints.
func newDriver(t testing.TB, policies ...string) (*Driver, []*unstructured.Unstructured) {
	t.Helper()
	set := newSet(t, policies...)
	d := New()
	for _, template := range set.Templates {
		if err := d.AddTemplate(t.Context(), core(template)); err != nil {
			t.Fatal(err)
		}
	}
	var constraints []*unstructured.Unstructured
	for _, c := range set.Constraints {
		object := &unstructured.Unstructured{Object: c.Object}
		if err := d.AddConstraint(t.Context(), object); err != nil {
			t.Fatal(err)
		}
		constraints = append(constraints, object)
	}
	return d, constraints
}

// core is a template as the framework hands it to drivers.
func core(t *policy.Template) *templates.ConstraintTemplate {
	var code []templates.Code
	for _, c := range t.Code() {
		code = append(code, templates.Code{Engine: c.Engine, Source: &templates.Anything{Value: c.Source}})
	}
	made := &templates.ConstraintTemplate{}
	made.Name = strings.ToLower(t.Kind)
	made.Spec.CRD.Spec.Names.Kind = t.Kind
	made.Spec.Targets = []templates.Target{{Target: policy.Target, Code: code}}
	return made
}

// messages are the results of a query: constraint, message and details.
func messages(t testing.TB, d *Driver, constraints []*unstructured.Unstructured) []string {
	t.Helper()
	response, err := d.Query(t.Context(), policy.Target, constraints, map[string]any{"name": "web", "object": object(t, pod)})
	if err != nil {
		t.Fatalf("Query: %v", err)
	}
	if response == nil {
		return nil
	}
	var found []string
	for _, r := range response.Results {
		details, err := json.Marshal(r.Metadata["details"])
		if err != nil {
			t.Fatal(err)
		}
		message, _, _ := strings.Cut(r.Msg, ":")
		found = append(found, r.Constraint.GetKind()+"/"+r.Constraint.GetName()+" "+message+" "+string(details))
	}
	return found
}

func TestDriver(t *testing.T) {
	const conflict = `package b

size := 1 if input.parameters.both

size := 2

violation contains {"msg": "size", "details": size}
`
	d, constraints := newDriver(t,
		template("A", always), constraint("A", "one", "{parameters: {size: 1000000}}"), constraint("A", "two", "{}"),
		template("B", conflict), constraint("B", "both", "{parameters: {both: true}}"), constraint("B", "single", "{}"))
	want := []string{`A/two saw web {}`, `A/one saw web {"size":1000000}`, "B/both template null", "B/single template null"} // an error is one of the whole kind
	if got := messages(t, d, constraints); !reflect.DeepEqual(got, want) {
		t.Errorf("Query = %q, want %q", got, want)
	}
	if got := messages(t, d, nil); got != nil {
		t.Errorf("Query of no constraints = %q, want none", got)
	}

	// A constraint that was removed is passed over; one of the others then stands alone.
	if err := d.RemoveConstraint(t.Context(), constraints[2]); err != nil {
		t.Fatal(err)
	}
	want = []string{`A/two saw web {}`, `A/one saw web {"size":1000000}`, "B/single size 2"}
	if got := messages(t, d, constraints); !reflect.DeepEqual(got, want) {
		t.Errorf("Query after RemoveConstraint = %q, want %q", got, want)
	}

	// A template that was removed is an error until it is there again, without constraints.
	set := newSet(t, template("A", always))
	if err := d.RemoveTemplate(t.Context(), core(set.Templates[0])); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Query(t.Context(), policy.Target, constraints, map[string]any{}); err == nil || err.Error() != `missing Template "A" for target "admission.k8s.gatekeeper.sh"` {
		t.Errorf("Query after RemoveTemplate: %v", err)
	}
	if err := d.AddTemplate(t.Context(), core(set.Templates[0])); err != nil {
		t.Fatal(err)
	}
	want = []string{"B/single size 2"}
	if got := messages(t, d, constraints); !reflect.DeepEqual(got, want) {
		t.Errorf("Query after AddTemplate = %q, want %q", got, want)
	}
}

func TestDriverFaults(t *testing.T) {
	d := New()
	if err := d.AddTemplate(t.Context(), &templates.ConstraintTemplate{}); !errors.Is(err, rego.ErrNoRego) {
		t.Errorf("AddTemplate without a target: %v, want rego.ErrNoRego", err)
	}
	odd := &unstructured.Unstructured{Object: map[string]any{"kind": "A", "metadata": map[string]any{"name": "a"}, "spec": "text"}}
	if err := d.AddConstraint(t.Context(), odd); err == nil || err.Error() != "constraint A/a: spec: got a string, want an object" {
		t.Errorf("AddConstraint(%v): %v", odd.Object, err)
	}
	if _, err := d.GetDescriptionForStat("x"); err == nil {
		t.Error("GetDescriptionForStat: got no error")
	}
	d, constraints := newDriver(t, template("A", "package a\n\nviolation contains {\"msg\": input.review.name}\n"), constraint("A", "a", "{}"))
	if _, err := d.Query(t.Context(), policy.Target, constraints, map[string]any{"name": 3}); err == nil || !strings.Contains(err.Error(), "extracting message binding") {
		t.Errorf("Query with a msg that is a number: %v", err)
	}
}

func TestDriverData(t *testing.T) {
	d, constraints := newDriver(t, template("A", "package a\n\nviolation contains {\"msg\": name} if data.inventory.cluster[\"v1\"].Node[name]\n"), constraint("A", "a", "{}"))
	path := storage.Path{"cluster", "v1", "Node", "n"}
	if err := d.AddData(t.Context(), policy.Target, path, map[string]any{}); err != nil {
		t.Fatal(err)
	}
	if got, want := messages(t, d, constraints), []string{"A/a n {}"}; !reflect.DeepEqual(got, want) {
		t.Errorf("Query = %q, want %q", got, want)
	}
	text, err := d.Dump(t.Context())
	var dump map[string]struct {
		Modules    map[string]map[string]string
		Parameters map[string]string
		DataBytes  int
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &dump)
	}
	if got := dump[policy.Target]; err != nil || got.DataBytes != 2 || got.Parameters["A/a"] != "{}" || !strings.Contains(got.Modules["A"]["template"], "package template") {
		t.Errorf("Dump = %s, %v", text, err)
	}
	for _, path := range []storage.Path{path, nil} {
		if err := d.RemoveData(t.Context(), policy.Target, path); err != nil {
			t.Fatal(err)
		}
		if got := messages(t, d, constraints); got != nil {
			t.Errorf("Query after RemoveData(%v) = %q, want none", path, got)
		}
	}
}

func TestDriverConcurrently(t *testing.T) {
	d, constraints := newDriver(t, template("A", always), constraint("A", "a", "{}"), template("B", always), constraint("B", "b", "{}"))
	b := core(newSet(t, template("B", always)).Templates[0])
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for range 20 {
				if got, want := messages(t, d, constraints[:1]), []string{"A/a saw web {}"}; !reflect.DeepEqual(got, want) {
					t.Errorf("Query = %q, want %q", got, want)
				}
			}
		})
		workers.Go(func() {
			for range 5 {
				if err := errors.Join(d.RemoveTemplate(t.Context(), b), d.AddTemplate(t.Context(), b), d.AddConstraint(t.Context(), constraints[1]),
					d.AddData(t.Context(), policy.Target, storage.Path{"cluster", "v1", "Node", "n"}, map[string]any{})); err != nil {
					t.Error(err)
				}
			}
		})
	}
	workers.Wait()
}
