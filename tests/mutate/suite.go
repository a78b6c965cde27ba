package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// A suite is a file of tests and what it needs to run.
type suite struct {
	file  string
	needs map[string]bool
	tests []test
}

// A test is one rule of a suite that must be true.
type test struct {
	name, query string
	took        time.Duration
	ran         lines
}

// lines are the lines that a test reaches.
type lines map[line]bool

type line struct {
	file string
	row  int
}

// limit is how long a test may take. One that takes longer has noticed the mutation.
const limit = 20 * time.Second

// newSuite runs the tests of a file and notes what each reaches. They have to pass.
func (t tree) newSuite(ctx context.Context, file string) (*suite, error) {
	s := &suite{file: file, needs: t.reached(file)}
	compiler, err := t.compile(s.needs, "", nil)
	if err != nil {
		return nil, err
	}
	for _, rule := range t[file].Rules {
		name := rule.Head.Ref().String()
		if !strings.HasPrefix(name, tester.TestPrefix) {
			continue
		}
		test := test{name: name, query: fmt.Sprintf("%s.%s", t[file].Package.Path, name), ran: lines{}}
		start := time.Now()
		// Without these two short cuts a test passes every expression that it depends on.
		if !test.passes(ctx, compiler, rego.EvalQueryTracer(test.ran), rego.EvalRuleIndexing(false), rego.EvalEarlyExit(false)) {
			return nil, fmt.Errorf("%s: %s fails without any mutation, want it to pass", file, name)
		}
		test.took = time.Since(start)
		s.tests = append(s.tests, test)
	}
	if len(s.tests) == 0 {
		return nil, fmt.Errorf("%s: no test in it", file)
	}
	return s, nil
}

// near is the suite without the tests that do not reach a line, the quickest first.
func (s *suite) near(at line) *suite {
	near := &suite{file: s.file, needs: s.needs}
	for _, test := range s.tests {
		if test.ran[at] {
			near.tests = append(near.tests, test)
		}
	}
	slices.SortStableFunc(near.tests, func(a, b test) int { return cmp.Compare(a.took, b.took) })
	return near
}

func (t test) passes(ctx context.Context, compiler *ast.Compiler, options ...rego.EvalOption) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	query, err := rego.New(rego.Query(t.query), rego.Compiler(compiler)).PrepareForEval(ctx)
	if err != nil {
		return false
	}
	results, err := query.Eval(ctx, options...)
	return err == nil && results.Allowed()
}

// Enabled, Config and TraceEvent make lines a topdown.QueryTracer.
func (l lines) Enabled() bool { return true }

// Config asks for nothing but the events.
func (l lines) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

// TraceEvent notes the line of an expression that is evaluated.
func (l lines) TraceEvent(event topdown.Event) {
	if event.Op == topdown.EvalOp && event.Location != nil {
		l[line{event.Location.File, event.Location.Row}] = true
	}
}
