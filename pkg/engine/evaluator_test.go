package engine

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/review"
)

// suitesVar names the folder of third-party suites.
const suitesVar = "MEMGATE_SUITES"

// A twin holds the same policies and data for both evaluators.
type twin struct {
	topdown, vm *Client
	violations  int
	judged      int
	errors      int
	differences int
}

func newTwin(t testing.TB, point string, policies, data []map[string]any) *twin {
	t.Helper()
	objects := make([]*manifest.Object, len(policies))
	for i, p := range policies {
		objects[i] = &manifest.Object{Value: p}
	}
	set, err := policy.NewSet(objects)
	if err != nil {
		t.Fatal(err)
	}
	w := &twin{}
	for engine, client := range map[string]**Client{Topdown: &w.topdown, VM: &w.vm} {
		if *client, err = NewClient(set, Options{Point: point, Engine: engine}); err != nil {
			t.Fatal(err)
		}
		for _, object := range data {
			_ = (*client).AddData(t.Context(), object) // what has no name is no data
		}
	}
	return w
}

// compare judges a review by both and reports differences.
func (w *twin) compare(t testing.TB, r *review.Review) {
	t.Helper()
	want, got := w.topdown.Review(t.Context(), r), w.vm.Review(t.Context(), r)
	for i := range want {
		w.violations += len(want[i].Violations)
		if want[i].Status == Judged {
			w.judged++
		}
		if want[i].Err != nil {
			w.errors++
		}
		if told(got[i]) == told(want[i]) && (reflect.DeepEqual(got[i].Violations, want[i].Violations) || len(got[i].Violations)+len(want[i].Violations) == 0) {
			continue
		}
		if w.differences++; w.differences <= 5 {
			t.Errorf("vm: %s\ntopdown: %s\nof %.2000v", told(got[i]), told(want[i]), r.Request)
		} else {
			t.Fail()
		}
	}
}

func (w *twin) log(t testing.TB) {
	t.Helper()
	t.Logf("%d pairs judged, %d violations, %d errors, %d differences; left to topdown: %v", w.judged, w.violations, w.errors, w.differences, w.vm.Fallbacks())
	for cause := range w.vm.Fallbacks() {
		if cause == "panic" || strings.HasPrefix(cause, "value of type") || strings.HasPrefix(cause, "statement") {
			t.Errorf("the vm left something to topdown because of %q", cause)
		}
	}
}

// TestEvaluatorsOnOwnRules compares the evaluators on memgate's rules and their examples,
// as they are and damaged.
func TestEvaluatorsOnOwnRules(t *testing.T) {
	policies := documents(t, "../../templates/*.yaml")
	var constraints []map[string]any
	for _, p := range policies {
		kind := p["spec"].(map[string]any)["crd"].(map[string]any)["spec"].(map[string]any)["names"].(map[string]any)["kind"].(string)
		constraints = append(constraints,
			constraintOf(kind, "plain", map[string]any{}),
			constraintOf(kind, "warn", map[string]any{"enforcementAction": "warn", "parameters": map[string]any{"levels": []any{"warn"}}}))
	}
	policies = append(policies, constraints...)
	objects := documents(t, "../../policies/*/*/examples/*.yaml")
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
	n := min(len(objects), 150)
	t.Run("offline", func(t *testing.T) { compareAll(t, policy.OfflinePoint, policies, objects, objects[:n], 100) })
	t.Run("webhook", func(t *testing.T) { compareAll(t, policy.WebhookPoint, policies, objects, objects[:n/4], 20) })
}

// TestEvaluatorsOnFixtures does so with the templates of tests/conformance, which hold
// what is odd.
func TestEvaluatorsOnFixtures(t *testing.T) {
	folders, err := filepath.Glob("../../tests/conformance/testdata/*/policies.yaml")
	if err != nil || len(folders) == 0 {
		t.Fatalf("../../tests/conformance/testdata: %d folders, %v", len(folders), err)
	}
	for _, path := range folders {
		folder := filepath.Dir(path)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			objects := documents(t, folder+"/objects.yaml")
			data := documents(t, folder+"/inventory.yaml")
			compareAll(t, policy.OfflinePoint, documents(t, path), data, objects, 50)
			compareAll(t, policy.WebhookPoint, documents(t, path), data, objects, 10)
		})
	}
}

