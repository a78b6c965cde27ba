// Package review makes of an object, or of an admission request, the review that
// policies judge, and decides which constraints match it. It knows Kubernetes kinds;
// it knows neither Rego nor where an object was written.
package review

import (
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Sources of a reviewed object, as spec.match.source names them.
const (
	Original  = "Original"
	Generated = "Generated" // made from another object, such as the Pod of a Deployment
)

// A Review is one object under review. It is immutable once made and safe for
// concurrent use.
type Review struct {
	// Request is what templates see as input.review, except for namespaceObject. Its
	// fields are those of admission.k8s.io/v1 AdmissionRequest. It is read-only and
	// may share values with the object it was made of.
	Request map[string]any
	// Namespace is the Namespace of the object, nil if it has none or it is unknown.
	Namespace map[string]any
	Operation string // CREATE, UPDATE, DELETE, CONNECT, or "" outside admission
	Source    string // Original or Generated

	namespaceMissing bool // the kind is namespaced, and no namespace was given
	subjects         []subject
}

// subject is what constraint matching looks at of one object, taken out once.
type subject struct {
	group, kind        string
	name, generateName string
	namespace          string
	labels             labels.Set
}

func (s subject) isNamespace() bool { return s.kind == "Namespace" && s.group == "" }

// Options say what is known about an object beside its manifest.
type Options struct {
	Namespace map[string]any // its Namespace, nil if unknown
	Source    string         // Original if empty
}

// New is the review of an object outside admission, as Gatekeeper's audit and gator
// make it: operation is empty, oldObject null.
func New(object map[string]any, options Options) *Review {
	s := newSubject(object)
	gvk := groupVersionKind(object)
	request := map[string]any{
		"uid":       "",
		"kind":      map[string]any{"group": gvk.Group, "version": gvk.Version, "kind": gvk.Kind},
		"resource":  map[string]any{"group": "", "version": "", "resource": ""},
		"operation": "",
		"userInfo":  map[string]any{},
		"object":    object,
		"oldObject": nil,
		"options":   nil,
	}
	if s.name != "" {
		request["name"] = s.name
	}
	if s.namespace != "" {
		request["namespace"] = s.namespace
	}
	r := &Review{
		Request: request, Namespace: options.Namespace, Source: options.Source,
		subjects:         []subject{s},
		namespaceMissing: s.namespace == "" && ScopeOf(gvk.GroupKind()) == Namespaced,
	}
	if r.Source == "" {
		r.Source = Original
	}
	return r
}

func newSubject(object map[string]any) subject {
	gvk := groupVersionKind(object)
	metadata, _ := object["metadata"].(map[string]any)
	text := func(key string) string { s, _ := metadata[key].(string); return s }
	return subject{
		group: gvk.Group, kind: gvk.Kind,
		name: text("name"), generateName: text("generateName"), namespace: text("namespace"),
		labels: stringMap(metadata["labels"]),
	}
}

// groupVersionKind reads apiVersion and kind as unstructured.Unstructured does: an
// apiVersion with two slashes gives an empty one.
func groupVersionKind(object map[string]any) schema.GroupVersionKind {
	version, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	gv, err := schema.ParseGroupVersion(version)
	if err != nil {
		return schema.GroupVersionKind{}
	}
	return gv.WithKind(kind)
}

// stringMap is a map of strings as GetLabels of unstructured.Unstructured has it: null
// is the empty string, and one value of another type makes the whole map nil.
func stringMap(value any) map[string]string {
	entries, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	found := make(map[string]string, len(entries))
	for key, entry := range entries {
		text, ok := entry.(string)
		if !ok && entry != nil {
			return nil
		}
		found[key] = text
	}
	return found
}
