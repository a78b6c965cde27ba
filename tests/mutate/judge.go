package main

import (
	"context"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A verdict is what became of a mutant: a module after a mutation.
type verdict struct {
	file string
	mutation
	killer string // the test that fails, or compiler; "" if the mutant survived
}

// compiler is the killer of what does not compile.
const compiler = "the compiler"

// id names a mutant in the list of survivors.
func (v verdict) id() string { return v.file + ": " + v.name() }

func (v verdict) String() string {
	text := fmt.Sprintf("%s:%d:%d: %s", v.file, v.row, v.col, v.name())
	if v.killer != "" {
		text += " [" + v.killer + "]"
	}
	return text
}

// judge makes every mutant of the chosen files and runs the tests that might notice it,
// the file's own first. The verdicts are in order of file and place.
func (t tree) judge(ctx context.Context, chosen *regexp.Regexp) ([]verdict, error) {
	var files []string
	for _, file := range t.code() {
		if chosen.MatchString(file) {
			files = append(files, file)
		}
	}
	suites, err := t.suites(ctx, files)
	if err != nil {
		return nil, err
	}
	var verdicts []verdict
	var jobs []func()
	for _, file := range files {
		able := suitesFor(suites, file)
		if len(able) == 0 {
			return nil, fmt.Errorf("%s: no test reaches it, want some in %s", file, testOf(file))
		}
		killers := &favourites{}
		for i, m := range mutations(t[file].Copy()) {
			verdicts = append(verdicts, verdict{file: file, mutation: m})
			at := len(verdicts) - 1
			jobs = append(jobs, func() {
				if ctx.Err() != nil {
					return
				}
				mutant := t[file].Copy()
				mutations(mutant)[i].apply()
				verdicts[at].killer = t.killer(ctx, line{file, m.row}, mutant, able, killers)
			})
		}
	}
	parallel(len(jobs), func(i int) { jobs[i]() })
	return verdicts, ctx.Err()
}

// suites runs the tests that may be needed for files: each file's own, and those that
// reach the file through an import.
func (t tree) suites(ctx context.Context, files []string) ([]*suite, error) {
	var tests []string
	for file := range t {
		if !isTest(file) {
			continue
		}
		reached := t.reached(file)
		if slices.ContainsFunc(files, func(f string) bool { return reached[f] }) {
			tests = append(tests, file)
		}
	}
	slices.Sort(tests)
	suites, errs := make([]*suite, len(tests)), make([]error, len(tests))
	parallel(len(tests), func(i int) { suites[i], errs[i] = t.newSuite(ctx, tests[i]) })
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return suites, nil
}

// suitesFor are the suites that reach a file, its own first.
func suitesFor(suites []*suite, file string) []*suite {
	var able []*suite
	for _, s := range suites {
		switch {
		case s.file == testOf(file):
			able = slices.Insert(able, 0, s)
		case s.needs[file]:
			able = append(able, s)
		}
	}
	return able
}

// killer is the first test found to fail with a mutant that was changed at a line.
func (t tree) killer(ctx context.Context, at line, mutant *ast.Module, suites []*suite, killers *favourites) string {
	var near []*suite
	for _, s := range suites {
		if n := s.near(at); len(n.tests) > 0 {
			near = append(near, n)
		}
	}
	if len(near) == 0 { // the expression is evaluated with one that begins elsewhere
		near = suites
	}
	for _, s := range near {
		compiled, err := t.compile(s.needs, at.file, mutant)
		if err != nil {
			return compiler
		}
		for _, test := range killers.first(s.tests) {
			if !test.passes(ctx, compiled) {
				killers.add(test.query)
				return test.name
			}
		}
	}
	return ""
}

// favourites are the tests that noticed the last mutations of a file: they are likely to
// notice the next. It is for concurrent use.
type favourites struct {
	mu      sync.Mutex
	queries []string // the last one last
}

func (f *favourites) add(query string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queries = slices.DeleteFunc(f.queries, func(q string) bool { return q == query })
	f.queries = append(f.queries, query)
}

// first is tests with the last three favourites among them in front.
func (f *favourites) first(tests []test) []test {
	f.mu.Lock()
	defer f.mu.Unlock()
	ordered := slices.Clone(tests)
	last := f.queries[max(0, len(f.queries)-3):]
	slices.SortStableFunc(ordered, func(a, b test) int {
		return slices.Index(last, b.query) - slices.Index(last, a.query)
	})
	return ordered
}

// parallel calls work with 0 to n-1, in order but as many at a time as there are
// processors.
func parallel(n int, work func(int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				work(i)
			}
		})
	}
	wg.Wait()
}
