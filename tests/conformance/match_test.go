package conformance

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/open-policy-agent/frameworks/constraint/pkg/core/constraints"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/mutation/match"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/mutation/types"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/target"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

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

// saysNo reports whether it is the name or the source that keeps a match from asking
// for a namespace that is not known.
func saysNo(r *review.Review, m *policy.Match) bool {
	without := *m
	without.Name, without.Source = "", ""
	_, err := r.Match(&without)
	return errors.Is(err, review.ErrNamespace)
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

// A generator makes matches and reviews of few words, so that they often meet.
type generator struct{ *rand.Rand }

func (g generator) one(words ...string) string { return words[g.IntN(len(words))] }

func (g generator) some(words ...string) []any {
	list := []any{}
	for range g.IntN(3) {
		list = append(list, g.one(words...))
	}
	return list
}

func (g generator) often(percent int) bool { return g.IntN(100) < percent }

func (g generator) match() map[string]any {
	m := map[string]any{}
	if g.often(40) {
		var kinds []any
		for range g.IntN(3) {
			entry := map[string]any{}
			if g.often(80) {
				entry["kinds"] = g.some("Pod", "Deployment", "Namespace", "Node", "Widget", "*")
			}
			if g.often(80) {
				entry["apiGroups"] = g.some("", "apps", "example.org", "*")
			}
			kinds = append(kinds, entry)
		}
		m["kinds"] = kinds
	}
	if g.often(25) {
		m["scope"] = g.one("*", "Cluster", "Namespaced")
	}
	wildcards := []string{"shop", "sh*", "*op", "*o*", "*", "blog", "web", "we*", "prod", "**", "b*g"}
	if g.often(30) {
		m["namespaces"] = g.some(wildcards...)
	}
	if g.often(30) {
		m["excludedNamespaces"] = g.some(wildcards...)
	}
	if g.often(30) {
		m["labelSelector"] = g.selector()
	}
	if g.often(35) {
		m["namespaceSelector"] = g.selector()
	}
	if g.often(30) {
		m["name"] = g.one(append(wildcards, "", "web-*", "*-1")...)
	}
	if g.often(25) {
		m["source"] = g.one("All", "Original", "Generated", "")
	}
	return m
}

func (g generator) selector() map[string]any {
	s := map[string]any{}
	if g.often(50) {
		s["matchLabels"] = map[string]any{g.one("app", "team"): g.one("a", "b", "")}
	}
	if g.often(60) {
		operator := g.one("In", "NotIn", "Exists", "DoesNotExist")
		expression := map[string]any{"key": g.one("app", "team"), "operator": operator}
		if operator == "In" || operator == "NotIn" {
			expression["values"] = []any{g.one("a", "b", ""), g.one("a", "b")}
		}
		s["matchExpressions"] = []any{expression}
	}
	return s
}

func (g generator) labels(metadata map[string]any) {
	if g.often(70) {
		labels := map[string]any{}
		for range g.IntN(3) {
			labels[g.one("app", "team")] = g.one("a", "b", "")
		}
		metadata["labels"] = labels
		if g.often(3) {
			labels["app"] = nil
		}
	}
	if g.often(3) {
		metadata["labels"] = nil
	}
}

func (g generator) object(gvk [2]string, name, namespace string) map[string]any {
	metadata := map[string]any{}
	switch {
	case name == "" && g.often(80):
		metadata["generateName"] = g.one("web-", "shop-", "b")
	case name != "":
		metadata["name"] = name
	}
	if namespace != "" {
		metadata["namespace"] = namespace
	}
	g.labels(metadata)
	return map[string]any{"apiVersion": gvk[0], "kind": gvk[1], "metadata": metadata}
}

func (g generator) subject(t testing.TB) matchSubject {
	kinds := [][2]string{
		{"v1", "Pod"}, {"apps/v1", "Deployment"}, {"v1", "Namespace"}, {"example.org/v1", "Namespace"}, {"v1", "Node"},
		{"example.org/v1", "Widget"}, {"apps/v1", "Pod"},
	}
	gvk := kinds[g.IntN(len(kinds))]
	name := g.one("", "web", "web-1", "shop", "blog", "prod")
	namespace := ""
	isNamespace := gvk == [2]string{"v1", "Namespace"}
	if !isNamespace && gvk[1] != "Node" && g.often(70) {
		namespace = g.one("shop", "blog", "prod")
	}
	s := matchSubject{source: g.one("Original", "Original", "Generated")}
	value := g.object(gvk, name, namespace)
	if metadata := value["metadata"].(map[string]any); g.often(3) {
		metadata["labels"] = map[string]any{"app": 1, "team": "a"} // as if there were none
	}
	s.object = made(t, value)
	if namespace != "" && g.often(60) {
		n := made(t, g.object([2]string{"v1", "Namespace"}, namespace, ""))
		s.namespace = &n
	}
	if g.often(40) {
		s.request, s.source = g.request(t, value, g.object(gvk, name, namespace), namespace), review.Original
	}
	return s
}

// request is a request about value, which was old. The API server fills in the
// namespace of both objects, and Gatekeeper's webhook knows the Namespace or fails, so
// a request without one is about a cluster-scoped object.
func (g generator) request(t testing.TB, value, old map[string]any, namespace string) *object {
	gvk := (&unstructured.Unstructured{Object: value}).GroupVersionKind()
	request := map[string]any{
		"uid": "u", "operation": "CREATE", "namespace": namespace,
		"kind":   map[string]any{"group": gvk.Group, "version": gvk.Version, "kind": gvk.Kind},
		"object": value,
	}
	switch g.IntN(3) {
	case 1:
		request["operation"], request["oldObject"] = "UPDATE", old
	case 2:
		request["operation"], request["object"], request["oldObject"] = "DELETE", nil, value
	}
	o := made(t, map[string]any{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request})
	return &o
}
