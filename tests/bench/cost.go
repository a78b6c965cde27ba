package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/open-policy-agent/frameworks/constraint/pkg/client"
	"github.com/open-policy-agent/frameworks/constraint/pkg/client/drivers/rego"
	"github.com/open-policy-agent/frameworks/constraint/pkg/client/reviews"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/target"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// point is the enforcement point that reviews come from, Gatekeeper's audit: what it
// reviews are the objects themselves.
const point = "audit.gatekeeper.sh"

// The retained heap is the same from run to run; copies and rounds even out what the
// maps of the client grow by.
const (
	heapCopies = 8
	heapRounds = 3
)

// portion is how many objects a template reviews before it is the turn of the next, so
// that what slows the machine down for a while hits all of them.
const portion = 25

// heldBack is how much is allocated before the collector runs, between two turns.
const heldBack = 128 << 20

// ruleCosts measures each template in a client of its own. In each of rounds every
// template reviews all objects. The median is taken of the rounds for each portion, then
// the mean over all objects.
func ruleCosts(all []template, objects []*unstructured.Unstructured, rounds int) ([]usage, error) {
	heaps, err := retained(all)
	if err != nil {
		return nil, err
	}
	clients := make([]*client.Client, len(all))
	for i, t := range all {
		if clients[i], err = loaded(t); err != nil {
			return nil, err
		}
	}
	portions := slices.Collect(slices.Chunk(objects, portion))
	samples := make([][][]usage, len(all)) // by template and portion
	for i := range samples {
		samples[i] = make([][]usage, len(portions))
	}
	// Whom the collector would interrupt is chance; what it has to do is in alloc.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	collected := memory().TotalAlloc
	for round := range rounds + 1 {
		for n, objects := range portions {
			for i, c := range clients {
				sample, err := audit(c, objects)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", all[i].id, err)
				}
				if round > 0 { // the first fills the caches
					samples[i][n] = append(samples[i][n], sample)
				}
				if allocated := memory().TotalAlloc; allocated > collected+heldBack {
					runtime.GC()
					collected = allocated
				}
			}
		}
	}
	costs := make([]usage, len(all))
	for i := range costs {
		costs[i].heap = heaps[i]
		for n := range portions {
			sample, share := middle(samples[i][n]), 1/float64(len(objects))
			costs[i].cpu += sample.cpu * share
			costs[i].wall += sample.wall * share
			costs[i].alloc += sample.alloc * share
		}
	}
	return costs, nil
}

// audit is what reviewing objects costs. The heap is left out.
func audit(c *client.Client, objects []*unstructured.Unstructured) (usage, error) {
	return spent(func() error {
		for _, object := range objects {
			reviewed := target.AugmentedUnstructured{Object: *object, Source: "Original"}
			if _, err := c.Review(context.Background(), reviewed, reviews.EnforcementPoint(point)); err != nil {
				return fmt.Errorf("%s %s: %w", object.GetKind(), object.GetName(), err)
			}
		}
		return nil
	})
}

// retained is the heap that each template keeps: copies of it are loaded under other
// kinds into a client that has it already.
func retained(all []template) ([]float64, error) {
	samples := make([][]float64, len(all))
	for range heapRounds {
		for i, t := range all {
			c, err := loaded(t)
			if err != nil {
				return nil, err
			}
			before := reachable()
			for n := range heapCopies {
				if err := load(c, t, fmt.Sprintf("%s%d", t.kind(), n)); err != nil {
					return nil, err
				}
			}
			samples[i] = append(samples[i], (reachable()-before)/heapCopies)
			runtime.KeepAlive(c)
		}
	}
	heaps := make([]float64, len(all))
	for i, s := range samples {
		heaps[i] = quantile(s, 0.5)
	}
	return heaps, nil
}

// loaded is a client that has one template.
func loaded(t template) (*client.Client, error) {
	driver, err := rego.New()
	if err != nil {
		return nil, err
	}
	c, err := client.NewClient(client.Targets(&target.K8sValidationTarget{}), client.Driver(driver), client.EnforcementPoints(point))
	if err != nil {
		return nil, err
	}
	return c, load(c, t, t.kind())
}

// load adds a template under a kind, with one constraint that matches everything.
func load(c *client.Client, t template, kind string) error {
	named := t.parsed.DeepCopy()
	named.Name, named.Spec.CRD.Spec.Names.Kind = strings.ToLower(kind), kind
	if _, err := c.AddTemplate(context.Background(), named); err != nil {
		return fmt.Errorf("%s: %w", t.id, err)
	}
	constraint := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": constraintGroup + "/v1beta1",
		"kind":       kind,
		"metadata":   map[string]any{"name": "everything"},
		"spec":       map[string]any{},
	}}
	if len(t.parameters) > 0 { // a schema without parameters takes none, not even empty ones
		if err := unstructured.SetNestedMap(constraint.Object, t.parameters, "spec", "parameters"); err != nil {
			return fmt.Errorf("%s: %w", t.id, err)
		}
	}
	if _, err := c.AddConstraint(context.Background(), constraint); err != nil {
		return fmt.Errorf("%s: %w", t.id, err)
	}
	return nil
}
