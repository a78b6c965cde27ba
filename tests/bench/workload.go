package main

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
)

// A workload is what a ratio was measured with, and what one has to know of it.
type workload struct {
	policies policies
	name     string
	objects  []*unstructured.Unstructured

	size       float64 // bytes of JSON, mean
	matching   float64 // constraints, mean
	violations float64 // of the framework, mean
	fellBack   float64 // share of the reviews in which a constraint was left to topdown
	inFallback float64 // share of the time of all reviews that those constraints took

	errors      int      // violations of the framework that are evaluation errors
	differences []string // of the results of both sides
}

func (w *workload) title() string { return w.policies.name + ", " + w.name }

// mix is the workload in short, for the column of that name.
func (w *workload) mix() string {
	return fmt.Sprintf("%s: %d/%d, %.1f, %s", w.title(), len(w.policies.templates), len(w.policies.constraints), w.matching, percent(w.inFallback))
}

func percent(share float64) string {
	if share > 0 && share < 0.001 {
		return "< 0.1 %"
	}
	return fmt.Sprintf("%.1f %%", 100*share)
}

// judges are both sides with the same policies.
type judges struct {
	stock       stock
	vm, topdown own
	singles     func() ([]own, error) // the VM with one constraint each
}

func newJudges(p policies, point string) (judges, error) {
	var (
		j   judges
		err error
	)
	if j.stock, err = newStock(p, point); err != nil {
		return j, err
	}
	set, err := p.set()
	if err != nil {
		return j, err
	}
	if j.vm, err = ownOf(set, p.data, point, engine.VM); err != nil {
		return j, err
	}
	if j.topdown, err = ownOf(set, p.data, point, engine.Topdown); err != nil {
		return j, err
	}
	j.singles = sync.OnceValues(func() ([]own, error) {
		var all []own
		for _, c := range set.Constraints {
			single, err := ownOf(&policy.Set{Templates: []*policy.Template{c.Template}, Constraints: []*policy.Constraint{c}}, p.data, point, engine.VM)
			if err != nil {
				return nil, err
			}
			all = append(all, single)
		}
		return all, nil
	})
	return j, nil
}

// describe has both sides review all objects, compares what they say, and counts.
func (j judges) describe(p policies, name string, objects []*unstructured.Unstructured) (*workload, error) {
	w := &workload{policies: p, name: name, objects: objects}
	for _, o := range objects {
		text, err := json.Marshal(o.Object)
		if err != nil {
			return w, err
		}
		w.size += float64(len(text)) / float64(len(objects))
		theirs, err := j.stock.review(o)
		if err != nil {
			return w, fmt.Errorf("%s %s: %w", o.GetKind(), o.GetName(), err)
		}
		w.violations += float64(len(theirs)) / float64(len(objects))
		ours, title := j.vm.review(o), fmt.Sprintf("%s: %s %s", w.title(), o.GetKind(), o.GetName())
		w.matching += float64(matching(ours)) / float64(len(objects))
		errors, differences := disagreement(title, theirs, ours)
		w.errors += errors
		_, more := disagreement(title+" (topdown)", theirs, j.topdown.review(o))
		w.differences = append(w.differences, append(differences, more...)...)
	}
	return w, j.fallbacks(w)
}

// matching counts the constraints that matched.
func matching(outcomes []engine.Outcome) int {
	n := 0
	for _, o := range outcomes {
		if o.Status == engine.Judged || o.Status == engine.NotJudged {
			n++
		}
	}
	return n
}

// fallbacks measures what share of a workload the VM leaves to topdown. The constraints
// of a review are timed one by one, each in a client that has no other.
func (j judges) fallbacks(w *workload) error {
	var whole, fallen time.Duration
	for _, o := range w.objects {
		took, fell := timedReview(j.vm, o)
		whole += took
		if !fell {
			continue
		}
		w.fellBack += 1 / float64(len(w.objects))
		singles, err := j.singles()
		if err != nil {
			return err
		}
		for _, single := range singles {
			if _, fell := timedReview(single, o); fell {
				took, _ := timedReview(single, o)
				fallen += took
			}
		}
	}
	w.inFallback = min(fallen.Seconds()/whole.Seconds(), 1)
	return nil
}

// timedReview also says whether a constraint was left to topdown.
func timedReview(w own, o *unstructured.Unstructured) (time.Duration, bool) {
	before, start := total(w.Fallbacks()), time.Now()
	w.review(o)
	took := time.Since(start)
	return took, total(w.Fallbacks()) > before
}

func total(counts map[string]int) int {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}