// TestEvaluatorsOnSuites does so with third-party templates, each with its samples.
func TestEvaluatorsOnSuites(t *testing.T) {
	root := os.Getenv(suitesVar)
	if root == "" {
		t.Skipf("%s is not set: third-party suites are not compared", suitesVar)
	}
	paths, err := filepath.Glob(filepath.Join(root, "*", "*", "template.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %d templates, %v", root, len(paths), err)
	}
	for _, path := range paths {
		folder := filepath.Dir(path)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			policies := documents(t, path)
			var objects []map[string]any
			for i, object := range documents(t, folder+"/samples/*/*.yaml") {
				switch version, _ := object["apiVersion"].(string); {
				case strings.HasPrefix(version, policy.ConstraintGroup):
					object["metadata"].(map[string]any)["name"] = fmt.Sprintf("c%d", i)
					if spec, ok := object["spec"].(map[string]any); ok {
						delete(spec, "match")
					}
					policies = append(policies, object)
				case object["kind"] != nil && object["metadata"] != nil:
					objects = append(objects, object)
				}
			}
			compareAll(t, policy.OfflinePoint, policies, objects, objects, 40)
			compareAll(t, policy.WebhookPoint, policies, objects, objects, 10)
		})
	}
}

// compareAll judges objects, and some that are damaged, by both evaluators.
func compareAll(t *testing.T, point string, policies, data, objects []map[string]any, damaged int) {
	t.Helper()
	w := newTwin(t, point, policies, data)
	random := rand.New(rand.NewPCG(1, 1))
	for i := range len(objects) + damaged {
		var object map[string]any
		if i < len(objects) {
			object = objects[i]
		} else if len(objects) > 0 {
			object = copyOf(objects[random.IntN(len(objects))]).(map[string]any)
			for range 1 + random.IntN(3) {
				damage(random, object)
			}
		}
		if request, ok := object["request"].(map[string]any); ok && object["kind"] == "AdmissionReview" {
			if r, err := review.FromRequest(request, nil); err == nil {
				w.compare(t, r)
			}
			continue
		}
		if point == policy.OfflinePoint {
			w.compare(t, review.New(object, review.Options{}))
			continue
		}
		for _, operation := range []string{"CREATE", "UPDATE", "DELETE"} {
			request := map[string]any{
				"uid": "u", "operation": operation, "kind": map[string]any{"group": "", "version": "v1", "kind": object["kind"]},
				"namespace": "shop", "object": object, "oldObject": nil, "userInfo": map[string]any{"username": "admin"},
			}
			switch operation {
			case "UPDATE":
				request["oldObject"] = objects[random.IntN(len(objects))]
			case "DELETE":
				request["object"], request["oldObject"] = nil, object
			}
			if r, err := review.FromRequest(request, nil); err == nil {
				w.compare(t, r)
			}
		}
	}
	w.log(t)
}

func constraintOf(kind, name string, spec map[string]any) map[string]any {
	return map[string]any{
		"apiVersion": policy.ConstraintGroup + "/v1beta1", "kind": kind,
		"metadata": map[string]any{"name": name}, "spec": spec,
	}
}

// documents are the objects of the files that a pattern means.
func documents(t testing.TB, pattern string) []map[string]any {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var found []map[string]any
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		objects, err := manifest.Read(path, file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range objects {
			found = append(found, object.Value)
		}
	}
	return found
}

func copyOf(value any) any {
	switch value := value.(type) {
	case map[string]any:
		object := make(map[string]any, len(value))
		for key, entry := range value {
			object[key] = copyOf(entry)
		}
		return object
	case []any:
		list := make([]any, len(value))
		for i, entry := range value {
			list[i] = copyOf(entry)
		}
		return list
	}
	return value
}

// damage replaces, wraps or removes one value of an object.
func damage(random *rand.Rand, object map[string]any) {
	type place struct {
		set   func(any)
		value any
	}
	var places []place
	var visit func(value any, depth int)
	visit = func(value any, depth int) {
		switch value := value.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(value)) {
				if depth > 0 || key != "apiVersion" && key != "kind" {
					places = append(places, place{func(v any) { value[key] = v }, value[key]})
					visit(value[key], depth+1)
				}
			}
		case []any:
			for i := range value {
				places = append(places, place{func(v any) { value[i] = v }, value[i]})
				visit(value[i], depth+1)
			}
		}
	}
	visit(object, 0)
	if len(places) == 0 {
		return
	}
	odd := []any{
		nil, true, false, "", "0", "*", "1e3", "10Mi", "-1", "a/b:c", "true", "ünïcode", "1Ki", "0.5",
		int64(0), int64(-1), int64(1), 0.1, 1e21, int64(1000000), int64(1000730000), int64(9007199254740993), -1e-7, 1.0, 1.5e6,
		[]any{},
		[]any{nil},
		[]any{"a", int64(1), map[string]any{}},
		map[string]any{},
		map[string]any{"": nil, "name": int64(3)},
	}
	p := places[random.IntN(len(places))]
	switch random.IntN(6) {
	case 0:
		p.set([]any{p.value})
	case 1:
		p.set(map[string]any{"value": p.value})
	case 2:
		if list, ok := p.value.([]any); ok {
			p.set(slices.Concat(list, list))
			return
		}
		p.set(copyOf(places[random.IntN(len(places))].value))
	default:
		p.set(odd[random.IntN(len(odd))])
	}
}
