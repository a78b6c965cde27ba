package policies

import (
	"fmt"
	"os"
	"path"
	"testing"

	"github.com/open-policy-agent/frameworks/constraint/pkg/regorewriter"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/memgate/memgate/pkg/engine/rego"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
)

// TestTemplates runs the Rego tests of every rule on its template, rewritten as
// Gatekeeper does. What the rewriter loses fails here and not in a cluster, where a
// violation would be missing without an error.
func TestTemplates(t *testing.T) {
	for _, r := range rules(t) {
		t.Run(r.dir(), func(t *testing.T) {
			source := readTemplate(t, r)
			tests := parse(t, r.test())[r.test()]
			results, err := runRewritten(source, tests, "data.policies."+r.group+"."+r.name)
			if err != nil {
				t.Fatal(err)
			}
			report(t, results)
		})
	}
}

// TestRewriterLoss shows that TestTemplates would notice: a ref to a lib inside a
// literal passes the Rego test and fails it after the rewriter.
func TestRewriterLoss(t *testing.T) {
	const (
		lib   = "package lib.sample\n\nsize := 64\n"
		tests = `package policies.shm.sample_test

import data.policies.shm.sample

test_violation if sample.violation == {{"msg": "small", "details": [64]}}

test_full_path if count(data.policies.shm.sample.violation) == 1
`
	)
	for _, tc := range []struct {
		name, rule string
		lost       int // tests that fail on the template
	}{
		{"import", "import data.lib.sample\n\nviolation contains {\"msg\": \"small\", \"details\": [sample.size]}\n", 0},
		{"ref", "violation contains {\"msg\": \"small\", \"details\": details} if {\n\tsize := data.lib.sample.size\n\tdetails := [size]\n}\n", 0},
		{"literal", "violation contains {\"msg\": \"small\", \"details\": [data.lib.sample.size]}\n", 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rule := "package policies.shm.sample\n\n" + tc.rule
			module := parseText(t, "sample_test.rego", tests)
			plain, err := run(map[string]*ast.Module{
				"lib": parseText(t, "lib.rego", lib), "rule": parseText(t, "sample.rego", rule), "test": module,
			}, nil)
			if got := failed(plain); err != nil || got != 0 {
				t.Errorf("%d tests of the rule fail, error %v; want none", got, err)
			}
			source := rego.Source{Version: "v1", Module: rule, Libs: []string{lib}}
			results, err := runRewritten(source, module, "data.policies.shm.sample")
			if got := failed(results); err != nil || len(results) != 2 || got != tc.lost {
				t.Errorf("%d of %d tests of the template fail, error %v; want %d of 2", got, len(results), err, tc.lost)
			}
		})
	}
}

func failed(results []*tester.Result) int {
	n := 0
	for _, result := range results {
		if outcome(result) != "" {
			n++
		}
	}
	return n
}

// readTemplate is the Rego of a rule's template.
func readTemplate(t *testing.T, r rule) rego.Source {
	t.Helper()
	source, err := rego.SourceOf(loadTemplate(t, r).Code())
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func loadTemplate(t *testing.T, r rule) *policy.Template {
	t.Helper()
	file, err := os.Open(r.template())
	if err != nil {
		t.Fatalf("%v; run make generate", err)
	}
	defer file.Close()
	objects, err := manifest.Read(path.Clean(r.template()), file)
	if err != nil {
		t.Fatal(err)
	}
	if len(objects) != 1 {
		t.Fatalf("%s: got %d objects, want 1", r.template(), len(objects))
	}
	template, err := policy.NewTemplate(objects[0])
	if err != nil {
		t.Fatal(err)
	}
	return template
}

// runRewritten compiles the Rego of a template as Gatekeeper's driver does: the rule is
// package template, the libs are below data.libs. The tests of the rule, whose package
// is given as a ref, are rewritten to the same names and run.
func runRewritten(source rego.Source, tests *ast.Module, rulePackage string) ([]*tester.Result, error) {
	rewriter, err := regorewriter.New(regorewriter.NewPackagePrefixer("libs"), []string{"data.lib"}, []string{"data.inventory"})
	if err != nil {
		return nil, err
	}
	options := ast.ParserOptions{RegoVersion: ast.RegoV1}
	entry, err := ast.ParseModuleWithOpts("template", source.Module, options)
	if err != nil {
		return nil, err
	}
	entry.Package.Path = ast.Ref{ast.DefaultRootDocument, ast.StringTerm("template")}
	rewriter.AddEntryPointModule("template", entry)
	for i, text := range source.Libs {
		name := fmt.Sprintf(`libs["lib_%d"]`, i)
		lib, err := ast.ParseModuleWithOpts(name, text, options)
		if err != nil {
			return nil, err
		}
		if err := rewriter.AddLib(name, lib); err != nil {
			return nil, err
		}
	}
	rewritten, err := rewriter.Rewrite()
	if err != nil {
		return nil, err
	}
	tests, err = renamed(tests, rulePackage)
	if err != nil {
		return nil, err
	}
	modules := map[string]*ast.Module{"tests": tests}
	for _, group := range [][]*regorewriter.Module{rewritten.EntryPoints, rewritten.Libs} {
		for _, module := range group {
			modules[fmt.Sprintf("template%d", len(modules))] = module.Module
		}
	}
	return run(modules, nil)
}

// renamed is a test module with the names that a rule and the libs have in a template.
func renamed(tests *ast.Module, rulePackage string) (*ast.Module, error) {
	tests = tests.Copy()
	for _, imported := range tests.Imports {
		imported.Alias = imported.Name()
	}
	names := []struct{ from, to ast.Ref }{
		{ast.MustParseRef(rulePackage), ast.MustParseRef("data.template")},
		{ast.MustParseRef("data.lib"), ast.MustParseRef("data.libs.lib")},
	}
	_, err := ast.TransformRefs(tests, func(ref ast.Ref) (ast.Value, error) {
		for _, name := range names {
			if ref.HasPrefix(name.from) {
				return append(name.to.Copy(), ref[len(name.from):]...), nil
			}
		}
		return ref, nil
	})
	return tests, err
}
