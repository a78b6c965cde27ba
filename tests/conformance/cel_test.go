package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/open-policy-agent/gatekeeper/v3/pkg/drivers/k8scel"

	"github.com/memgate/memgate/pkg/engine/cel"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/review"
)

// A celComparison holds the same CEL templates twice: in the framework's client with
// Gatekeeper's CEL driver, and compiled by package cel.
type celComparison struct {
	peer        peer
	point       string
	constraints []*policy.Constraint
	programs    map[string]*cel.Program // by kind
	namespaces  map[string]*object

	reviews, pairs, violations, failures, ignored, differences atomic.Int64
}

func newCELComparison(t testing.TB, point string, policies, inventory []object) *celComparison {
	t.Helper()
	driver, err := k8scel.New()
	if err != nil {
		t.Fatal(err)
	}
	c := &celComparison{peer: newPeer(t, driver, point), point: point, programs: map[string]*cel.Program{}, namespaces: map[string]*object{}}
	if err := c.peer.load(policies, nil); err != nil {
		t.Fatalf("framework's client with Gatekeeper's CEL driver: %v", err)
	}
	manifests := make([]*manifest.Object, len(policies))
	for i, o := range policies {
		manifests[i] = o.own
	}
	set, err := policy.NewSet(manifests)
	if err != nil {
		t.Fatalf("policy.NewSet: %v", err)
	}
	c.constraints = set.Constraints
	for _, template := range set.Templates {
		if c.programs[template.Kind], err = cel.Compile(celSource(template)); err != nil {
			t.Fatalf("cel.Compile of %s: %v", template.Kind, err)
		}
	}
	for i, o := range inventory {
		if o.own.Kind() == "Namespace" {
			c.namespaces[o.own.Name()] = &inventory[i]
		}
	}
	return c
}

func celSource(template *policy.Template) any {
	for _, code := range template.Code() {
		if code.Engine == cel.Engine {
			return code.Source
		}
	}
	return nil
}

// run compares the reviews of all objects and writes the counts to the log.
func (c *celComparison) run(t *testing.T, objects []object) {
	t.Helper()
	var (
		workers sync.WaitGroup
		next    = make(chan object)
	)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for o := range next {
				c.compare(t, o)
			}
		})
	}
	for _, o := range objects {
		next <- o
	}
	close(next)
	workers.Wait()
	t.Logf("%s: %d templates, %d constraints, %d reviews, %d pairs judged, %d violations, %d errors, %d of which failurePolicy ignores, %d differences",
		c.point, len(c.programs), len(c.constraints), c.reviews.Load(), c.pairs.Load(), c.violations.Load(), c.failures.Load(), c.ignored.Load(), c.differences.Load())
}

// celFailure is how Gatekeeper begins the message of what it could not evaluate.
var celFailure = regexp.MustCompile(`^\[?(expression '|compilation error: |validation failed due to running out of cost budget|failed messageExpression: )`)

func (c *celComparison) compare(t *testing.T, o object) {
	t.Helper()
	c.reviews.Add(1)
	s := subject{object: o}
	name := o.own.Namespace()
	if o.isReview() {
		name, _ = o.request()["namespace"].(string)
	}
	s.namespace = c.namespaces[name]
	verdicts, err := c.peer.review(s, c.point)
	if err != nil {
		t.Errorf("%s: framework's client: %v", title(o), err)
		return
	}
	want := map[string][]string{}
	for _, v := range verdicts {
		key := v.Kind + "/" + v.Name
		want[key] = append(want[key], v.Message)
	}
	r, request, err := s.celRequest()
	if err != nil {
		t.Errorf("%s: review: %v", title(o), err)
		return
	}
	for _, constraint := range c.constraints {
		clause, err := r.Match(constraint.Match)
		if err != nil {
			t.Errorf("%s: Match(%s): %v", title(o), constraint.Name, err)
		}
		key := constraint.Kind() + "/" + constraint.Name
		if clause != "" {
			if len(want[key]) > 0 {
				c.differ(t, s, key, "not matched by "+string(clause), strings.Join(want[key], "\n"))
			}
			continue
		}
		c.pairs.Add(1)
		found, err := c.programs[constraint.Kind()].Eval(context.Background(), cel.Request{Review: request, Parameters: constraint.Parameters(), Constraint: constraint.Object})
		c.violations.Add(int64(len(found)))
		if err != nil {
			c.failures.Add(1)
		}
		if errors.Is(err, cel.ErrIgnored) {
			c.ignored.Add(1)
			err = nil // Gatekeeper says nothing
		}
		if got, want := celAnswer(messages(found), err != nil), celAnswer(celMessages(want[key])); got != want {
			c.differ(t, s, key, fmt.Sprintf("%s\nerror: %v", got, err), want)
		}
	}
}

