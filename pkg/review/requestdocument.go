package review

import (
	"errors"
	"slices"
	"strings"

	"github.com/memgate/memgate/pkg/manifest"
)

// A Requested is an AdmissionReview among manifests: a request that an API server made,
// or might make. It is judged as what it asks about, not as an object.
type Requested struct {
	// Object is what is asked about, request.object or, on DELETE, request.oldObject, with
	// its places in the document.
	Object *manifest.Object
	review *Review // in no known Namespace
}

// IsRequest reports whether an object is an AdmissionReview of the API of Kubernetes.
func IsRequest(object *manifest.Object) bool {
	return object.Kind() == "AdmissionReview" && strings.HasPrefix(object.APIVersion(), "admission.k8s.io/")
}

// Request is what an AdmissionReview asks about, or why it cannot be judged: it is of
// another version than v1 or v1beta1 (whose fields are the same), has no request, such as
// an answer, or one that no API server makes.
func Request(object *manifest.Object) (*Requested, *Fault) {
	fault := func(text string, path ...any) (*Requested, *Fault) {
		return nil, &Fault{object.Place(path).Start, text}
	}
	if version := object.APIVersion(); version != "admission.k8s.io/v1" && version != "admission.k8s.io/v1beta1" {
		return fault("apiVersion: got "+version+", want admission.k8s.io/v1", "apiVersion")
	}
	request, ok := object.Value["request"].(map[string]any)
	if !ok {
		return fault("an AdmissionReview without a request", "request")
	}
	var wrong *requestError
	r, err := FromRequest(request, nil)
	if errors.As(err, &wrong) {
		return fault(err.Error(), append([]any{"request"}, wrong.path...)...)
	}
	if err != nil {
		return fault(err.Error(), "request")
	}
	if !slices.Contains([]string{"", "CREATE", "UPDATE", "DELETE", "CONNECT"}, r.Operation) {
		return fault("request: operation: got "+r.Operation+", want CREATE, UPDATE, DELETE or CONNECT", "request", "operation")
	}
	field := "object"
	if r.Operation == "DELETE" || request["object"] == nil {
		field = "oldObject"
	}
	asked, _ := object.Item("request", field)
	if asked.APIVersion() == "" || asked.Kind() == "" {
		return fault("request: "+field+" is no object with apiVersion and kind", "request", field)
	}
	return &Requested{asked, r}, nil
}

// Namespace is the name of the namespace that the request is for, or else the object is
// in; "" if there is none.
func (r *Requested) Namespace() string {
	return r.review.subjects[0].namespace
}

// Review is the review of the request, in a Namespace that may be nil if it is unknown.
func (r *Requested) Review(namespace map[string]any) *Review {
	review := *r.review
	if !review.subjects[0].isNamespace() {
		review.Namespace = namespace
	}
	// An API server names the namespace of what is in one; this request is made by hand.
	kind := groupVersionKind(r.Object.Value).GroupKind()
	review.namespaceMissing = r.Namespace() == "" && ScopeOf(kind) == Namespaced
	return &review
}
