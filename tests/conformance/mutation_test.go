package conformance

import (
	"encoding/json"
	"flag"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/policy"
)

var (
	seed      = flag.Uint64("seed", 1, "seed of what is generated")
	mutations = flag.Int("mutations", 40, "mutated objects: 100 are some 2,450")
)

// TestMutations reviews objects that were damaged at random: what a rule did not
// expect must lead to the same answer, an error included, on both sides.
func TestMutations(t *testing.T) {
	for _, source := range []struct {
		name              string
		offline, requests int // objects, and objects that are created, updated and deleted
		load              func(testing.TB) (policies, objects, inventory []object)
	}{
		{"suites", 800, 200, suites},
		{"rules", 200, 50, func(t testing.TB) (policies, objects, inventory []object) {
			policies, objects = rules(t)
			return policies, objects, objects
		}},
		{"fixtures", 400, 100, fixtures},
	} {
		t.Run(source.name, func(t *testing.T) {
			policies, objects, inventory := source.load(t)
			var plain []object
			for _, o := range objects {
				if !o.isReview() {
					plain = append(plain, o)
				}
			}
			random := rand.New(rand.NewPCG(*seed, 0))
			c := newComparison(t, policy.OfflinePoint, policies, inventory)
			c.run(t, mutated(t, random, plain, source.offline**mutations/100))
			c = newComparison(t, policy.WebhookPoint, policies, inventory)
			c.run(t, requests(t, mutated(t, random, plain, source.requests**mutations/100)))
		})
	}
}

// fixtures are the folders of testdata together, but for those whose queries fail as a
// whole: they would hide all others.
func fixtures(t testing.TB) (policies, objects, inventory []object) {
	t.Helper()
	for _, folder := range []string{"builtin", "conflict", "input", "message", "namespace", "number", "operation", "parameters", "referential", "rego_v0", "rego_v1", "scoped"} {
		policies = append(policies, read(t, "testdata/"+folder+"/policies.yaml")...)
		objects = append(objects, read(t, "testdata/"+folder+"/objects.yaml")...)
		inventory = append(inventory, read(t, "testdata/"+folder+"/inventory.yaml")...)
	}
	return distinct(policies), objects, inventory
}

func mutated(t testing.TB, random *rand.Rand, objects []object, n int) []object {
	t.Helper()
	found := make([]object, n)
	for i := range found {
		value := clone(t, objects[random.IntN(len(objects))].peer.Object)
		for range 1 + random.IntN(3) {
			mutate(random, value)
		}
		found[i] = made(t, value)
	}
	return found
}

// edges are the values that take the place of others, as JSON.
var edges = []string{
	`null`, `true`, `false`, `""`, `"0"`, `"*"`, `"1e3"`, `"10Mi"`, `"-1"`, `"a/b:c"`, `"true"`, `"ünïcode"`,
	`0`, `-1`, `1`, `0.1`, `1e21`, `1000000`, `1000730000`, `9007199254740993`, `-1e-7`,
	`[]`, `[null]`, `["a", 1, {}]`, `{}`, `{"": null, "name": 3}`,
}

// edge is a copy of one of them.
func edge(random *rand.Rand) any {
	var value any
	decoder := json.NewDecoder(strings.NewReader(edges[random.IntN(len(edges))]))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		panic(err)
	}
	return value
}

// mutate changes one value below the fields that make an object readable: apiVersion
// and kind.
func mutate(random *rand.Rand, object map[string]any) {
	type place struct {
		set    func(any)
		remove func()
		value  any
	}
	var places []place
	var visit func(value any, depth int)
	visit = func(value any, depth int) {
		switch value := value.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(value)) {
				if depth == 0 && (key == "apiVersion" || key == "kind") {
					continue
				}
				places = append(places, place{func(v any) { value[key] = v }, func() { delete(value, key) }, value[key]})
				visit(value[key], depth+1)
			}
		case []any:
			for i := range value {
				places = append(places, place{func(v any) { value[i] = v }, func() { value[i] = nil }, value[i]})
				visit(value[i], depth+1)
			}
		}
	}
	visit(object, 0)
	if len(places) == 0 {
		return
	}
	p := places[random.IntN(len(places))]
	switch random.IntN(6) {
	case 0:
		p.remove()
	case 1:
		p.set([]any{p.value})
	case 2:
		if list, ok := p.value.([]any); ok {
			p.set(append(list[:len(list):len(list)], list...))
			return
		}
		p.set(map[string]any{"value": p.value})
	default:
		p.set(edge(random))
	}
}
