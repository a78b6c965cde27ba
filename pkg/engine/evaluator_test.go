package engine

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/review"
)

// suitesVar names the folder of third-party suites.
const suitesVar = "MEMGATE_SUITES"

var (
	seed = flag.Uint64("seed", 1, "seed of what is damaged")
	most = flag.Int("most", 0, "objects, and as many damaged ones, of memgate's own rules that both evaluators judge; 0 is the usual number")

	usual = 60
)

// number is how many objects to judge.
func number() int {
	if *most > 0 {
		return *most
	}
	return usual
}

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
	return newTwinOf(t, point, set, data)
}

func newTwinOf(t testing.TB, point string, set *policy.Set, data []map[string]any) *twin {
	t.Helper()
	w := &twin{}
	var err error
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
	random := rand.New(rand.NewPCG(*seed, 2))
	random.Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
	n := min(len(objects), number())
	t.Run("offline", func(t *testing.T) { compareAll(t, policy.OfflinePoint, policies, objects, objects[:n], n) })
	t.Run("webhook", func(t *testing.T) { compareAll(t, policy.WebhookPoint, policies, objects, objects[:n/6], n/6) })
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

// corpusVar names the folder of real manifests.
const corpusVar = "MEMGATE_CORPUS"

// TestEvaluatorsOnCorpus does so with the bundle strict on some of the real manifests,
// evenly spread.
func TestEvaluatorsOnCorpus(t *testing.T) {
	root := os.Getenv(corpusVar)
	if root == "" {
		t.Skipf("%s is not set: no real manifests are compared", corpusVar)
	}
	var paths []string
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".yaml") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %d files, %v", root, len(paths), err)
	}
	var objects []map[string]any
	for i := 0; i < len(paths); i += 1 + len(paths)/number() {
		if file, err := os.Open(paths[i]); err == nil {
			read, _ := manifest.Read(paths[i], file) // as far as it can be read
			file.Close()
			for _, object := range read {
				objects = append(objects, object.Value)
			}
		}
	}
	set, err := policy.Bundle("strict")
	if err != nil {
		t.Fatal(err)
	}
	w := newTwinOf(t, policy.OfflinePoint, set, objects)
	for _, object := range objects {
		w.compare(t, review.New(object, review.Options{}))
	}
	w.log(t)
}

// compareAll judges objects, and some that are damaged, by both evaluators.
func compareAll(t *testing.T, point string, policies, data, objects []map[string]any, damaged int) {
	t.Helper()
	w := newTwin(t, point, policies, data)
	random := rand.New(rand.NewPCG(*seed, 1))
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
