// Package check runs policies over manifests: it reads files, judges their objects in
// order, and accounts for every object and constraint in a report. It knows neither
// flags nor formats.
package check

import (
	"context"
	"runtime"
	"strings"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/review"
	"github.com/memgate/memgate/pkg/source"
)

// Options of a run.
type Options struct {
	Client      *engine.Client
	Namespace   string // for objects that name none
	MaxDocument int64  // bytes; 0 means the default of package manifest
}

// Run judges the objects of files and writes findings, gaps and counts to w, in the
// order of the input. Faults are files that could not be found readable; they are
// gaps. Memory does not grow with the length of a file. The error is one of writing
// or of ctx; what is wrong with the input is in the report.
func Run(ctx context.Context, files []source.File, faults []*source.PathError, options Options, w report.Writer) (report.Summary, error) {
	r := run{options: options, writer: w, summary: report.Summary{
		Files:       len(files),
		Constraints: options.Client.Constraints(),
		Violations:  map[string]int{},
		NotJudged:   map[string]int{},
	}}
	if options.Client.NeedsData() {
		copies, remove := source.Twice(files)
		files = copies
		defer remove() //nolint:errcheck // a temporary file that is left is no fault of the run
		// What cannot be read is reported when it is judged; what does not fit, by the client.
		_ = Collect(ctx, files, options)
	}
	err := r.judgeAll(ctx, files)
	for _, fault := range faults {
		if err == nil {
			err = r.gap(report.Gap{Position: manifest.Position{File: fault.Name}, Reason: report.ReasonUnreadable, Text: fault.Reason()})
		}
	}
	if err != nil {
		return r.summary, err
	}
	return r.summary, w.Close(r.summary)
}

type run struct {
	options Options
	writer  report.Writer
	summary report.Summary
}

// A job is a document on its way: read, judged, and then written in order.
type job struct {
	document
	verdicts chan []verdict
}

type verdict struct {
	object   *manifest.Object
	template []any // path of the pod template that was judged, nil for the object itself
	outcomes []engine.Outcome
}

// judgeAll reads, judges and writes at the same time: one goroutine reads, some judge,
// and this one writes in the order of reading. The number of documents on their way is
// bounded, and with it the memory.
func (r *run) judgeAll(ctx context.Context, files []source.File) error {
	options := r.options
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	workers := runtime.GOMAXPROCS(0)
	work, order := make(chan *job), make(chan *job, 2*workers)
	go func() {
		defer close(order)
		defer close(work)
		for _, file := range files {
			err := read(file, options, nil, func(d document) error {
				j := &job{document: d, verdicts: make(chan []verdict, 1)}
				for _, queue := range []chan *job{order, work} {
					select {
					case queue <- j:
					case <-ctx.Done():
						return ctx.Err()
					}
				}
				return nil
			})
			if err != nil {
				return
			}
		}
	}()
	for range workers {
		go func() {
			for j := range work {
				j.verdicts <- r.judge(ctx, j.objects)
			}
		}()
	}
	for j := range order {
		select {
		case verdicts := <-j.verdicts:
			if err := r.write(j.document, verdicts); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

func (r *run) judge(ctx context.Context, objects []*manifest.Object) []verdict {
	var verdicts []verdict
	for _, object := range objects {
		var namespace map[string]any
		if name := object.Namespace(); name != "" {
			namespace = r.options.Client.Namespace(ctx, name)
		}
		options := review.Options{Namespace: namespace}
		verdicts = append(verdicts, verdict{object, nil, r.options.Client.Review(ctx, review.New(object.Value, options))})
		options.Source = review.Generated
		for _, template := range review.PodTemplates(object) {
			outcomes := r.options.Client.Review(ctx, review.New(template.Pod.Value, options))
			for i, o := range outcomes {
				if o.Constraint.ReadsPodsOf(object.APIVersion(), object.Kind()) {
					outcomes[i] = engine.Outcome{Constraint: o.Constraint, Actions: o.Actions, Status: engine.NotMatched, Clause: review.BySource}
				}
			}
			verdicts = append(verdicts, verdict{object, template.Path, outcomes})
		}
	}
	return verdicts
}

func (r *run) write(d document, verdicts []verdict) error {
	if d.skip != nil {
		r.summary.NotManifest++
		if err := r.writer.Skip(*d.skip); err != nil {
			return err
		}
	}
	for _, v := range verdicts {
		if err := r.account(v); err != nil {
			return err
		}
	}
	for _, gap := range d.gaps {
		if err := r.gap(gap); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) gap(gap report.Gap) error {
	r.summary.NotJudged[gap.Reason] += max(1, len(gap.Constraints))
	return r.writer.Gap(gap)
}

// account writes the outcomes of one object and counts each.
func (r *run) account(v verdict) error {
	if v.template == nil {
		r.summary.Objects++
	} else {
		r.summary.PodTemplates++
	}
	var (
		findings []report.Finding
		gaps     []report.Gap
		byText   = map[string]int{}
		object   = objectOf(v.object)
	)
	for _, o := range v.outcomes {
		switch o.Status {
		case engine.NotMatched:
			r.summary.NotMatched++
		case engine.NotEnforced:
			r.summary.NotEnforced++
		case engine.NotJudged:
			reason := engine.Reason(o.Err) + ": "
			text := reason + strings.TrimPrefix(o.Err.Error(), reason)
			i, found := byText[text]
			if !found {
				i = len(gaps)
				byText[text] = i
				gaps = append(gaps, report.Gap{Position: v.object.Position(), Reason: engine.Reason(o.Err), Text: text, Object: &object})
			}
			gaps[i].Constraints = append(gaps[i].Constraints, constraintOf(o))
		case engine.Judged:
			r.summary.Judged++
			for _, violation := range o.Violations {
				findings = append(findings, findingOf(v, object, o, violation))
			}
		}
	}
	if w, ok := r.writer.(report.ObjectWriter); ok && v.template == nil {
		if err := w.Object(object, v.object.Position()); err != nil {
			return err
		}
	}
	report.Sort(findings)
	for _, finding := range findings {
		r.summary.Violations[finding.Action]++
		if err := r.writer.Finding(finding); err != nil {
			return err
		}
	}
	for _, gap := range gaps {
		if err := r.gap(gap); err != nil {
			return err
		}
	}
	return nil
}

func findingOf(judged verdict, object report.Object, o engine.Outcome, v engine.Violation) report.Finding {
	v = v.Below(judged.template)
	return report.Finding{
		Place:      judged.object.Place(v.Path()),
		Action:     string(o.Action()),
		Rule:       o.Constraint.Template.Rule,
		Severity:   o.Constraint.Template.Severity,
		Constraint: constraintOf(o),
		Object:     object,
		Template:   judged.template,
		Message:    v.Message,
		Details:    v.Details,
	}
}

func constraintOf(o engine.Outcome) report.Constraint {
	return report.Constraint{Kind: o.Constraint.Kind(), Name: o.Constraint.Name}
}

func objectOf(o *manifest.Object) report.Object {
	return report.Object{APIVersion: o.APIVersion(), Kind: o.Kind(), Namespace: o.Namespace(), Name: o.Name()}
}
