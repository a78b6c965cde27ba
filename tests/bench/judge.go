package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-policy-agent/frameworks/constraint/pkg/client"
	"github.com/open-policy-agent/frameworks/constraint/pkg/client/drivers/rego"
	"github.com/open-policy-agent/frameworks/constraint/pkg/client/reviews"
	"github.com/open-policy-agent/frameworks/constraint/pkg/types"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/target"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/review"
)

// A stock is the framework's client with its Rego driver and Gatekeeper's target.
type stock struct {
	client     *client.Client
	point      string
	namespaces map[string]namespace
}

// A namespace is one as Gatekeeper hands it over: for matching, and for templates.
type namespace struct {
	typed *corev1.Namespace
	plain map[string]any
}

func newStock(p policies, point string) (stock, error) {
	s := stock{point: point, namespaces: map[string]namespace{}}
	driver, err := rego.New()
	if err != nil {
		return s, err
	}
	s.client, err = client.NewClient(client.Targets(&target.K8sValidationTarget{}), client.Driver(driver), client.EnforcementPoints(point))
	if err != nil {
		return s, err
	}
	ctx := context.Background()
	for _, o := range p.templates {
		parsed, err := toTemplate(o)
		if err == nil {
			_, err = s.client.AddTemplate(ctx, parsed)
		}
		if err != nil {
			return s, fmt.Errorf("template %s: %w", o.GetName(), err)
		}
	}
	for _, o := range p.constraints {
		if _, err := s.client.AddConstraint(ctx, o.DeepCopy()); err != nil {
			return s, fmt.Errorf("constraint %s/%s: %w", o.GetKind(), o.GetName(), err)
		}
	}
	for _, o := range p.data {
		if _, err := s.client.AddData(ctx, o.DeepCopy()); err != nil {
			return s, fmt.Errorf("%s %s: %w", o.GetKind(), o.GetName(), err)
		}
		if o.GetKind() == "Namespace" {
			n := namespace{&corev1.Namespace{}, o.Object}
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, n.typed); err != nil {
				return s, fmt.Errorf("namespace %s: %w", o.GetName(), err)
			}
			s.namespaces[o.GetName()] = n
		}
	}
	return s, nil
}

// review reviews an object as Gatekeeper's audit does.
func (s stock) review(o *unstructured.Unstructured) ([]*types.Result, error) {
	n := s.namespaces[o.GetNamespace()]
	return s.ask(target.AugmentedUnstructured{Object: *o, Namespace: n.typed, Source: "Original"}, n)
}

func (s stock) ask(subject any, n namespace) ([]*types.Result, error) {
	options := []reviews.ReviewOpt{reviews.EnforcementPoint(s.point)}
	if n.plain != nil {
		options = append(options, reviews.Namespace(n.plain))
	}
	responses, err := s.client.Review(context.Background(), subject, options...)
	if err != nil {
		return nil, err
	}
	return responses.Results(), nil
}

// An own is memgate's client.
type own struct{ *engine.Client }

// newOwn makes a client as memgate's binaries do, of files.
func newOwn(p policies, point, evaluator string) (own, error) {
	set, err := p.set()
	if err != nil {
		return own{}, err
	}
	return ownOf(set, p.data, point, evaluator)
}

// set are the policies, read from files.
func (p policies) set() (*policy.Set, error) {
	dir, err := os.MkdirTemp("", "memgate-bench-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // temporary
	folder := filepath.Join(dir, "policies")
	if err := writeTo(folder, slices.Concat(p.templates, p.constraints)); err != nil {
		return nil, err
	}
	return policy.Load([]string{folder})
}

func ownOf(set *policy.Set, data []*unstructured.Unstructured, point, evaluator string) (own, error) {
	c, err := engine.NewClient(set, engine.Options{Point: point, Engine: evaluator})
	if err != nil {
		return own{}, err
	}
	for _, o := range data {
		if err := c.AddData(context.Background(), o.Object); err != nil {
			return own{}, fmt.Errorf("%s %s: %w", o.GetKind(), o.GetName(), err)
		}
	}
	return own{c}, nil
}

// review reviews an object as memgate check does.
func (w own) review(o *unstructured.Unstructured) []engine.Outcome {
	ctx := context.Background()
	return w.Review(ctx, review.New(o.Object, review.Options{Namespace: w.Namespace(ctx, o.GetNamespace())}))
}

// A verdict is a violation as both sides tell it.
type verdict struct{ kind, name, action, message, details string }

func (v verdict) String() string {
	return fmt.Sprintf("%s/%s %s: %s %s", v.kind, v.name, v.action, v.message, v.details)
}

// disagreement is where both sides do not say the same of an object. The framework makes
// an evaluation error a violation of every constraint of the kind, and says nothing else
// of that kind; memgate does not judge the constraint that has it. Those violations are
// counted as errors instead.
func disagreement(title string, theirs []*types.Result, ours []engine.Outcome) (errors int, found []string) {
	unjudged := map[string]bool{} // by kind
	for _, o := range ours {
		if o.Status == engine.NotJudged {
			unjudged[o.Constraint.Kind()] = true
		}
	}
	var got, want []string
	for _, o := range ours {
		if unjudged[o.Constraint.Kind()] {
			continue
		}
		for _, v := range o.Violations {
			got = append(got, verdict{o.Constraint.Kind(), o.Constraint.Name, o.Constraint.EnforcementAction(), v.Message, canonical(v.Details)}.String())
		}
	}
	for _, r := range theirs {
		if unjudged[r.Constraint.GetKind()] && r.Metadata["details"] == nil {
			errors++
			continue
		}
		want = append(want, verdict{r.Constraint.GetKind(), r.Constraint.GetName(), r.EnforcementAction, r.Msg, canonical(r.Metadata["details"])}.String())
	}
	return errors, differences(title, got, want)
}

// differences are the lines that are in one list only, as often as they are.
func differences(title string, got, want []string) []string {
	count := map[string]int{}
	for _, line := range want {
		count[line]--
	}
	for _, line := range got {
		count[line]++
	}
	var found []string
	for line, n := range count {
		for range n {
			found = append(found, title+": memgate alone: "+line)
		}
		for range -n {
			found = append(found, title+": Gatekeeper alone: "+line)
		}
	}
	slices.SortFunc(found, strings.Compare)
	return found
}

// canonical is a value as JSON with numbers as float64; {} for none at all.
func canonical(value any) string {
	if value == nil {
		return "{}"
	}
	text, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	var plain any
	if err := json.Unmarshal(text, &plain); err != nil {
		return err.Error()
	}
	if text, err = json.Marshal(plain); err != nil {
		return err.Error()
	}
	return string(text)
}
