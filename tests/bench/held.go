package main

import (
	"fmt"
	"runtime"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/memgate/memgate/pkg/engine"
)

// heap measures what policies keep in memory.
func (c *chapter) heap() error {
	load, err := c.load(c.mix, "samples", c.samples)
	if err != nil {
		return err
	}
	theirs, ours, err := holdings(c.mix, c.samples)
	if err != nil {
		return err
	}
	c.findings = append(
		c.findings,
		finding{"heap that a template keeps", load, theirs.template, ours.template, kib, atMost(40<<10, 20<<10, kib)},
		finding{"heap that a constraint keeps", load, theirs.constraint, ours.constraint, kib1, atMost(2<<10, 0, kib1)},
	)
	c.p("\n### Heap\n\nWhat stays after collection for each template, without its constraint, and for each constraint, in a\n")
	c.p("client that has reviewed the samples: all templates against none, and %d copies of each constraint,\n", heapCopies)
	c.p("with other parameters, against none. memgate has given back the texts that it read, as its webhook\n")
	c.p("does.\n")
	return nil
}

// A holding is the heap that stays for each template and for each constraint, in bytes.
type holding struct{ template, constraint float64 }

// holdings measures what both sides keep of policies, once they have reviewed objects.
func holdings(p policies, objects []*unstructured.Unstructured) (theirs, ours holding, err error) {
	theirs, err = heldBy(p, func(p policies) (any, error) {
		s, err := newStock(p, point)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			if _, err := s.review(o); err != nil {
				return nil, err
			}
		}
		return s, nil
	})
	if err != nil {
		return theirs, ours, err
	}
	ours, err = heldBy(p, func(p policies) (any, error) {
		set, err := p.set()
		if err != nil {
			return nil, err
		}
		w, err := ownOf(set, p.data, point, engine.VM)
		if err != nil {
			return nil, err
		}
		set.Forget() // as memgate-webhook does
		for _, o := range objects {
			w.review(o)
		}
		return w, nil
	})
	return theirs, ours, err
}

// heldBy loads nothing, all templates with a constraint each, and those with copies of
// the constraints that have parameters of their own, into clients that hold makes.
// Templates are not copied: who plans equal code once would keep nothing of a copy.
func heldBy(p policies, hold func(policies) (client any, err error)) (holding, error) {
	none, one := p, onePerTemplate(p)
	none.templates, none.constraints = nil, nil
	more := copiedConstraints(one)
	var samples []holding
	for round := range heapRounds + 1 {
		var heaps [3]float64
		for i, p := range []policies{none, one, more} {
			before := reachable()
			client, err := hold(p)
			if err != nil {
				return holding{}, err
			}
			heaps[i] = reachable() - before
			runtime.KeepAlive(client)
		}
		constraint := (heaps[2] - heaps[1]) / float64(len(more.constraints)-len(one.constraints))
		if round > 0 { // in the first there is what a process makes once
			samples = append(samples, holding{(heaps[1]-heaps[0])/float64(len(p.templates)) - constraint, constraint})
		}
	}
	return holding{
		template:   quantileOf(samples, 0.5, func(h holding) float64 { return h.template }),
		constraint: quantileOf(samples, 0.5, func(h holding) float64 { return h.constraint }),
	}, nil
}

// onePerTemplate are policies with the first constraint of each template.
func onePerTemplate(p policies) policies {
	var constraints []*unstructured.Unstructured
	for _, t := range p.templates {
		i := slices.IndexFunc(p.constraints, func(c *unstructured.Unstructured) bool { return c.GetKind() == kindOfTemplate(t) })
		constraints = append(constraints, p.constraints[i])
	}
	p.constraints = constraints
	return p
}

// copiedConstraints are policies with copies of each constraint, under other names and
// with other parameters.
func copiedConstraints(p policies) policies {
	constraints := slices.Clone(p.constraints)
	for n := range heapCopies {
		for i, c := range p.constraints {
			c = c.DeepCopy()
			c.SetName(fmt.Sprintf("copy-%d-of-%d", n, i)) // some names are as long as may be
			constraints = append(constraints, c)
		}
	}
	p.constraints = constraints
	return withOwnParameters(p)
}
