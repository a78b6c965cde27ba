package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/engine/rego"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/policy/pack"
)

// shelfCache is a Cache that remembers what was asked.
type shelfCache struct {
	byKey map[string][]byte
	log   []string
}

func (c *shelfCache) Get(key string) []byte {
	c.log = append(c.log, fmt.Sprintf("get %t", c.byKey[key] != nil))
	return c.byKey[key]
}

func (c *shelfCache) Put(key string, plans []byte) {
	c.log = append(c.log, "put")
	if c.byKey == nil {
		c.byKey = map[string][]byte{}
	}
	c.byKey[key] = plans
}

// planned policies: a is alone, b and c share a lib, d conflicts.
var plannedPolicies = []string{
	template("A", always), constraint("A", "a", "{parameters: {size: 1}}"),
	template("B", "package b\nimport data.lib.word\nviolation contains {\"msg\": word.of(\"b\")} if true\n", "package lib.word\nof(x) := sprintf(\"word of %s\", [x])"), constraint("B", "b", "{}"),
	template("C", "package c\nimport data.lib.word\nviolation contains {\"msg\": word.of(\"c\")} if data.inventory.cluster[\"v1\"].Node.node1\n", "package lib.word\nof(x) := sprintf(\"word of %s\", [x])"), constraint("C", "c", "{}"),
	template("D", "package d\np := 1 if true\np := 2 if true\nviolation contains {\"msg\": \"d\", \"details\": p}\n"), constraint("D", "d", "{}"),
}

func judged(t *testing.T, c *Client) string {
	t.Helper()
	if err := c.AddData(t.Context(), object(t, "{apiVersion: v1, kind: Node, metadata: {name: node1}}")); err != nil {
		t.Fatal(err)
	}
	return tellAll(c.Review(t.Context(), reviewOf(t, pod)))
}

// TestPlans wants plans to say what the templates say, whether all of them are there or
// only some, and nothing to be compiled or kept for those that are.
func TestPlans(t *testing.T) {
	set := newSet(t, plannedPolicies...)
	want := judged(t, newClient(t, Options{Engine: Topdown}, plannedPolicies...))
	all, err := Plan(t.Context(), set.Templates)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Plan(t.Context(), set.Templates); err != nil || !bytes.Equal(again, all) {
		t.Errorf("Plan gives other plans the second time, %v", err)
	}
	some, err := Plan(t.Context(), set.Templates[1:3])
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name  string
		plans []byte
		log   string
	}{
		{"all", all, "[]"},
		{"some", some, "[get false put]"},
		{"none", nil, "[get false put]"},
	} {
		cache := &shelfCache{}
		c, err := NewClient(set, Options{Plans: tc.plans, Cache: cache})
		if err != nil {
			t.Fatal(err)
		}
		if got := judged(t, c); got != want {
			t.Errorf("plans of %s templates: got\n%swant\n%s", tc.name, got, want)
		}
		if got := fmt.Sprint(cache.log); got != tc.log {
			t.Errorf("plans of %s templates: the cache saw %s, want %s", tc.name, got, tc.log)
		}
		cache.log = nil
		if c, err = NewClient(set, Options{Plans: tc.plans, Cache: cache}); err != nil {
			t.Fatal(err)
		}
		if got := judged(t, c); got != want {
			t.Errorf("plans of %s templates, from the cache: got\n%swant\n%s", tc.name, got, want)
		}
		if got, want := fmt.Sprint(cache.log), strings.Replace(strings.Replace(tc.log, "false", "true", 1), " put", "", 1); got != want {
			t.Errorf("plans of %s templates: the cache then saw %s, want %s", tc.name, got, want)
		}
		if c.entries[0].program.topdown != nil {
			t.Errorf("plans of %s templates: a was compiled for topdown", tc.name)
		}
	}
}

// TestPackHasPlans wants the plans in the binary to be those of its templates, and each to
// have one: else every run would compile, in silence.
func TestPackHasPlans(t *testing.T) {
	shelf := readPlans(pack.Plans)
	for _, template := range policy.BuiltIn() {
		if p := shelf.program(template.Digest); p == nil || p.rule == nil {
			t.Errorf("template %s has no plan in the pack; run make generate", template.Kind)
		}
	}
}

// TestPlansOfOtherCode wants a template that changed to be compiled.
func TestPlansOfOtherCode(t *testing.T) {
	plans, err := Plan(t.Context(), newSet(t, template("A", always)).Templates)
	if err != nil {
		t.Fatal(err)
	}
	cache := &shelfCache{}
	c := newClient(t, Options{Plans: plans, Cache: cache}, template("A", strings.Replace(always, "saw", "met", 1)), constraint("A", "a", "{}"))
	if got := c.Review(t.Context(), reviewOf(t, pod))[0].Violations[0].Message; got != "met web" {
		t.Errorf("message = %q, want that of the changed template", got)
	}
}

