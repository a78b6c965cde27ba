package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/open-policy-agent/frameworks/constraint/pkg/client/reviews"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/engine/driver"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/review"
)

// A comparison holds the same policies and data four times: in the framework's client
// with its own driver, in that client with memgate's driver and Gatekeeper's target, in
// that client with memgate's driver and target, and in memgate's client.
type comparison struct {
	point  string
	stock  peer
	driver peer
	target peer
	own    *engine.Client

	policies   []object
	inventory  []object
	namespaces map[string]*object

	mu     sync.Mutex
	single map[string]peer // stock, with one constraint alone

	reviews, targeted, verdicts, judged, errors, differences atomic.Int64
	unknownNamespace, clauseOrder                            atomic.Int64
}

func newComparison(t testing.TB, point string, policies, inventory []object) *comparison {
	t.Helper()
	c := &comparison{
		point: point, policies: policies, inventory: inventory,
		stock:      newPeer(t, stockDriver(t), point),
		driver:     newPeer(t, driver.New(), point),
		target:     newPeerOf(t, &driver.Target{}, driver.New(), point),
		namespaces: map[string]*object{}, single: map[string]peer{},
	}
	for name, p := range map[string]peer{"the framework's driver": c.stock, "driver.Driver": c.driver, "driver.Target": c.target} {
		if err := p.load(policies, inventory); err != nil {
			t.Fatalf("client with %s: %v", name, err)
		}
	}
	manifests := make([]*manifest.Object, len(policies))
	for i, o := range policies {
		manifests[i] = o.own
	}
	set, err := policy.NewSet(manifests)
	if err != nil {
		t.Fatalf("policy.NewSet: %v", err)
	}
	if c.own, err = engine.NewClient(set, engine.Options{Point: point}); err != nil {
		t.Fatalf("engine.NewClient: %v", err)
	}
	for i, o := range inventory {
		if err := c.own.AddData(context.Background(), o.own.Value); err != nil {
			t.Fatalf("AddData(%s): %v", o.title(), err)
		}
		if o.own.Kind() == "Namespace" && o.own.APIVersion() == "v1" {
			c.namespaces[o.own.Name()] = &inventory[i]
		}
	}
	return c
}

// run compares the reviews of all objects and writes the counts to the log.
func (c *comparison) run(t *testing.T, objects []object) {
	t.Helper()
	var (
		workers sync.WaitGroup
		next    = make(chan object)
	)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for o := range next {
				c.compare(t, c.subject(o))
			}
		})
	}
	for _, o := range objects {
		next <- o
	}
	close(next)
	workers.Wait()
	c.log(t)
}

func (c *comparison) log(t testing.TB) {
	t.Helper()
	templates := 0
	for _, o := range c.policies {
		if o.isTemplate() {
			templates++
		}
	}
	t.Logf("%s: %d templates, %d constraints, %d reviews (%d by driver.Target), %d violations of the framework compared, %d outcomes of engine.Client judged, %d queries failed, %d differences",
		c.point, templates, len(c.policies)-templates, c.reviews.Load(), c.targeted.Load(), c.verdicts.Load(), c.judged.Load(), c.errors.Load(), c.differences.Load())
	t.Logf("%s: excepted: %d where a namespaced kind has no namespace, %d where a later clause does not match", c.point, c.unknownNamespace.Load(), c.clauseOrder.Load())
}

func (c *comparison) subject(o object) subject {
	name := o.own.Namespace()
	if o.isReview() {
		name, _ = o.request()["namespace"].(string)
		if kind, _ := o.request()["kind"].(map[string]any); kind["kind"] == "Namespace" && kind["group"] == "" {
			name = ""
		}
	}
	return subject{o, c.namespaces[name]}
}

// differ reports a difference; after the first few they are only counted.
func (c *comparison) differ(t *testing.T, s subject, call, got, want string) {
	t.Helper()
	if c.differences.Add(1) > 5 {
		t.Fail()
		return
	}
	text, _ := json.Marshal(s.own.Value)
	t.Errorf("%s at %s: %s: (- is wanted, + is there)\n%sof %.3000s", title(s.object), c.point, call, difference(got, want), text)
}

// difference is what is in one list of lines only.
func difference(got, want string) string {
	var b strings.Builder
	in := func(line, text string) bool { return slices.Contains(strings.Split(text, "\n"), line) }
	for line := range strings.SplitSeq(want, "\n") {
		if !in(line, got) {
			fmt.Fprintf(&b, "- %.2000s\n", line)
		}
	}
	for line := range strings.SplitSeq(got, "\n") {
		if !in(line, want) {
			fmt.Fprintf(&b, "+ %.2000s\n", line)
		}
	}
	if b.Len() == 0 {
		fmt.Fprintf(&b, "the same lines in another number: %d, want %d\n", strings.Count(got, "\n")+1, strings.Count(want, "\n")+1)
	}
	return b.String()
}

func (c *comparison) compare(t *testing.T, s subject) {
	t.Helper()
	c.reviews.Add(1)
	want, wantErr := c.stock.review(s, c.point)
	c.verdicts.Add(int64(len(want)))
	if wantErr != nil {
		c.errors.Add(1)
	}
	got, gotErr := c.driver.review(s, c.point)
	if got, want := answer(got, gotErr), answer(want, wantErr); got != want {
		c.differ(t, s, "framework's client with driver.Driver", got, want)
	}
	c.compareTarget(t, s, want, wantErr)
	c.compareClient(t, s, want, wantErr)
}

