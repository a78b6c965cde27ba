package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/open-policy-agent/frameworks/constraint/pkg/apis/templates/v1"
	"github.com/open-policy-agent/frameworks/constraint/pkg/apis/templates/v1alpha1"
	"github.com/open-policy-agent/frameworks/constraint/pkg/apis/templates/v1beta1"
	"github.com/open-policy-agent/frameworks/constraint/pkg/client"
	"github.com/open-policy-agent/frameworks/constraint/pkg/client/drivers"
	"github.com/open-policy-agent/frameworks/constraint/pkg/client/drivers/rego"
	"github.com/open-policy-agent/frameworks/constraint/pkg/client/reviews"
	"github.com/open-policy-agent/frameworks/constraint/pkg/core/templates"
	"github.com/open-policy-agent/frameworks/constraint/pkg/handler"
	"github.com/open-policy-agent/frameworks/constraint/pkg/types"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/target"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A verdict is one result, in a form in which both sides can be compared.
type verdict struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Action  string `json:"action"`           // enforcement action of the constraint
	Scoped  string `json:"scoped,omitempty"` // actions at the enforcement point, sorted
	Cause   string `json:"cause,omitempty"`  // autoreject, or nothing
	Message string `json:"message,omitempty"`
	Details any    `json:"details,omitempty"`
}

func (v verdict) String() string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%#v: %v", v, err)
	}
	return string(text)
}

// A peer is the framework's client with Gatekeeper's target and some driver.
type peer struct{ client *client.Client }

// stockDriver is the framework's own Rego driver.
func stockDriver(t testing.TB) drivers.Driver {
	t.Helper()
	driver, err := rego.New()
	if err != nil {
		t.Fatal(err)
	}
	return driver
}

func newPeer(t testing.TB, driver drivers.Driver, point string) peer {
	t.Helper()
	return newPeerOf(t, &target.K8sValidationTarget{}, driver, point)
}

func newPeerOf(t testing.TB, target handler.TargetHandler, driver drivers.Driver, point string) peer {
	t.Helper()
	c, err := client.NewClient(client.Targets(target), client.Driver(driver), client.EnforcementPoints(point))
	if err != nil {
		t.Fatal(err)
	}
	return peer{c}
}

// load adds policies and reference data, as gator does.
func (p peer) load(policies, inventory []object) error {
	ctx := context.Background()
	for _, o := range policies {
		if o.isTemplate() {
			if err := p.addTemplate(o); err != nil {
				return fmt.Errorf("%s: %w", o.title(), err)
			}
		}
	}
	for _, o := range policies {
		if !o.isTemplate() {
			if _, err := p.client.AddConstraint(ctx, o.peer.DeepCopy()); err != nil {
				return fmt.Errorf("%s: %w", o.title(), err)
			}
		}
	}
	for _, o := range inventory {
		if _, err := p.client.AddData(ctx, o.peer.DeepCopy()); err != nil {
			return fmt.Errorf("%s: %w", o.title(), err)
		}
	}
	return nil
}

func (p peer) addTemplate(o object) error {
	template, err := toTemplate(o.peer)
	if err != nil {
		return err
	}
	_, err = p.client.AddTemplate(context.Background(), template)
	return err
}

// toTemplate converts and defaults a template as Gatekeeper does on admission.
func toTemplate(o *unstructured.Unstructured) (*templates.ConstraintTemplate, error) {
	text, err := o.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var versioned interface {
		ToVersionless() (*templates.ConstraintTemplate, error)
	}
	switch version := o.GroupVersionKind().Version; version {
	case "v1":
		versioned = &v1.ConstraintTemplate{}
	case "v1beta1":
		versioned = &v1beta1.ConstraintTemplate{}
	case "v1alpha1":
		versioned = &v1alpha1.ConstraintTemplate{}
	default:
		return nil, fmt.Errorf("version %q", version)
	}
	if err := json.Unmarshal(text, versioned); err != nil {
		return nil, err
	}
	return versioned.ToVersionless()
}

// A subject is what is reviewed: an object, or the request of an AdmissionReview.
type subject struct {
	object
	namespace *object // its Namespace, nil if unknown
}

// augmented is the review as Gatekeeper's target takes it.
func (s subject) augmented() (any, []reviews.ReviewOpt, error) {
	var (
		opts      []reviews.ReviewOpt
		namespace *corev1.Namespace
	)
	if s.namespace != nil {
		text, err := s.namespace.peer.MarshalJSON()
		if err != nil {
			return nil, nil, err
		}
		namespace = &corev1.Namespace{}
		plain := map[string]any{}
		if err := json.Unmarshal(text, namespace); err != nil {
			return nil, nil, err
		}
		if err := json.Unmarshal(text, &plain); err != nil {
			return nil, nil, err
		}
		opts = append(opts, reviews.Namespace(plain))
	}
	if !s.isReview() {
		return target.AugmentedUnstructured{Object: *s.peer, Namespace: namespace, Source: "Original"}, opts, nil
	}
	text, err := json.Marshal(s.request())
	if err != nil {
		return nil, nil, err
	}
	request := &admissionv1.AdmissionRequest{}
	if err := json.Unmarshal(text, request); err != nil {
		return nil, nil, err
	}
	if request.Kind.Kind == "Namespace" && request.Kind.Group == "" { // as Gatekeeper's webhook does (issue 792)
		request.Namespace = ""
	}
	return target.AugmentedReview{AdmissionRequest: request, Namespace: namespace, Source: "Original", IsAdmission: true}, opts, nil
}

// review is the framework's answer at an enforcement point, sorted. The error is that
// of the whole query.
func (p peer) review(s subject, point string) ([]verdict, error) {
	augmented, opts, err := s.augmented()
	if err != nil {
		return nil, err
	}
	return p.ask(augmented, append(opts, reviews.EnforcementPoint(point))...)
}

// ask is the answer about a review in the form that the target of the client takes.
func (p peer) ask(reviewed any, opts ...reviews.ReviewOpt) ([]verdict, error) {
	responses, err := p.client.Review(context.Background(), reviewed, opts...)
	if err != nil {
		return nil, err
	}
	var found []verdict
	for _, result := range responses.Results() {
		found = append(found, verdictOf(result))
	}
	return sorted(found), nil
}

var autoreject = regexp.MustCompile(`^unable to match constraints: `)

func verdictOf(result *types.Result) verdict {
	v := verdict{
		Kind: result.Constraint.GetKind(), Name: result.Constraint.GetName(), Action: result.EnforcementAction,
		Message: result.Msg, Details: digits(result.Metadata["details"]),
	}
	scoped := slices.Clone(result.ScopedEnforcementActions)
	slices.Sort(scoped)
	v.Scoped = strings.Join(scoped, ",")
	if result.Metadata == nil && autoreject.MatchString(result.Msg) {
		v.Cause = "autoreject"
	}
	return v
}

// digits writes the numbers of a value as OPA does. Details that are a part of the
// inventory come with float64 or with json.Number, as it happens: OPA converts them
// when it has to look inside.
func digits(value any) any {
	switch value := value.(type) {
	case map[string]any:
		object := make(map[string]any, len(value))
		for key, entry := range value {
			object[key] = digits(entry)
		}
		return object
	case []any:
		list := make([]any, len(value))
		for i, entry := range value {
			list[i] = digits(entry)
		}
		return list
	case float64:
		return json.Number(strconv.FormatFloat(value, 'g', -1, 64))
	}
	return value
}

func sorted(found []verdict) []verdict {
	slices.SortFunc(found, func(a, b verdict) int { return strings.Compare(a.String(), b.String()) })
	return found
}
