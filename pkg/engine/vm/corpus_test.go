package vm

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/test/cases"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// part is the part of the large tests that is run: 1 is all, 8 is one in eight.
var part = 1

var update = flag.Bool("update", false, "write testdata/fallbacks.txt")

// TestCorpus runs OPA's own cases, which stand beside its source, on topdown and on this
// package: the answers are the same, or this package declares that it has none.
func TestCorpus(t *testing.T) {
	folder := corpus(t)
	fallbacks := map[string]int{}
	total := 0
	for version, regoVersion := range map[string]ast.RegoVersion{"v0": ast.RegoV0, "v1": ast.RegoV1} {
		set, err := cases.Load(filepath.Join(folder, version))
		if err != nil {
			t.Fatal(err)
		}
		equal, declared, different := 0, 0, 0
		for i, tc := range set.Sorted().Cases {
			if i%part != 0 {
				continue
			}
			cause, difference := runCase(t, tc, regoVersion)
			switch {
			case difference != "":
				different++
				t.Errorf("%s/%s: %s", version, tc.Note, difference)
			case cause != "":
				declared++
				fallbacks[cause]++
			default:
				equal++
			}
		}
		total += equal + declared + different
		t.Logf("%s: %d cases: %d equal, %d for topdown, %d different", version, len(set.Cases), equal, declared, different)
	}
	checkFallbacks(t, fallbacks, total)
}

// corpus is the folder of OPA's cases.
func corpus(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/open-policy-agent/opa").Output()
	if err != nil {
		t.Fatalf("go list -m: %v", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "v1", "test", "cases", "testdata")
}

// runCase returns why this package declared to have no answer, or how its answer differs
// from topdown's.
func runCase(t *testing.T, tc cases.TestCase, version ast.RegoVersion) (cause, difference string) {
	t.Helper()
	for name, value := range tc.Env {
		t.Setenv(name, value)
	}
	options := ast.ParserOptions{RegoVersion: version}
	if tc.ExperimentalKeywords {
		options.Capabilities = ast.CapabilitiesForThisVersion(ast.CapabilitiesExperimentalKeywords(true))
	}
	modules := map[string]string{}
	for i, module := range tc.Modules {
		modules[fmt.Sprintf("test-%d.rego", i)] = module
	}
	compiler, err := ast.CompileModulesWithOpt(modules, ast.CompileOpts{ParserOptions: options})
	if err != nil { // it needs what OPA's own tests add to OPA
		t.Logf("%s: skipped: %v", tc.Note, err)
		return "", ""
	}
	query := ast.MustParseBody(tc.Query)
	compiled, err := compiler.QueryCompiler().Compile(query)
	if err != nil {
		t.Fatalf("%s: %v", tc.Note, err)
	}
	store := inmem.New()
	data := ast.Value(ast.NewObject())
	if tc.Data != nil {
		store = inmem.NewFromObject(*tc.Data)
		data = ast.MustInterfaceToValue(*tc.Data)
	}
	var input *ast.Term
	request := Request{Input: Undefined, Time: time.Now()}
	switch {
	case tc.InputTerm != nil:
		input = ast.MustParseTerm(*tc.InputTerm)
	case tc.Input != nil:
		input = ast.NewTerm(ast.MustInterfaceToValue(*tc.Input))
	}
	if input != nil {
		if request.Input, err = FromAST(input.Value); err != nil {
			return "input", ""
		}
	}
	if request.Data, err = FromAST(data); err != nil {
		t.Fatal(err)
	}

	txn := storage.NewTransactionOrDie(t.Context(), store)
	defer store.Abort(t.Context(), txn)
	results, wantErr := topdown.NewQuery(compiled).WithCompiler(compiler).WithStore(store).WithTransaction(txn).
		WithInput(input).WithTime(request.Time).Run(t.Context())
	want := ast.NewSet()
	for _, bindings := range results {
		o := ast.NewObject()
		for name, term := range bindings {
			if !hidden(string(name)) {
				o.Insert(ast.StringTerm(string(name)), term)
			}
		}
		want.Add(ast.NewTerm(o))
	}
	got, err := evaluate(t.Context(), compiler, query, request)
	switch {
	case err != nil:
		unsupported, ok := err.(*Unsupported)
		if !ok || unsupported.Cause == "panic" || strings.HasPrefix(unsupported.Cause, "value of type") {
			return "", fmt.Sprintf("got error %v, want %v, %v", err, want, wantErr)
		}
		return unsupported.Cause, ""
	case wantErr != nil:
		return "", fmt.Sprintf("got %v, want the error %v", got, wantErr)
	case got.String() != want.String():
		return "", fmt.Sprintf("got %v, want %v", got, want)
	}
	return "", ""
}

// hidden are variables that the compiler made.
func hidden(name string) bool {
	return strings.HasPrefix(name, "__localq") || strings.HasPrefix(name, "^") || strings.HasPrefix(name, ast.WildcardPrefix)
}

func evaluate(ctx context.Context, compiler *ast.Compiler, query ast.Body, request Request) (ast.Value, error) {
	policy, err := Plan(ctx, compiler, query)
	if err != nil {
		return nil, err
	}
	program, err := Compile(policy, Options{})
	if err != nil {
		return nil, err
	}
	results, err := program.Eval(ctx, request)
	if err != nil {
		return nil, err
	}
	got := ast.NewSet()
	for _, bindings := range results {
		o := ast.NewObject()
		each(bindings, func(name, value any) bool {
			if !hidden(name.(string)) {
				o.Insert(ast.StringTerm(name.(string)), ast.NewTerm(ToAST(value)))
			}
			return true
		})
		got.Add(ast.NewTerm(o))
	}
	return got, nil
}

// mostFallbacks is how much of the corpus may be left to topdown.
const mostFallbacks = 0.03

// checkFallbacks holds the fallbacks, by cause, to those of a committed file, which may
// only shrink.
func checkFallbacks(t *testing.T, fallbacks map[string]int, total int) {
	t.Helper()
	const name = "testdata/fallbacks.txt"
	var text strings.Builder
	sum := 0
	for _, cause := range slices.Sorted(maps.Keys(fallbacks)) {
		fmt.Fprintf(&text, "%d %s\n", fallbacks[cause], cause)
		sum += fallbacks[cause]
	}
	t.Logf("%d of %d cases are left to topdown:\n%s", sum, total, text.String())
	if limit := int(mostFallbacks * float64(total)); sum > limit {
		t.Errorf("%d of %d cases are left to topdown, want at most %d", sum, total, limit)
	}
	if *update {
		if err := os.WriteFile(name, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	committed, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string]int{}
	for line := range strings.Lines(string(committed)) {
		var n int
		count, cause, _ := strings.Cut(strings.TrimSpace(line), " ")
		if _, err := fmt.Sscan(count, &n); err != nil {
			t.Fatalf("%s: %q: want a number and a cause", name, line)
		}
		allowed[cause] = n
	}
	for cause, n := range fallbacks {
		if n > allowed[cause] {
			t.Errorf("%d cases are left to topdown because of %q, %s allows %d", n, cause, name, allowed[cause])
		}
	}
}