func messages(found []cel.Violation) []string {
	var texts []string
	for _, v := range found {
		texts = append(texts, v.Message)
	}
	return texts
}

// celMessages are the violations among Gatekeeper's messages, and whether one is an error.
func celMessages(all []string) (violations []string, failed bool) {
	for _, text := range all {
		if celFailure.MatchString(text) {
			failed = true
			continue
		}
		violations = append(violations, text)
	}
	return violations, failed
}

func celAnswer(texts []string, failed bool) string {
	slices.Sort(texts)
	answer := strings.Join(texts, "\n")
	if failed {
		answer += "\n(error)"
	}
	return answer
}

// celRequest is the review as memgate makes it.
func (s subject) celRequest() (*review.Review, map[string]any, error) {
	var (
		namespace map[string]any
		r         *review.Review
		err       error
	)
	if s.namespace != nil {
		namespace = s.namespace.own.Value
	}
	if s.isReview() {
		r, err = review.FromRequest(s.request(), namespace)
	} else {
		r = review.New(s.own.Value, review.Options{Namespace: namespace})
	}
	if err != nil {
		return nil, nil, err
	}
	request := map[string]any{"namespaceObject": map[string]any{}}
	for key, value := range r.Request {
		request[key] = value
	}
	if r.Namespace != nil {
		request["namespaceObject"] = r.Namespace
	}
	return r, request, nil
}

func (c *celComparison) differ(t *testing.T, s subject, key, got, want string) {
	t.Helper()
	if c.differences.Add(1) > 5 {
		t.Fail()
		return
	}
	text, _ := json.Marshal(s.own.Value)
	t.Errorf("%s: constraint %s: got\n%s\nwant\n%s\nof %.3000s", title(s.object), key, got, want, text)
}

// celFixtures are the templates, constraints and objects of testdata/cel.
func celFixtures(t testing.TB) (policies, objects, inventory []object) {
	t.Helper()
	for _, name := range []string{"templates", "constraints"} {
		policies = append(policies, read(t, "testdata/cel/"+name+".yaml")...)
	}
	return policies, read(t, "testdata/cel/objects.yaml"), read(t, "testdata/cel/namespaces.yaml")
}

// celSuites are the policies of third-party suites that hold CEL, and their objects.
func celSuites(t testing.TB) (policies, objects, inventory []object) {
	t.Helper()
	all, objects, inventory := suites(t)
	kinds := map[string]bool{}
	for _, o := range all {
		if !o.isTemplate() {
			continue
		}
		template, err := policy.NewTemplate(o.own)
		if err != nil {
			t.Fatal(err)
		}
		if celSource(template) != nil {
			kinds[template.Kind] = true
			policies = append(policies, o)
		}
	}
	if len(kinds) == 0 {
		t.Skipf("%s: no template holds CEL: nothing is compared", suitesVar)
	}
	for _, o := range all {
		if kinds[o.own.Kind()] {
			policies = append(policies, o)
		}
	}
	return policies, objects, inventory
}

// TestCEL compares package cel with Gatekeeper's CEL driver, on objects as they are,
// damaged at random, and in requests.
func TestCEL(t *testing.T) {
	for _, source := range []struct {
		name              string
		offline, requests int // mutated objects
		load              func(testing.TB) (policies, objects, inventory []object)
	}{
		{"fixtures", 1500, 300, celFixtures},
		{"suites", 800, 200, celSuites},
	} {
		t.Run(source.name, func(t *testing.T) {
			policies, objects, inventory := source.load(t)
			random := rand.New(rand.NewPCG(*seed, 5))
			c := newCELComparison(t, policy.OfflinePoint, policies, inventory)
			c.run(t, slices.Concat(objects, mutated(t, random, plain(objects), source.offline**mutations/100)))
			c = newCELComparison(t, policy.WebhookPoint, policies, inventory)
			c.run(t, requests(t, slices.Concat(objects, mutated(t, random, plain(objects), source.requests**mutations/100))))
		})
	}
}

func plain(objects []object) []object {
	return slices.DeleteFunc(slices.Clone(objects), object.isReview)
}