// TestDamagedPlans wants plans of another version, and damaged ones, to be none, and what
// passes for sound never to bring the process down.
func TestDamagedPlans(t *testing.T) {
	set := newSet(t, plannedPolicies...)
	plans, err := Plan(t.Context(), set.Templates)
	if err != nil {
		t.Fatal(err)
	}
	if other := bytes.Replace(plans, []byte(plansVersion), []byte(strings.Repeat("9", len(plansVersion))), 1); readPlans(other) != nil {
		t.Error("plans of another version were read")
	}
	for at := range plans {
		damaged := slices.Clone(plans)
		damaged[at] ^= 0x15
		for _, text := range [][]byte{damaged, plans[:at]} {
			shelf := readPlans(text)
			for _, template := range set.Templates {
				shelf.program(template.Digest)
			}
		}
	}
}

// TestInvalidIsNotCached wants a set with a fault to leave nothing in the cache.
func TestInvalidIsNotCached(t *testing.T) {
	cache := &shelfCache{}
	for range 2 {
		if _, err := NewClient(newSet(t, template("A", always), template("B", "package b\nviolation := nosuch(1)")), Options{Cache: cache}); err == nil {
			t.Error("NewClient: got no error")
		}
	}
	if got := slices.Collect(maps.Keys(cache.byKey)); len(got) > 0 {
		t.Errorf("the cache has %d entries, want none", len(got))
	}
}

// TestExternalData wants a template that asks for external data not to be judged unless
// there is a provider, and only where it asks.
func TestExternalData(t *testing.T) {
	const asks = `package a

violation contains {"msg": sprintf("%v", [answer.responses])} if {
	input.review.name == "web"
	answer := external_data({"provider": "images", "keys": ["a", "b"]})
}
`
	policies := []string{template("A", asks), constraint("A", "a", "{}")}
	for _, engine := range []string{VM, Topdown, Verify} {
		c := newClient(t, Options{Engine: engine}, policies...)
		o := c.Review(t.Context(), reviewOf(t, pod))[0]
		if want := `external data: provider "images" cannot be asked here`; o.Status != NotJudged || !errors.Is(o.Err, rego.ErrExternalData) || !strings.Contains(o.Err.Error(), want) || Reason(o.Err) != ReasonExternal {
			t.Errorf("%s: %s, want not judged: %s", engine, told(o), want)
		}
		if o := c.Review(t.Context(), reviewOf(t, strings.Replace(pod, "web", "other", 1)))[0]; o.Status != Judged || len(o.Violations) > 0 {
			t.Errorf("%s: %s, want judged without violations", engine, told(o))
		}
		asked := ""
		c = newClient(t, Options{Engine: engine, ExternalData: func(_ context.Context, request map[string]any) (map[string]any, error) {
			asked = fmt.Sprint(request)
			return map[string]any{"responses": []any{[]any{"a", "fine"}}}, nil
		}}, policies...)
		if o := c.Review(t.Context(), reviewOf(t, pod))[0]; o.Status != Judged || len(o.Violations) != 1 || o.Violations[0].Message != `[["a", "fine"]]` {
			t.Errorf("%s: %s, want the answer of the provider", engine, told(o))
		}
		if want := "map[keys:[a b] provider:images]"; asked != want {
			t.Errorf("%s: the provider was asked %s, want %s", engine, asked, want)
		}
	}
}

// TestTopdownSteps wants what the VM leaves to topdown to be bounded, too.
func TestTopdownSteps(t *testing.T) {
	const wide = "package a\nviolation contains {\"msg\": \"wide\"} if count([1 | some x in numbers.range(1, 1000); some y in numbers.range(1, 1000); x == y]) > 0\n"
	c := newClient(t, Options{Engine: Topdown, Steps: 1_000_000}, template("A", always), constraint("A", "a", "{}"), template("B", wide), constraint("B", "b", "{}"))
	stopped := func(o Outcome) bool {
		return o.Status == NotJudged && errors.Is(o.Err, rego.ErrSteps) && Reason(o.Err) == ReasonLimit
	}
	for range 2 {
		outcomes := c.Review(t.Context(), reviewOf(t, pod))
		if o := outcomes[0]; o.Status != Judged {
			t.Errorf("%s, want judged", told(o))
		}
		if o := outcomes[1]; !stopped(o) {
			t.Errorf("%s, want not judged: %v", told(o), rego.ErrSteps)
		}
	}
	// A limit that leaves topdown less than one step is a limit all the same, and the limit
	// is one of the review, whatever its constraints.
	const some = "package a\nviolation contains {\"msg\": \"some\"} if count([1 | some x in numbers.range(1, 1000); x > 0]) == 1000\n"
	for _, tc := range []struct {
		steps int64
		want  int // constraints that are judged
	}{{5, 0}, {100_000, 1}, {0, 9}} {
		policies := []string{template("S", some)}
		for i := range 9 {
			policies = append(policies, constraint("S", fmt.Sprint("s", i), "{}"))
		}
		judged := 0
		for _, o := range newClient(t, Options{Engine: Topdown, Steps: tc.steps}, policies...).Review(t.Context(), reviewOf(t, pod)) {
			if o.Status == Judged {
				judged++
			} else if !stopped(o) {
				t.Errorf("%d steps: %s", tc.steps, told(o))
			}
		}
		if judged != tc.want {
			t.Errorf("%d steps: %d constraints are judged, want %d", tc.steps, judged, tc.want)
		}
	}
}
