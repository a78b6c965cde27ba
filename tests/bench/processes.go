package main

import (
	"path/filepath"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// compared is how many manifests both tools must find the same in. gator writes each
// object with each result, so that 1,000 would be a few hundred MB.
const compared = 100

// process measures memgate check beside gator test.
func (c *chapter) process() error {
	gator, err := gatorTool(c.root)
	if err != nil {
		return err
	}
	m, err := newMeter(c.dir)
	if err != nil {
		return err
	}
	memgate, err := filepath.Abs(filepath.Join(c.root, "bin/memgate"))
	if err != nil {
		return err
	}
	c.p("\n### Processes\n\n`memgate check` beside `gator test`, which reviews its policies, too, with the same policies from\n")
	c.p("files, of which memgate has its own bundle built in. Manifests are in a file each, the output is\n")
	c.p("thrown away; the findings in %d manifests are compared. memgate finds its cache filled, if it\nhas one, but for --no-cache.\n\n", compared)
	c.p("| workload | manifests | runs | tool | wall | CPU | resident at most | wall × | CPU × | resident × |\n|---|--:|--:|---|--:|--:|--:|--:|--:|--:|\n")
	dirty, clean := generated(1000, dirtyChance), generated(1000, cleanChance)
	for _, w := range []struct {
		policies  policies
		name      string
		bundle    string
		manifests []*unstructured.Unstructured
		rounds    []int // at most, for 1, 10, 100 and 1,000 manifests
	}{
		{c.mix, "dirty", "", dirty, []int{5, 5, 3, 2}},
		{c.mix, "clean", "", clean, []int{5, 5, 3, 2}},
		{c.strict, "dirty", c.strict.name, dirty, []int{5, 3, 1, 1}}, // gator takes most of a minute for the last
	} {
		load, err := c.load(w.policies, w.name, w.manifests[:compared])
		if err != nil {
			return err
		}
		folder := filepath.Join(c.dir, w.policies.name+"-"+w.name)
		if err := writeTo(folder, slices.Concat(w.policies.templates, w.policies.constraints)); err != nil {
			return err
		}
		tools, err := tools(gator, memgate, folder, w.bundle)
		if err != nil {
			return err
		}
		for i := range w.rounds {
			w.rounds[i] = min(w.rounds[i], c.turns)
		}
		all, err := runs(m, c.dir, load, w.manifests, tools, w.rounds)
		if err != nil {
			return err
		}
		for _, r := range all {
			c.list(r)
			c.require(r)
		}
	}
	return nil
}

// list writes the lines of a run.
func (c *chapter) list(r run) {
	for i, tool := range r.tools {
		theirs, took := r.costs[0], r.costs[i]
		c.p("| %s | %d | %d | %s | %s | %s | %s | %s | %s | %s |\n", r.load.mix(), r.manifests, r.rounds, tool.name,
			ms(took.wall), ms(took.cpu), mib(float64(took.rss)),
			ratio(theirs.wall.Seconds()/took.wall.Seconds()), ratio(theirs.cpu.Seconds()/took.cpu.Seconds()), ratio(float64(theirs.rss)/float64(took.rss)))
	}
}

// require adds what is required of a run: of one manifest by the bundle that is built
// in, and of the most manifests.
func (c *chapter) require(r run) {
	theirs, ours := r.costs[0], r.costs[1]
	manifests := map[int]string{1: "1 manifest", 1000: "1,000 manifests"}[r.manifests]
	add := func(what string, theirs, ours float64, format func(float64) string, g goal) {
		c.findings = append(c.findings, finding{manifests + ": " + what, r.load, theirs, ours, format, g})
	}
	switch {
	case r.manifests == 1 && r.load.policies.name == c.strict.name:
		add("wall", theirs.wall.Seconds(), ours.wall.Seconds(), millis, atMost(0.025, 0, millis))
		add("wall", theirs.wall.Seconds(), ours.wall.Seconds(), millis, atLeast(15, 0))
		add("CPU", theirs.cpu.Seconds(), ours.cpu.Seconds(), millis, atMost(0.030, 0, millis))
		add("CPU", theirs.cpu.Seconds(), ours.cpu.Seconds(), millis, atLeast(15, 0))
	case r.manifests == 1000:
		add("wall", theirs.wall.Seconds(), ours.wall.Seconds(), millis, atLeast(15, 35))
	default:
		return
	}
	add("resident at most", float64(theirs.rss), float64(ours.rss), mib, atLeast(2, 0))
}
