package driver

import (
	"encoding/json"
	"fmt"
	"sync"

	"github.com/open-policy-agent/frameworks/constraint/pkg/core/constraints"
	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/review"
)

// Target is a handler.TargetHandler of the constraint framework for Gatekeeper's target.
// It takes a *review.Review, or an unstructured object, whose parsed form all constraints
// share: Gatekeeper's own parses the object once for each. It is safe for concurrent use.
type Target struct {
	// Namespace is the Namespace of a name, nil if it is not known; for reviews that come
	// without one. A nil function knows none.
	Namespace func(name string) map[string]any
}

// A handled review is what the framework hands to matchers and drivers.
type handled struct {
	*review.Review
	request func() *admissionv1.AdmissionRequest
}

// MarshalJSON gives what templates see as input.review, for drivers that want JSON.
func (h *handled) MarshalJSON() ([]byte, error) { return json.Marshal(h.Request) }

// GetAdmissionRequest gives the review a type, for drivers that want one; the framework's
// client asks it for the operation.
func (h *handled) GetAdmissionRequest() *admissionv1.AdmissionRequest { return h.request() }

func handle(r *review.Review) *handled {
	return &handled{r, sync.OnceValue(func() *admissionv1.AdmissionRequest {
		request := &admissionv1.AdmissionRequest{}
		if text, err := json.Marshal(r.Request); err != nil || json.Unmarshal(text, request) != nil {
			return &admissionv1.AdmissionRequest{Operation: admissionv1.Operation(r.Operation)}
		}
		return request
	})}
}

// GetName is Gatekeeper's name of the target.
func (t *Target) GetName() string { return policy.Target }

// MatchSchema is the schema of spec.match: any object, because ValidateConstraint looks
// closer.
func (t *Target) MatchSchema() apiextensions.JSONSchemaProps {
	preserve := true
	return apiextensions.JSONSchemaProps{Type: "object", XPreserveUnknownFields: &preserve}
}

// ProcessData is the path of an object below data.inventory.
func (t *Target) ProcessData(data any) (handle bool, key []string, inventory any, err error) {
	object := unstructured.Unstructured{Object: objectOf(data)}
	if object.Object == nil {
		return false, nil, nil, nil
	}
	gvk := object.GroupVersionKind()
	if gvk.Version == "" || gvk.Kind == "" {
		return true, nil, nil, fmt.Errorf("reference data: object %q of kind %q and apiVersion %q: want both", object.GetName(), gvk.Kind, object.GetAPIVersion())
	}
	key = []string{"cluster"}
	if namespace := object.GetNamespace(); namespace != "" {
		key = []string{"namespace", namespace}
	}
	return true, append(key, gvk.GroupVersion().String(), gvk.Kind, object.GetName()), object.Object, nil
}

// HandleReview takes reviews and objects; others are not for this target.
func (t *Target) HandleReview(value any) (ours bool, reviewed any, err error) {
	r, isReview := value.(*review.Review)
	if !isReview {
		object := objectOf(value)
		if object == nil {
			return false, nil, nil
		}
		r = review.New(object, review.Options{})
	}
	if r.Namespace == nil && t.Namespace != nil {
		if name, _ := r.Request["namespace"].(string); name != "" {
			known := *r
			known.Namespace = t.Namespace(name)
			r = &known
		}
	}
	return true, handle(r), nil
}

// ValidateConstraint refuses a spec.match that cannot be read.
func (t *Target) ValidateConstraint(constraint *unstructured.Unstructured) error {
	_, err := matchOf(constraint)
	return err
}

// ToMatcher reads spec.match once.
func (t *Target) ToMatcher(constraint *unstructured.Unstructured) (constraints.Matcher, error) {
	match, err := matchOf(constraint)
	if err != nil {
		return nil, err
	}
	return matcher{match}, nil
}

func matchOf(constraint *unstructured.Unstructured) (*policy.Match, error) {
	match, found, err := unstructured.NestedMap(constraint.Object, "spec", "match")
	if err != nil || !found {
		return nil, err
	}
	parsed, err := policy.NewMatch(match)
	if err != nil {
		return nil, fmt.Errorf("constraint %s/%s: spec.match: %w", constraint.GetKind(), constraint.GetName(), err)
	}
	return parsed, nil
}

type matcher struct{ match *policy.Match }

// Match gives an error where the namespace decides and is not known: the framework then
// rejects, as it does for Gatekeeper's target.
func (m matcher) Match(value any) (bool, error) {
	r, ok := value.(*handled)
	if !ok {
		return false, fmt.Errorf("review: got a %T, want one that driver.Target has handled", value)
	}
	clause, err := r.Match(m.match)
	return clause == "" && err == nil, err
}

func objectOf(value any) map[string]any {
	switch value := value.(type) {
	case *unstructured.Unstructured:
		return value.Object
	case unstructured.Unstructured:
		return value.Object
	}
	return nil
}
