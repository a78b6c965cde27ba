package review_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/review"
)

func document(t *testing.T, text string) *manifest.Object {
	t.Helper()
	objects, err := manifest.Read("request.json", strings.NewReader(text))
	if err != nil || len(objects) != 1 {
		t.Fatalf("Read(%s) = %v, %v", text, objects, err)
	}
	return objects[0]
}

func TestRequest(t *testing.T) {
	const update = `{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
  "uid": "u", "operation": "UPDATE", "namespace": "shop", "userInfo": {"username": "me"},
  "object": {"apiVersion": "v1", "kind": "Pod",
    "metadata": {"name": "new"}},
  "oldObject": {"apiVersion": "v1", "kind": "Pod",
    "metadata": {"name": "old"}}}}`
	for _, tc := range []struct {
		text      string
		name      string // of the object
		place     string // of metadata.name
		namespace string
	}{
		{update, "new", "request.json:4:18", "shop"},
		{strings.Replace(update, "UPDATE", "DELETE", 1), "old", "request.json:6:18", "shop"},
		{strings.Replace(update, `"namespace": "shop"`, `"dryRun": true`, 1), "new", "request.json:4:18", ""},
		{strings.Replace(update, "/v1", "/v1beta1", 1), "new", "request.json:4:18", "shop"},
	} {
		object := document(t, tc.text)
		if !review.IsRequest(object) {
			t.Errorf("IsRequest(%s) = false", tc.text)
		}
		got, fault := review.Request(object)
		if fault != nil {
			t.Errorf("Request(%s): %v", tc.text, fault)
			continue
		}
		place := got.Object.Place([]any{"metadata", "name"}).Start.String()
		if got.Object.Name() != tc.name || place != tc.place || got.Namespace() != tc.namespace {
			t.Errorf("Request(%s): object %q, its name at %s, namespace %q; want %q, %s, %q", tc.text, got.Object.Name(), place, got.Namespace(), tc.name, tc.place, tc.namespace)
		}
		request := object.Value["request"].(map[string]any)
		want, err := review.FromRequest(request, nil)
		if err != nil {
			t.Fatal(err)
		}
		if reviewed := got.Review(nil); !reflect.DeepEqual(reviewed.Request, want.Request) || reviewed.Operation != want.Operation {
			t.Errorf("Request(%s).Review(nil) = %v, want that of FromRequest: %v", tc.text, reviewed.Request, want.Request)
		}
	}
}

func TestRequestFaults(t *testing.T) {
	for _, tc := range []struct {
		text  string // of a document whose apiVersion and kind come first
		place string
		want  string
	}{
		{`"response": {"allowed": true}`, "request.json:1:1", "an AdmissionReview without a request"},
		{`"request": null`, "request.json:1:70", "an AdmissionReview without a request"},
		{`"request": {"operation": "CREATE"}`, "request.json:1:70", "request: neither object nor oldObject is there"},
		{`"request": {"operation": "DELETE", "object": {}}`, "request.json:1:82", "request: operation is DELETE and oldObject is missing"},
		{`"request": {"object": 1}`, "request.json:1:82", "request: object: got int64, want an object"},
		{`"request": {"operation": "create", "object": {}}`, "request.json:1:82", "request: operation: got create, want CREATE, UPDATE, DELETE or CONNECT"},
		{`"request": {"object": {"kind": "Pod"}}`, "request.json:1:82", "request: object is no object with apiVersion and kind"},
	} {
		text := `{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",     ` + tc.text + "}"
		got, fault := review.Request(document(t, text))
		if got != nil || fault == nil || fault.Position.String() != tc.place || fault.Text != tc.want {
			t.Errorf("Request(%s) = %v, %v, want a fault at %s: %s", text, got, fault, tc.place, tc.want)
		}
	}
	object := document(t, `{"apiVersion": "admission.k8s.io/v2", "kind": "AdmissionReview"}`)
	if got, fault := review.Request(object); got != nil || fault == nil || fault.Text != "apiVersion: got admission.k8s.io/v2, want admission.k8s.io/v1" {
		t.Errorf("Request of v2 = %v, %v", got, fault)
	}
	for _, text := range []string{`{"apiVersion": "example.org/v1", "kind": "AdmissionReview"}`, `{"apiVersion": "admission.k8s.io/v1", "kind": "Pod"}`} {
		if review.IsRequest(document(t, text)) {
			t.Errorf("IsRequest(%s) = true", text)
		}
	}
}

// TestRequestNamespace wants a request that names no namespace to be unknown to matches that
// ask for one, and a Namespace to be in none but itself.
func TestRequestNamespace(t *testing.T) {
	match, err := policy.NewMatch(map[string]any{"namespaces": []any{"shop"}})
	if err != nil {
		t.Fatal(err)
	}
	shop := map[string]any{"metadata": map[string]any{"name": "shop"}}
	for _, tc := range []struct {
		object string
		clause review.Clause
		err    error
		known  bool // the review has the Namespace
	}{
		{`{"apiVersion": "v1", "kind": "Pod"}`, "", review.ErrNamespace, true},
		{`{"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "shop"}}`, "", nil, true},
		{`{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}`, "", nil, false},
	} {
		text := `{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"object": ` + tc.object + `}}`
		request, fault := review.Request(document(t, text))
		if fault != nil {
			t.Fatalf("Request(%s): %v", text, fault)
		}
		clause, err := request.Review(nil).Match(match)
		if clause != tc.clause || !errors.Is(err, tc.err) {
			t.Errorf("Request(%s).Review(nil).Match = %q, %v, want %q, %v", text, clause, err, tc.clause, tc.err)
		}
		if known := request.Review(shop).Namespace != nil; known != tc.known {
			t.Errorf("Request(%s).Review has a Namespace: %t, want %t", text, known, tc.known)
		}
	}
}
