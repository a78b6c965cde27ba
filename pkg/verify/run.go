package verify

import (
	"bytes"
	"context"
	"path"
	"slices"
	"time"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
)

// Options of a run.
type Options struct {
	// Client makes what judges by the template and the constraint of a test. If it counts
	// lines of Rego, the result has their coverage. An error of it that is a *policy.Error,
	// or joins such, has a place of its own.
	Client func(*policy.Set) (*engine.Client, error)
	// Print holds what the client has templates print; nil if they print nothing.
	Print  *bytes.Buffer
	Filter Filter
	// Threshold is the coverage in percent that a template must have; 0 means none.
	Threshold float64
}

// Run runs suites, one test after the other. When ctx ends, what is left fails.
func Run(ctx context.Context, suites []*Suite, options Options) Result {
	r := runner{options: options, lines: lines{}}
	r.result.Notes = []Fault{}
	r.result.Suites = make([]SuiteResult, 0, len(suites))
	for _, s := range suites {
		for _, fault := range s.Unknown {
			r.note(fault)
		}
		r.result.Suites = append(r.result.Suites, r.suite(ctx, s))
	}
	r.result.Summary.Suites = len(suites)
	r.result.Coverage = r.lines.coverage(options.Threshold)
	for _, c := range r.result.Coverage {
		if c.Short {
			r.result.Summary.CoverageShort++
		}
	}
	return r.result
}

type runner struct {
	options Options
	result  Result
	lines   lines
	clients []*engine.Client // of the test that runs
}

// note keeps what has no effect, once.
func (r *runner) note(fault Fault) {
	if !slices.Contains(r.result.Notes, fault) {
		r.result.Notes = append(r.result.Notes, fault)
	}
}

// client makes what judges by a set, and has its lines counted at the end of the test.
func (r *runner) client(set *policy.Set) (*engine.Client, error) {
	client, err := r.options.Client(set)
	if err == nil {
		r.clients = append(r.clients, client)
	}
	return client, err
}

func (r *runner) suite(ctx context.Context, s *Suite) SuiteResult {
	start := time.Now()
	result := SuiteResult{File: s.File, Line: s.at.Line, Status: Skipped, Tests: []TestResult{}, skipped: s.skip}
	for _, t := range s.tests {
		tested := r.test(ctx, s, t)
		r.result.Summary.Tests.add(tested.Status)
		result.Status = result.Status.with(tested.Status)
		result.Tests = append(result.Tests, tested)
	}
	if !s.skip {
		result.Seconds = time.Since(start).Seconds()
	}
	return result
}

func (r *runner) test(ctx context.Context, s *Suite, t test) TestResult {
	start := time.Now()
	result := TestResult{Name: t.name, Line: t.at.Line, Status: Skipped}
	if s.skip || t.skip || !r.options.Filter.hasTest(t) {
		result.Cases, result.skipped = r.skipAll(t), true
		return result
	}
	b, err := r.load(path.Dir(s.File), t)
	switch {
	case err != nil:
		result.Status, result.Faults, result.Cases = Failed, faults(err, t.at), r.skipAll(t)
	case t.invalid:
		result.Status, result.Cases = Passed, r.skipAll(t)
	default:
		result.Cases = []CaseResult{}
		for _, c := range t.cases {
			judged := r.testCase(ctx, b, c)
			result.Status = result.Status.with(judged.Status)
			result.Cases = append(result.Cases, judged)
		}
	}
	if t.invalid {
		r.result.Summary.Judged++
	}
	for _, client := range r.clients {
		r.lines.add(client.Coverage())
	}
	r.clients = nil
	result.Seconds = time.Since(start).Seconds()
	return result
}

// skipAll are the results of the cases of a test that runs none.
func (r *runner) skipAll(t test) []CaseResult {
	results := make([]CaseResult, len(t.cases))
	for i, c := range t.cases {
		results[i] = r.skip(c)
	}
	return results
}

func (r *runner) skip(c testCase) CaseResult {
	r.result.Summary.Cases.add(Skipped)
	return CaseResult{Name: c.name, Line: c.at.Line, Status: Skipped}
}

func (r *runner) testCase(ctx context.Context, b *bench, c testCase) CaseResult {
	if c.skip || !r.options.Filter.hasCase(b.test, c) {
		return r.skip(c)
	}
	start := time.Now()
	result := CaseResult{Name: c.name, Line: c.at.Line, Status: Passed, Faults: c.faults}
	if len(result.Faults) == 0 {
		result.Faults = r.assert(ctx, b, c)
	}
	if printed := r.options.Print; printed != nil {
		result.Print = printed.String()
		printed.Reset()
	}
	if len(result.Faults) > 0 {
		result.Status = Failed
	}
	result.Seconds = time.Since(start).Seconds()
	r.result.Summary.Cases.add(result.Status)
	r.result.Summary.Judged++
	return result
}

// assert is why a case fails: nothing can be judged, or assertions that do not hold.
func (r *runner) assert(ctx context.Context, b *bench, c testCase) []Fault {
	messages, err := r.review(ctx, b, c)
	if err != nil {
		return faults(err, c.at)
	}
	var found []Fault
	for _, a := range c.assertions {
		if text := a.check(messages); text != "" {
			found = append(found, faultAt(a.at, "%s", text))
		}
	}
	return found
}
