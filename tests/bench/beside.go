package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A chapter compares memgate with Gatekeeper and gator.
type chapter struct {
	root  string
	only  string // section, all if empty
	turns int
	dir   string // temporary

	mix, strict policies
	samples     []*unstructured.Unstructured

	loads    []*workload // what was measured with, for the first table
	findings []finding
	text     strings.Builder // of the sections
}

// beside measures one section of the chapter, or all.
func beside(root, only string, turns int) (string, error) {
	const title = "\n## Beside Gatekeeper and gator\n\n"
	suites := os.Getenv(suitesVar)
	if suites == "" {
		return title + "Left out: " + suitesVar + " was not set, and there is nothing to judge by.\n", nil
	}
	dir, err := os.MkdirTemp("", "memgate-bench-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // temporary
	c := &chapter{root: root, only: only, turns: turns, dir: dir}
	if c.mix, c.samples, err = mixed(suites); err != nil {
		return "", err
	}
	if c.strict, err = strict(root); err != nil {
		return "", err
	}
	for _, section := range []struct {
		name    string
		measure func() error
	}{{"review", c.review}, {"admission", c.admission}, {"heap", c.heap}, {"process", c.process}} {
		if only == "" || only == section.name {
			if err := section.measure(); err != nil {
				return "", fmt.Errorf("%s: %w", section.name, err)
			}
			runtime.GC()
		}
	}
	for _, load := range c.loads {
		for i, difference := range load.differences {
			if i == 5 {
				break
			}
			fmt.Fprintln(os.Stderr, "bench: results differ:", difference)
		}
	}
	return title + c.head() + c.text.String(), nil
}

// p writes to the sections.
func (c *chapter) p(format string, args ...any) { fmt.Fprintf(&c.text, format, args...) }

// described is a workload of policies, reviewed by both sides as audit does.
func (c *chapter) described(p policies, name string, objects []*unstructured.Unstructured) (*workload, judges, error) {
	j, err := newJudges(p, point)
	if err != nil {
		return nil, j, err
	}
	load, err := j.describe(p, name, objects)
	c.loads = append(c.loads, load)
	return load, j, err
}

// load is the workload of that name, described if it was not yet.
func (c *chapter) load(p policies, name string, objects []*unstructured.Unstructured) (*workload, error) {
	for _, load := range c.loads {
		if load.policies.name == p.name && load.name == name {
			return load, nil
		}
	}
	load, _, err := c.described(p, name, objects)
	return load, err
}

// head says what was measured with, and what was found beside what was wanted.
func (c *chapter) head() string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	p("The *framework* is the constraint framework's client with its own Rego driver and Gatekeeper's\n")
	p("target, as in Gatekeeper. It and memgate's evaluator run in one process, by turns. gator and\n")
	p("memgate run as processes, by turns; gator is built from the module of Gatekeeper with its own OPA.\n\n")
	p("%s.\n\n", strings.Join(versions(), ", "))
	p("The *mix* is all %d templates of `%s` and %d constraints: those of the samples, topped up\n", len(c.mix.templates), suitesVar, len(c.mix.constraints))
	p("with copies under other names, spread over the kinds. As memgate evaluates a function once for\n")
	p("equal arguments, it stands here a second time, *with parameters of their own* for the copies.\n")
	p("*strict* is memgate's bundle. Objects are the %d of the samples, and Pods with every tenth a\n", len(c.samples))
	p("Deployment that are generated, the same in every run: *dirty* ones with many defects, *clean* ones\n")
	p("with few. The samples are the reference data.\n\n")
	p("Before a workload is measured, kind, name, action, message and details of all violations of both\n")
	p("sides are compared: *differences* counts those that one side has alone. *Matching* counts the\n")
	p("constraints that match an object. memgate's VM leaves to topdown what it has no answer to: *fell\n")
	p("back* is the share of the reviews where it did, *time in fallback* the share of the time that this\n")
	p("took, by clients that have one constraint each. *Errors* are evaluation errors, which the framework\n")
	p("reports as violations and memgate as not judged.\n\n")
	p("| workload | templates | constraints | objects | JSON | matching | violations | errors | fell back | time in fallback | differences |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, w := range c.loads {
		p("| %s | %d | %d | %d | %.1f KB | %.1f | %.1f | %d | %s | %s | %d |\n", w.title(), len(w.policies.templates), len(w.policies.constraints), len(w.objects),
			w.size/1e3, w.matching, w.violations, w.errors, percent(w.fellBack), percent(w.inFallback), len(w.differences))
	}
	p("\nWhat is required, and what was found. The column *mix* has templates/constraints, matching per\nreview, and time in fallback.\n\n")
	b.WriteString(findings(c.findings))
	return b.String()
}
