package driver

import (
	"encoding/json"
	"fmt"

	"github.com/open-policy-agent/frameworks/constraint/pkg/core/constraints"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/refdata"
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
type handled struct{ *review.Review }

// MarshalJSON gives what templates see as input.review, for drivers that want JSON.
func (h handled) MarshalJSON() ([]byte, error) { return json.Marshal(h.Request) }

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
	object := objectOf(data)
	if object == nil {
		return false, nil, nil, nil
	}
	path, err := refdata.Path(object)
	return true, path, object, err
}

// HandleReview takes reviews and objects; others are not for this target.
func (t *Target) HandleReview(value any) (handle bool, reviewed any, err error) {
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
	return true, handled{r}, nil
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
	r, ok := value.(handled)
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