// compareTarget leaves out what memgate's match answers otherwise on purpose: reviews
// without a namespace that they ought to have, and what no namespace is known for.
func (c *comparison) compareTarget(t *testing.T, s subject, want []verdict, wantErr error) {
	t.Helper()
	r, err := s.reviewed(c.own)
	if err != nil || namespaceMissing(s.object) || slices.ContainsFunc(want, func(v verdict) bool { return v.Cause != "" }) {
		return
	}
	c.targeted.Add(1)
	got, gotErr := c.target.ask(r, reviews.EnforcementPoint(c.point))
	if got, want := answer(got, gotErr), answer(want, wantErr); got != want {
		c.differ(t, s, "framework's client with driver.Driver and driver.Target", got, want)
	}
}

func answer(found []verdict, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	text := make([]string, len(found))
	for i, v := range found {
		text[i] = v.String()
	}
	return strings.Join(text, "\n")
}

// compareClient compares engine.Client, constraint by constraint. Where the framework
// spreads the error of one constraint over all of its kind, or fails as a whole, the
// framework is asked about each constraint alone.
func (c *comparison) compareClient(t *testing.T, s subject, want []verdict, wantErr error) {
	t.Helper()
	r, err := s.reviewed(c.own)
	if err != nil {
		if wantErr == nil {
			c.differ(t, s, "review", "error: "+err.Error(), answer(want, nil))
		}
		return
	}
	byKind := map[string][]engine.Outcome{}
	for _, o := range c.own.Review(context.Background(), r) {
		byKind[o.Constraint.Kind()] = append(byKind[o.Constraint.Kind()], o)
	}
	for _, kind := range slices.Sorted(maps.Keys(byKind)) {
		ofKind := slices.DeleteFunc(slices.Clone(want), func(v verdict) bool { return v.Kind != kind })
		alone := wantErr != nil || spread(ofKind)
		for _, outcome := range byKind[kind] {
			if outcome.Status == engine.Judged {
				c.judged.Add(1)
			}
			c.compareOutcome(t, s, r, outcome, ofKind, alone)
		}
	}
}

// spread reports whether the verdicts of a kind are one evaluation error.
func spread(ofKind []verdict) bool {
	for _, v := range ofKind {
		if v.Details == nil && v.Cause == "" {
			return true
		}
	}
	return false
}

func (c *comparison) compareOutcome(t *testing.T, s subject, r *review.Review, o engine.Outcome, ofKind []verdict, alone bool) {
	t.Helper()
	if errors.Is(o.Err, engine.ErrNoCode) {
		return // the framework's client does not take such a template
	}
	var (
		name = o.Constraint.Name
		want = slices.DeleteFunc(slices.Clone(ofKind), func(v verdict) bool { return v.Name != name })
		err  error
	)
	if alone {
		want, err = c.alone(t, o.Constraint.Kind(), name).review(s, c.point)
	}
	for i := range want {
		if want[i].Cause == "autoreject" {
			want[i].Message = "" // the reason has its own text here
		}
	}
	got := ownVerdicts(o)
	if err != nil {
		want = []verdict{{Kind: o.Constraint.Kind(), Name: name, Cause: "query fails"}}
		if len(got) == 1 && strings.HasPrefix(got[0].Message, "violation: msg: ") {
			got = []verdict{{Kind: o.Constraint.Kind(), Name: name, Cause: "query fails"}}
		}
	}
	if answer(got, nil) == answer(want, nil) || c.excepted(s, r, o, want) {
		return
	}
	c.differ(t, s, fmt.Sprintf("engine.Client, constraint %s/%s, status %d, clause %q", o.Constraint.Kind(), name, o.Status, o.Clause), answer(got, nil), answer(want, err))
}

// alone is a stock client that holds one constraint and its template only.
func (c *comparison) alone(t testing.TB, kind, name string) peer {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	key := kind + "/" + name
	if p, found := c.single[key]; found {
		return p
	}
	var policies []object
	for _, o := range c.policies {
		if o.isTemplate() && strings.EqualFold(o.own.Name(), kind) || o.own.Kind() == kind && o.own.Name() == name {
			policies = append(policies, o)
		}
	}
	p := newPeer(t, stockDriver(t), c.point)
	if err := p.load(policies, c.inventory); err != nil {
		t.Fatalf("%s alone: %v", key, err)
	}
	c.single[key] = p
	return p
}

// reviewed is the subject as memgate's client takes it.
func (s subject) reviewed(client *engine.Client) (*review.Review, error) {
	var namespace map[string]any
	if s.namespace != nil {
		namespace = client.Namespace(context.Background(), s.namespace.own.Name())
	}
	if s.isReview() {
		return review.FromRequest(s.request(), namespace)
	}
	return review.New(s.own.Value, review.Options{Namespace: namespace}), nil
}

// ownVerdicts maps an outcome to what the framework would have said.
func ownVerdicts(o engine.Outcome) []verdict {
	v := verdict{Kind: o.Constraint.Kind(), Name: o.Constraint.Name, Action: o.Constraint.EnforcementAction()}
	if v.Action == "scoped" {
		var actions []string
		for _, action := range o.Actions {
			actions = append(actions, string(action))
		}
		slices.Sort(actions)
		v.Scoped = strings.Join(actions, ",")
	}
	switch {
	case o.Status == engine.NotJudged && errors.Is(o.Err, review.ErrNamespace):
		v.Cause = "autoreject"
		return []verdict{v}
	case o.Status == engine.NotJudged:
		v.Message = o.Err.Error()
		return []verdict{v}
	}
	var found []verdict
	for _, violation := range o.Violations {
		v.Message, v.Details = violation.Message, digits(violation.Details)
		found = append(found, v)
	}
	return sorted(found)
}
