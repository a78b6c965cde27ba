package main

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"github.com/memgate/memgate/pkg/engine"
)

func TestGeneratedIsTheSameEachTime(t *testing.T) {
	first := generated(100, dirtyChance)
	if got := generated(40, dirtyChance); !reflect.DeepEqual(got, first[:40]) {
		t.Error("generated(40, dirtyChance) differs from the first 40 of generated(100, dirtyChance)")
	}
	if reflect.DeepEqual(generated(40, cleanChance), first[:40]) {
		t.Error("generated(40, cleanChance) and generated(40, dirtyChance) are the same")
	}
}

func TestGenerated(t *testing.T) {
	kinds, size := map[string]int{}, 0
	for _, o := range generated(100, dirtyChance) {
		kinds[o.GetKind()]++
		text, err := json.Marshal(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		size += len(text)
	}
	if want := map[string]int{"Pod": 90, "Deployment": 10}; !reflect.DeepEqual(kinds, want) {
		t.Errorf("generated(100, dirtyChance): got %v, want %v", kinds, want)
	}
	if size < 230_000 || size > 280_000 {
		t.Errorf("generated(100, dirtyChance): got %d bytes of JSON, want about 250,000", size)
	}
}

// TestMix holds the mix to the measurement that the requirements were taken from.
func TestMix(t *testing.T) {
	suites := os.Getenv(suitesVar)
	if suites == "" {
		t.Skipf("%s is not set: there is no mix", suitesVar)
	}
	p, samples, err := mixed(suites)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(p.constraints), 87; got != want {
		t.Errorf("got %d constraints, want %d", got, want)
	}
	if objects := 2*reviewed + len(samples); objects < 1100 || objects > 1300 {
		t.Errorf("got %d objects, want about 1,200", objects)
	}
	w, err := newOwn(p, point, engine.VM)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newOwn(withOwnParameters(p), point, engine.VM); err != nil {
		t.Errorf("the mix with parameters of their own: %v", err)
	}
	for _, tc := range []struct {
		name        string
		chance      float64
		least, most float64 // violations of an object
	}{
		{"dirty", dirtyChance, 30, 40},
		{"clean", cleanChance, 0.4, 1},
	} {
		const n = 500
		matched, violations := 0, 0
		for _, o := range generated(n, tc.chance) {
			outcomes := w.review(o)
			matched += matching(outcomes)
			for _, outcome := range outcomes {
				violations += len(outcome.Violations)
				if outcome.Status == engine.NotJudged {
					t.Errorf("%s %s: constraint %s not judged: %v", tc.name, o.GetName(), outcome.Constraint.Name, outcome.Err)
				}
			}
		}
		if mean := float64(matched) / n; mean < 35 || mean > 45 {
			t.Errorf("%s: got %.1f constraints that match an object, want about 40", tc.name, mean)
		}
		if mean := float64(violations) / n; mean < tc.least || mean > tc.most {
			t.Errorf("%s: got %.2f violations of an object, want %g to %g", tc.name, mean, tc.least, tc.most)
		}
	}
}
