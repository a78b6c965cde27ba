package main

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// reviewed is how many objects of each generated sort there are.
const reviewed = 500

// review measures what judging an object costs, once it is parsed.
func (c *chapter) review() error {
	dirty, clean := generated(reviewed, dirtyChance), generated(reviewed, cleanChance)
	c.p("\n### Reviews\n\nWhat audit does with an object that is there as a map. CPU has the collector's share.\n\n")
	c.p("| workload | evaluator | CPU | wall | allocated | CPU × | wall × | allocated × |\n|---|---|--:|--:|--:|--:|--:|--:|\n")
	for _, w := range []struct {
		policies policies
		name     string
		objects  []*unstructured.Unstructured
	}{{c.mix, "dirty", dirty}, {c.mix, "clean", clean}, {c.mix, "samples", c.samples}, {withOwnParameters(c.mix), "dirty", dirty[:200]}} {
		load, j, err := c.described(w.policies, w.name, w.objects)
		if err != nil {
			return err
		}
		used, err := takeTurns(
			c.turns, len(w.objects),
			func(i int) error { _, err := j.stock.review(w.objects[i]); return err },
			func(i int) error { j.vm.review(w.objects[i]); return nil },
			func(i int) error { j.topdown.review(w.objects[i]); return nil },
		)
		if err != nil {
			return err
		}
		for i, name := range []string{"framework", "memgate, VM", "memgate, topdown"} {
			u := used[i]
			c.p("| %s | %s | %s | %s | %s | %s | %s | %s |\n", load.mix(), name, us(u.cpu), us(u.wall), kib(u.alloc),
				ratio(used[0].cpu/u.cpu), ratio(used[0].wall/u.wall), ratio(used[0].alloc/u.alloc))
		}
		if w.name != "samples" { // most are far smaller than what is admitted to a cluster
			c.findings = append(
				c.findings,
				finding{"CPU of a review", load, used[0].cpu, used[1].cpu, us, atLeast(12, 25)},
				finding{"allocated by a review", load, used[0].alloc, used[1].alloc, kib, atLeast(15, 0)},
			)
		}
	}
	return nil
}
