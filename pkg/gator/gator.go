// Package gator judges as Gatekeeper's "gator test" does (v3.23) and writes what it writes:
// everything that is read is policy, reference data and object at once, and violations come
// in the text, JSON and YAML of gator. It knows neither flags nor exit statuses, and runs
// no mutators.
package gator

import (
	"context"
	"errors"
	"strings"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/expansion"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/source"
)

// Options of a run.
type Options struct {
	// Client makes what judges by the policies of the input.
	Client      func(*policy.Set) (*engine.Client, error)
	MaxDocument int64 // bytes; 0 means the default of package manifest

	// Rego has templates that hold both judged by their Rego; gator takes their CEL.
	Rego bool

	Allow func(reason string) bool // gaps that the run accepts, by their reason; nil is none

	// Report takes gaps, skips and notes. Nothing else is told to it, not even the end.
	Report report.Writer
}

// A Run is what came of one.
type Run struct {
	Results     Results
	Objects     int
	Constraints int
	NotJudged   int // gaps that were not accepted
}

// Test judges all objects of the files by the policies among them. Faults are files that
// could not be found readable; they are gaps. Everything is kept in memory, as results hold
// whole objects. The error joins one for each policy that does not load, and nothing was
// judged then; or it is one of ctx, or of writing to the report.
func Test(ctx context.Context, files []source.File, faults []*source.PathError, options Options) (Run, error) {
	t := tester{options: options}
	for _, fault := range faults {
		t.unreadable(manifest.Position{File: fault.Name}, fault.Reason())
	}
	for _, file := range files {
		t.read(file)
	}
	if err := t.load(); err != nil {
		return t.run, errors.Join(t.broken, err)
	}
	t.run.Objects, t.run.Constraints = len(t.objects), len(t.client.Constraints())
	for _, object := range t.objects {
		// What has no name is no reference data; of what does not fit the client tells.
		_ = t.client.AddData(ctx, object.Value)
	}
	for _, object := range t.objects {
		v := t.judge(ctx, object)
		if err := errors.Join(ctx.Err(), t.broken); err != nil {
			return t.run, err
		}
		for _, gap := range v.gaps {
			t.gap(gap)
		}
		t.run.Results = append(t.run.Results, v.results...)
	}
	t.run.Results.sort()
	return t.run, t.broken
}

// A tester is a run on its way.
type tester struct {
	options    Options
	objects    []*manifest.Object
	client     *engine.Client
	expansions *expansion.System
	mutators   []string
	run        Run
	broken     error // the first one of writing to the report
}

// load makes what judges of the policies among the objects.
func (t *tester) load() error {
	objects := t.objects
	if !t.options.Rego {
		objects = make([]*manifest.Object, len(t.objects))
		for i, object := range t.objects {
			objects[i] = preferCEL(object)
		}
	}
	set, err := policy.NewSet(objects)
	if err == nil {
		if set.Exclusions != nil {
			t.note("namespaces that a Config excludes are judged, as in gator")
			set.Exclusions = nil
		}
		if len(set.Mutators) > 0 {
			t.note("mutators are not run: " + strings.Join(set.Mutators, ", "))
		}
		t.mutators = set.Mutators
		t.complete(set)
		t.client, err = t.options.Client(set)
	}
	var wrong error
	t.expansions, wrong = expansion.New(set.Expansions)
	return errors.Join(err, wrong)
}

// complete fills in the defaults of constraints that are judged themselves.
func (t *tester) complete(set *policy.Set) {
	constraints := map[string]*policy.Constraint{}
	for _, c := range set.Constraints {
		constraints[c.Source.APIVersion()+c.Kind()+"/"+c.Name] = c
	}
	for i, object := range t.objects {
		if c := constraints[object.APIVersion()+object.Kind()+"/"+object.Name()]; c != nil {
			t.objects[i] = object.WithValue(c.Object)
		}
	}
}

func (t *tester) gap(g report.Gap) {
	g.Allowed = t.options.Allow != nil && t.options.Allow(g.Reason)
	if !g.Allowed {
		t.run.NotJudged++
	}
	t.keep(t.options.Report.Gap(g))
}

func (t *tester) note(text string) {
	t.keep(t.options.Report.Note(report.Note{Kind: report.NoteAssumed, Text: text}))
}

// keep keeps the first error of writing.
func (t *tester) keep(err error) {
	if t.broken == nil {
		t.broken = err
	}
}
