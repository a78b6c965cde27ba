package policies

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/tester"
)

// A rule is a directory <group>/<name> with Rego in it.
type rule struct{ group, name string }

func (r rule) dir() string  { return path.Join(r.group, r.name) }
func (r rule) id() string   { return strings.ReplaceAll(r.name, "_", "-") }
func (r rule) code() string { return path.Join(r.dir(), r.name+".rego") }
func (r rule) test() string { return path.Join(r.dir(), r.name+"_test.rego") }

// template is the path of the rule's template.
func (r rule) template() string { return path.Join("..", "templates", r.id()+".yaml") }

// rules are all rules, in order of group and name.
func rules(t *testing.T) []rule {
	t.Helper()
	var found []rule
	for _, file := range glob(t, "*/*/*.rego") {
		dir := path.Dir(file)
		if r := (rule{path.Dir(dir), path.Base(dir)}); r.group != "lib" && !slices.Contains(found, r) {
			found = append(found, r)
		}
	}
	if len(found) == 0 {
		t.Fatal("found no rule in policies/")
	}
	return found
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for i := range found {
		found[i] = filepath.ToSlash(found[i])
	}
	return found
}

// libs are the files of policies/lib: code, and tests if asked for. Those in profiles/ are
// generated, and have none of their own.
func libs(t *testing.T, tests bool) []string {
	t.Helper()
	found := glob(t, "lib/profiles/*.rego")
	for _, file := range glob(t, "lib/*.rego") {
		if tests || !strings.HasSuffix(file, "_test.rego") {
			found = append(found, file)
		}
	}
	return found
}

// parse reads Rego files. A file that is not there, or does not parse, fails the test.
func parse(t *testing.T, files ...string) map[string]*ast.Module {
	t.Helper()
	modules := map[string]*ast.Module{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		modules[file] = parseText(t, file, string(text))
	}
	return modules
}

func parseText(t *testing.T, name, text string) *ast.Module {
	t.Helper()
	module, err := ast.ParseModuleWithOpts(name, text, ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil {
		t.Fatal(err)
	}
	return module
}

// run runs the tests among modules and returns their results, in order of package and
// name. Lines that ran are noted in lines, if that is not nil.
func run(modules map[string]*ast.Module, lines coverage) ([]*tester.Result, error) {
	ctx, trace := context.Background(), cover.New()
	runner := tester.NewRunner().SetDefaultRegoVersion(ast.RegoV1).SetModules(modules)
	if lines != nil {
		runner.SetCoverageQueryTracer(trace).SetCoverageRuns(nil)
	}
	channel, err := runner.RunTests(ctx, nil)
	if err != nil {
		return nil, err
	}
	var results []*tester.Result
	for result := range channel {
		results = append(results, result)
	}
	slices.SortFunc(results, func(a, b *tester.Result) int {
		return strings.Compare(a.Package+"."+a.Name, b.Package+"."+b.Name)
	})
	if lines != nil {
		lines.add(trace.Report(modules))
	}
	return results, nil
}

// outcome is what is wrong with a test's result; "" if it passed.
func outcome(result *tester.Result) string {
	at := fmt.Sprintf("%s:%d", result.Location.File, result.Location.Row)
	switch {
	case result.Pass():
		return ""
	case result.Error != nil:
		return fmt.Sprintf("%s: %s: %v", at, result.Name, result.Error)
	case result.Skip:
		return fmt.Sprintf("%s: %s is a todo, want a test", at, result.Name)
	case result.FailedAt != nil && result.FailedAt.Location.HasFile():
		return fmt.Sprintf("%s: %s fails at line %d: %s\n%s", at, result.Name, result.FailedAt.Location.Row, result.FailedAt.Location.Text, result.Output)
	}
	return fmt.Sprintf("%s: %s fails\n%s", at, result.Name, result.Output)
}

// report makes a subtest of each result and fails the test if there is none.
func report(t *testing.T, results []*tester.Result) {
	t.Helper()
	if len(results) == 0 {
		t.Error("found no test")
	}
	for _, result := range results {
		t.Run(strings.TrimPrefix(result.Name, "test_"), func(t *testing.T) {
			if text := outcome(result); text != "" {
				t.Error(text)
			}
		})
	}
}

// coverage is, by file, whether a line with code ran.
type coverage map[string]map[int]bool

// add notes the lines of a report. As OPA 1.17 counts them, a line ran if something
// that begins on it did.
func (c coverage) add(report cover.Report) {
	for file, lines := range report.Files {
		if c[file] == nil {
			c[file] = map[int]bool{}
		}
		for _, r := range lines.Covered {
			c[file][r.Start.Row] = true
		}
		for _, r := range lines.NotCovered {
			if line := r.Start.Row; !c[file][line] {
				c[file][line] = false
			}
		}
	}
}

// check fails the test for each line of a file that no test reaches.
func (c coverage) check(t *testing.T, file string) {
	t.Helper()
	if len(c[file]) == 0 {
		t.Errorf("policies/%s: no test runs it", file)
	}
	for _, line := range slices.Sorted(maps.Keys(c[file])) {
		if !c[file][line] {
			t.Errorf("policies/%s:%d: no test reaches this line", file, line)
		}
	}
}
