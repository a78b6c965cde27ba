package engine

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/review"
)

// TestIndex wants the index to change nothing: for random matches and reviews, met in
// random order, each constraint has the status that its own match gives, and those that
// the Key rules out have a clause that the match fails by.
func TestIndex(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 11))
	one := func(list ...string) string { return list[random.IntN(len(list))] }
	const count = 300
	policies := []string{template("A", always)}
	for i := range count {
		var clauses []string
		for _, clause := range []string{
			"kinds: [{apiGroups: [" + one("''", "apps", "'*'") + "], kinds: [" + one("Pod", "Deployment", "Namespace", "'*'") + "]}]",
			"namespaces: [" + one("shop", "blog", "'sh*'", "'*og'") + "]",
			"excludedNamespaces: [" + one("shop", "blog", "'sh*'") + "]",
			"labelSelector: {matchLabels: {app: " + one("a", "b") + "}}",
			"scope: " + one("Namespaced", "Cluster"),
			"name: " + one("x", "'w*'"),
			"namespaceSelector: {matchLabels: {team: a}}",
		} {
			if random.IntN(3) == 0 {
				clauses = append(clauses, clause)
			}
		}
		policies = append(policies, constraint("A", fmt.Sprintf("c%d", i), "{match: {"+strings.Join(clauses, ", ")+"}}"))
	}
	c := newClient(t, Options{Point: policy.OfflinePoint}, policies...)
	clauses := map[review.Clause]int{}
	for range 400 {
		namespace := one("", "namespace: shop, ", "namespace: blog, ")
		text := fmt.Sprintf("{apiVersion: %s, kind: %s, metadata: {%sname: %s, labels: {app: %s}}}",
			one("v1", "apps/v1"), one("Pod", "Deployment", "Namespace", "Widget"), namespace, one("x", "web"), one("a", "b"))
		var options review.Options
		if random.IntN(2) == 0 {
			options.Namespace = object(t, "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: "+one("a", "b")+"}}}")
		}
		r := review.New(object(t, text), options)
		for i, o := range c.Review(t.Context(), r) {
			match := c.entries[i].constraint.Match
			want, err := r.Match(match)
			if got := o.Status == NotMatched; got != (want != "") || (o.Status == NotJudged) != (err != nil) {
				t.Fatalf("%s, match %+v: %s, want clause %q and error %v", text, match, told(o), want, err)
			}
			clauses[o.Clause]++
		}
	}
	for _, clause := range []review.Clause{"", review.ByKinds, review.ByNamespaces, review.ByExcludedNamespaces, review.ByLabels, review.ByName, review.ByScope, review.ByNamespaceLabels} {
		if clauses[clause] == 0 {
			t.Errorf("no constraint was kept from matching by %q", clause)
		}
	}
}

// TestIndexBound wants the index not to grow with the namespaces that reviews come from.
func TestIndexBound(t *testing.T) {
	c := newClient(t, Options{}, template("A", always), constraint("A", "a", "{match: {namespaces: ['n1*']}}"))
	for i := range 3 * mostKeys {
		name := fmt.Sprintf("n%d", i)
		outcomes := c.Review(t.Context(), reviewOf(t, "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: "+name+"}}"))
		if got, want := outcomes[0].Status == Judged, strings.HasPrefix(name, "n1"); got != want {
			t.Fatalf("%s: %s", name, told(outcomes[0]))
		}
	}
	if got := len(c.index.byKey); got > mostKeys {
		t.Errorf("the index has %d keys, want at most %d", got, mostKeys)
	}
}

// TestIndexOldObject wants a review to match by its old object as well.
func TestIndexOldObject(t *testing.T) {
	c := newClient(t, Options{Point: policy.WebhookPoint}, template("A", always),
		constraint("A", "new", "{match: {namespaces: [shop]}}"), constraint("A", "old", "{match: {namespaces: [blog]}}"), constraint("A", "none", "{match: {namespaces: [other]}}"))
	r, err := review.FromRequest(map[string]any{
		"operation": "UPDATE",
		"object":    object(t, pod),
		"oldObject": object(t, strings.Replace(pod, "shop", "blog", 1)),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range c.Review(t.Context(), r) {
		got = append(got, fmt.Sprint(o.Constraint.Name, " ", o.Status == Judged))
	}
	if want := "[new true none false old true]"; fmt.Sprint(got) != want {
		t.Errorf("judged: %v, want %s", got, want)
	}
}
