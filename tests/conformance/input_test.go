package conformance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
)

// An object is a document as both sides read it: peer with Kubernetes' libraries as
// gator does, own with package manifest.
type object struct {
	peer *unstructured.Unstructured
	own  *manifest.Object
}

// read returns the documents of a YAML file, none if the file is not there. The two
// readers must agree on their values.
func read(t testing.TB, path string) []object {
	t.Helper()
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	own, err := manifest.Read(path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var objects []object
	for documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text))); ; {
		document, err := documents.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := yaml.YAMLToJSON(document)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if string(text) == "null" {
			continue
		}
		peer := &unstructured.Unstructured{}
		if err := peer.UnmarshalJSON(text); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		i := len(objects)
		if i >= len(own) || !reflect.DeepEqual(own[i].Value, peer.Object) {
			t.Fatalf("%s: document %d: manifest.Read differs from Kubernetes' reader: got %v, want %v", path, i, own[min(i, len(own)-1)].Value, peer.Object)
		}
		objects = append(objects, object{peer, own[i]})
	}
	if len(objects) != len(own) {
		t.Fatalf("%s: manifest.Read has %d documents, Kubernetes' reader %d", path, len(own), len(objects))
	}
	return objects
}

// made is an object of a value that no file holds.
func made(t testing.TB, value map[string]any) object {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	own, err := manifest.Read("made", bytes.NewReader(text))
	if err != nil || len(own) != 1 {
		t.Fatalf("manifest.Read(%s): %d objects, %v", text, len(own), err)
	}
	peer := &unstructured.Unstructured{}
	if err := peer.UnmarshalJSON(text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return object{peer, own[0]}
}

func (o object) isReview() bool   { return o.own.Kind() == "AdmissionReview" }
func (o object) isTemplate() bool { return o.own.Kind() == "ConstraintTemplate" }
func (o object) isPolicy() bool   { return policy.IsPolicy(o.own) }

func (o object) request() map[string]any {
	request, _ := o.own.Value["request"].(map[string]any)
	return request
}

// title names an object in messages of the tests.
func (o object) title() string {
	return fmt.Sprintf("%s %s/%s", o.own.Kind(), o.own.Namespace(), o.own.Name())
}

// suitesVar is the environment variable that names a folder of Suites of gator verify.
const suitesVar = "MEMGATE_SUITES"

// suites is what a folder of Suites holds: the policies of all of them, the objects of
// their cases, and what the cases take as inventory.
func suites(t testing.TB) (policies, objects, inventory []object) {
	t.Helper()
	root := os.Getenv(suitesVar)
	if root == "" {
		t.Skipf("%s is not set: third-party suites are not compared", suitesVar)
	}
	files := map[string]*[]object{}
	add := func(to *[]object, path string) {
		if _, found := files[path]; !found {
			files[path] = to
			*to = append(*to, read(t, path)...)
		}
	}
	err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Base(path) != "suite.yaml" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var suite struct {
			Tests []struct {
				Template, Constraint string
				Cases                []struct {
					Object    string
					Inventory []string
				}
			}
		}
		if err := yaml.Unmarshal(text, &suite); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		at := func(name string) string { return filepath.Join(filepath.Dir(path), name) }
		for _, test := range suite.Tests {
			add(&policies, at(test.Template))
			add(&policies, at(test.Constraint))
			for _, c := range test.Cases {
				add(&objects, at(c.Object))
				for _, name := range c.Inventory {
					add(&inventory, at(name))
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(policies) == 0 || len(objects) == 0 {
		t.Fatalf("%s=%s: no suite.yaml with policies and objects below it", suitesVar, root)
	}
	return distinct(policies), objects, inventory
}

// distinct keeps the first of each policy: suites may name a constraint twice.
func distinct(policies []object) []object {
	seen := map[string]bool{}
	return slices.DeleteFunc(policies, func(o object) bool {
		key := o.own.Kind() + "/" + o.own.Name()
		found := seen[key]
		seen[key] = true
		return found
	})
}

// rules is memgate's own library: its templates, one constraint without parameters for
// each and one with every property of the schema left to its default, and the example
// documents of the rules.
func rules(t testing.TB) (policies, objects []object) {
	t.Helper()
	templates, err := filepath.Glob("../../templates/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range templates {
		for _, template := range read(t, path) {
			if !template.isTemplate() {
				continue
			}
			names, _, _ := unstructured.NestedString(template.own.Value, "spec", "crd", "spec", "names", "kind")
			policies = append(policies, template,
				made(t, constraint(names, "no-parameters", map[string]any{})),
				made(t, constraint(names, "empty-parameters", map[string]any{"parameters": map[string]any{}})),
				made(t, constraint(names, "warn-only", map[string]any{"enforcementAction": "warn", "parameters": map[string]any{"levels": []any{"warn"}}})))
		}
	}
	examples, err := filepath.Glob("../../policies/*/*/examples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range examples {
		objects = append(objects, read(t, path)...)
	}
	if len(policies) == 0 || len(objects) == 0 {
		t.Skipf("templates/ holds %d templates, policies/ %d example documents: own rules are not compared", len(templates), len(objects))
	}
	return policies, slices.DeleteFunc(objects, object.isPolicy)
}

func constraint(kind, name string, spec map[string]any) map[string]any {
	return map[string]any{
		"apiVersion": policy.ConstraintGroup + "/v1beta1", "kind": kind,
		"metadata": map[string]any{"name": name}, "spec": spec,
	}
}
