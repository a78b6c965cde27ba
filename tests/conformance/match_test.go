package conformance

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/open-policy-agent/frameworks/constraint/pkg/core/constraints"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/mutation/match"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/mutation/types"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/target"

	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/review"
)

// TestMatch tries generated matches on generated reviews, in Gatekeeper's target and in
// package review. Three answers are possible: yes, no, and an error.
func TestMatch(t *testing.T) {
	const matches, subjects = 1500, 40 // of a pool of subjects that is larger
	template := read(t, "testdata/scoped/policies.yaml")[0]
	parsed, err := policy.NewTemplate(template.own)
	if err != nil {
		t.Fatal(err)
	}
	g := generator{rand.New(rand.NewPCG(*seed, 1))}
	pool := make([]matchSubject, 1000)
	for i := range pool {
		pool[i] = g.subject(t)
	}
	counts := map[string]int{}
	for range matches {
		value := constraint(parsed.Kind, "any", map[string]any{"match": g.match()})
		o := made(t, value)
		ours, err := policy.NewConstraint(parsed, o.own)
		if err != nil {
			t.Fatalf("policy.NewConstraint(%v): %v", value, err)
		}
		theirs, err := (&target.K8sValidationTarget{}).ToMatcher(o.peer)
		if err != nil {
			t.Fatalf("ToMatcher(%v): %v", value, err)
		}
		for range subjects {
			s := pool[g.IntN(len(pool))]
			want, wantErr := theirAnswer(theirs, s)
			r, err := s.own()
			if err != nil {
				t.Fatal(err)
			}
			clause, gotErr := r.Match(ours.Match)
			got := clause == "" && gotErr == nil
			name := exception(s, r, ours.Match, clause, gotErr, want, wantErr)
			switch {
			case gotErr != nil && clause != "":
				t.Errorf("Match(%v) of %v = %q, %v: want one of the two", value["spec"], s, clause, gotErr)
			case gotErr != nil && !errors.Is(gotErr, review.ErrNamespace):
				t.Errorf("Match(%v) of %v = %v, want ErrNamespace", value["spec"], s, gotErr)
			case got == want && (gotErr != nil) == (wantErr != nil):
				name = map[bool]string{true: "matched", false: "not matched"}[want]
				if wantErr != nil {
					name = "error"
				}
			case name == "":
				t.Fatalf("Match(%v) of %v = clause %q, error %v; Gatekeeper says %v, %v", value["spec"], s, clause, gotErr, want, wantErr)
			}
			counts[name]++
		}
	}
	t.Logf("%d matches x %d reviews: %v", matches, subjects, counts)
	for _, name := range []string{"matched", "not matched", "error", namespaceKnown, clauseOrder} {
		if counts[name] < matches*subjects/200 {
			t.Errorf("only %d of %d answers are %q: the generator misses them", counts[name], matches*subjects, name)
		}
	}
}

// The differences that are meant.
const (
	// A built-in namespaced kind without a namespace is known to be namespaced: the
	// clauses about the namespace cannot be answered, and the scope is known.
	namespaceKnown = "namespaced kind without a namespace"
	// Clauses are tried in another order: where Gatekeeper's namespaceSelector is an
	// error, the name or the source may have said no.
	clauseOrder = "clean non-match by name or source"
)

func exception(s matchSubject, r *review.Review, m *policy.Match, clause review.Clause, gotErr error, want bool, wantErr error) string {
	if m == nil {
		return ""
	}
	asksNamespace := len(m.Namespaces) > 0 || m.NamespaceLabels != nil || m.Scope == "Namespaced" || m.Scope == "Cluster"
	switch {
	case s.request == nil && s.namespace == nil && namespaceMissing(s.object) && asksNamespace && wantErr == nil &&
		(errors.Is(gotErr, review.ErrNamespace) && want || clause == review.ByScope && m.Scope == "Cluster" || m.Scope == "Namespaced" && !want):
		return namespaceKnown
	case errors.Is(wantErr, match.ErrMatch) && gotErr == nil && clause != "" && saysNo(r, m):
		return clauseOrder
	}
	return ""
}

func theirAnswer(matcher constraints.Matcher, s matchSubject) (bool, error) {
	var (
		augmented any
		named     = subject{object: s.object, namespace: s.namespace}
	)
	if s.request != nil {
		named.object = *s.request
	}
	augmented, _, err := named.augmented()
	if err != nil {
		return false, err
	}
	switch a := augmented.(type) {
	case target.AugmentedUnstructured:
		a.Source = types.SourceType(s.source)
		augmented = a
	case target.AugmentedReview:
		a.Source = types.SourceType(s.source)
		augmented = a
	}
	_, handled, err := (&target.K8sValidationTarget{}).HandleReview(augmented)
	if err != nil {
		return false, err
	}
	return matcher.Match(handled)
}

// A matchSubject is an object, or a request about it, with what is known of it.
type matchSubject struct {
	object
	request   *object
	namespace *object
	source    string
}

func (s matchSubject) own() (*review.Review, error) {
	var namespace map[string]any
	if s.namespace != nil {
		namespace = s.namespace.own.Value
	}
	if s.request != nil {
		return review.FromRequest(s.request.request(), namespace)
	}
	return review.New(s.object.own.Value, review.Options{Namespace: namespace, Source: s.source}), nil
}

func (s matchSubject) String() string {
	show := func(o *object) string {
		if o == nil {
			return "-"
		}
		text, _ := o.peer.MarshalJSON()
		return string(text)
	}
	if s.request != nil {
		return "request " + show(s.request) + " in " + show(s.namespace)
	}
	return s.source + " " + show(&s.object) + " in " + show(s.namespace)
}
