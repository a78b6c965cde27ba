package conformance

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/memgate/memgate/pkg/policy"
)

// TestSuites reviews every object of the third-party suites by all of their
// constraints: as it is, with a namespace where it has none, and as requests.
func TestSuites(t *testing.T) {
	policies, objects, inventory := suites(t)
	t.Run("offline", func(t *testing.T) {
		c := newComparison(t, policy.OfflinePoint, policies, inventory)
		c.run(t, append(objects, inNamespace(t, objects, "default")...))
	})
	t.Run("webhook", func(t *testing.T) {
		c := newComparison(t, policy.WebhookPoint, policies, inventory)
		c.run(t, requests(t, objects))
	})
}

// mostExamples bounds the time of TestRules, which grows with the square of the rules.
const mostExamples = 120

// TestRules does the same with memgate's own rules and a selection of their examples;
// tests/gator takes all.
func TestRules(t *testing.T) {
	policies, inventory := rules(t)
	objects := slices.Clone(inventory)
	rand.New(rand.NewPCG(*seed, 2)).Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
	objects = objects[:min(len(objects), mostExamples)]
	t.Logf("%d of %d example documents", len(objects), len(inventory))
	t.Run("offline", func(t *testing.T) {
		c := newComparison(t, policy.OfflinePoint, policies, inventory)
		c.run(t, objects)
	})
	t.Run("webhook", func(t *testing.T) {
		c := newComparison(t, policy.WebhookPoint, policies, inventory)
		c.run(t, requests(t, objects[:min(len(objects), mostExamples/4)]))
	})
}

// inNamespace gives a namespace to the objects of namespaced kinds that have none.
func inNamespace(t testing.TB, objects []object, name string) []object {
	t.Helper()
	var found []object
	for _, o := range objects {
		if !namespaceMissing(o) {
			continue
		}
		named := o.peer.DeepCopy()
		named.SetNamespace(name)
		found = append(found, made(t, named.Object))
	}
	return found
}

// requests makes of objects the requests that create, change and delete them. A change
// starts from the object of the same kind before it, in the namespace of the request:
// the API server refuses others, and fills in where there is none.
func requests(t testing.TB, objects []object) []object {
	t.Helper()
	var (
		found    []object
		previous = map[string]*unstructured.Unstructured{}
	)
	for _, o := range objects {
		if o.isReview() {
			found = append(found, o)
			continue
		}
		gvk := o.peer.GroupVersionKind()
		value := o.peer.Object
		for _, operation := range []string{"CREATE", "UPDATE", "DELETE"} {
			request := map[string]any{
				"uid":       fmt.Sprintf("%s-%d", operation, len(found)),
				"operation": operation,
				"kind":      map[string]any{"group": gvk.Group, "version": gvk.Version, "kind": gvk.Kind},
				"resource":  map[string]any{"group": gvk.Group, "version": gvk.Version, "resource": "any"},
				"name":      o.peer.GetName(),
				"namespace": o.peer.GetNamespace(),
				"userInfo":  map[string]any{"username": "admin", "groups": []any{"system:masters"}},
				"object":    value,
				"dryRun":    false,
			}
			switch operation {
			case "UPDATE":
				request["oldObject"] = value
				if old, ok := inSameNamespace(previous[gvk.String()], o.peer.GetNamespace()); ok {
					request["oldObject"] = old
				}
			case "DELETE":
				request["object"], request["oldObject"] = nil, value
			}
			found = append(found, made(t, map[string]any{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}))
		}
		previous[gvk.String()] = o.peer
	}
	return found
}

// inSameNamespace is an object moved to a namespace, if its metadata can be read.
func inSameNamespace(o *unstructured.Unstructured, namespace string) (map[string]any, bool) {
	if o == nil {
		return nil, false
	}
	moved := o.DeepCopy()
	if metadata, ok := moved.Object["metadata"].(map[string]any); ok {
		delete(metadata, "namespace")
		if namespace != "" {
			metadata["namespace"] = namespace
		}
		return moved.Object, true
	}
	return moved.Object, namespace == ""
}

// clone is a deep copy as JSON has it.
func clone(t testing.TB, value map[string]any) map[string]any {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var copied map[string]any
	if err := json.Unmarshal(text, &copied); err != nil {
		t.Fatal(err)
	}
	return copied
}
