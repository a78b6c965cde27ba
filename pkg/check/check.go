// Package check runs policies over manifests: it reads files, judges their objects in
// order, and accounts for every object and constraint in a report. It knows neither
// flags nor formats.
package check

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/memgate/memgate/pkg/baseline"
	"github.com/memgate/memgate/pkg/changes"
	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/expansion"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/source"
)

// Options of a run.
type Options struct {
	Client      *engine.Client
	Namespace   string // for objects that name none
	MaxDocument int64  // bytes; 0 means the default of package manifest

	// Stream reads the files once: reference data is what the client has, and what earlier
	// documents bring. Otherwise all files are read for it first.
	Stream bool

	// Build builds the kustomizations among the files; nil leaves them as they are.
	Build      func(ctx context.Context, file string) (*manifest.Built, error)
	Known      Known              // what is reference data already, and is not replaced
	Defaults   bool               // Pods get what an API server fills in; see package defaults
	Expansion  *expansion.System  // what objects stand for; nil is nothing
	Exclusions *policy.Exclusions // namespaces that are not judged; nil is none
	Process    string             // of Gatekeeper, by which Exclusions go
	Notes      []report.Note      // what is known of the run before it begins

	Workloads bool                     // entries have the memory of the pods that objects make
	Frames    bool                     // findings have the lines around their places
	Allow     func(reason string) bool // gaps that the run accepts, by their reason; nil is none

	// Fails reports whether a finding that counts fails the run; nil means all that deny.
	Fails func(report.Finding) bool

	// Rules are the ids that comments and annotations in manifests may suppress; nil means
	// that they suppress nothing.
	Rules    []string
	Baseline *baseline.Matcher // of accepted findings; nil is none
	Whole    bool              // the files are all that the baseline was written for
	Changes  *changes.Changes  // findings on other objects do not count; nil means that all do
}

// Run judges the objects of files and writes findings, gaps and counts to w, in the
// order of the input. Faults are files that could not be found readable; they are
// gaps. Memory does not grow with the length of a file. The error is one of writing
// or of ctx; what is wrong with the input is in the report.
func Run(ctx context.Context, files []source.File, faults []*source.PathError, options Options, w report.Writer) (report.Summary, error) {
	r := newRun(files, options, w)
	inputs, err := build(ctx, files, options.Build)
	if err != nil {
		return r.summary, err
	}
	if options.Client.NeedsData() {
		if options.Stream {
			r.stream = newStream(options)
		} else {
			defer twice(inputs)() //nolint:errcheck // a temporary file that is left is no fault of the run
			// What cannot be read is reported when it is judged; what does not fit, by the client.
			r.dropped, _ = collect(ctx, inputs, options)
		}
	}
	for _, note := range options.Notes {
		err = errors.Join(err, w.Note(note))
	}
	if err == nil {
		err = r.judgeAll(ctx, inputs)
	}
	for _, fault := range faults {
		if err == nil {
			err = r.gap(report.Gap{Position: manifest.Position{File: fault.Name}, Reason: report.ReasonUnreadable, Text: fault.Reason()})
		}
	}
	if err == nil {
		err = r.missed()
	}
	if err == nil {
		err = r.settle()
	}
	if err != nil {
		return r.summary, err
	}
	return r.summary, w.Close(r.summary)
}

// A run is what the judging of all documents shares. Its summary belongs to the
// goroutine that writes; all else is read only.
type run struct {
	options     Options
	constraints []*policy.Constraint
	now         time.Time
	pods        []bool  // by constraint: it judges Pods
	stream      *stream // nil unless the input is one
	dropped     dropped // reference data that is not known
	judged      []bool  // by constraint: it has judged something; belongs to the goroutine that writes
	writer      report.Writer
	summary     report.Summary
}

func newRun(files []source.File, options Options, w report.Writer) *run {
	constraints := options.Client.Constraints()
	if options.Expansion == nil {
		options.Expansion = &expansion.System{}
	}
	return &run{options: options, constraints: constraints, now: time.Now(), pods: judgesPods(constraints), judged: make([]bool, len(constraints)), writer: w, summary: report.Summary{
		Files:       len(files),
		Constraints: len(constraints),
		Violations:  map[string]int{},
		Suppressed:  map[string]int{},
		NotJudged:   map[string]int{},
	}}
}

// A job is a document on its way: read, judged, and then written in order.
type job struct {
	document
	judged chan []judged
}

// judgeAll reads, judges and writes at the same time: one goroutine reads, some judge,
// and this one writes in the order of reading. The number of documents on their way is
// bounded, and with it the memory.
func (r *run) judgeAll(ctx context.Context, inputs []input) error {
	options := r.options
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	workers := runtime.GOMAXPROCS(0)
	work, order := make(chan *job), make(chan *job, 2*workers)
	go func() {
		defer close(order)
		defer close(work)
		for _, in := range inputs {
			err := read(in, options, nil, func(d document) error {
				r.stream.enter(ctx, &d)
				j := &job{document: d, judged: make(chan []judged, 1)}
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
				all := make([]judged, len(j.units))
				for i, u := range j.units {
					all[i] = r.judge(ctx, u)
				}
				r.stream.leave(all)
				j.judged <- all
			}
		}()
	}
	for j := range order {
		select {
		case all := <-j.judged:
			if err := r.write(j.document, all); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}
