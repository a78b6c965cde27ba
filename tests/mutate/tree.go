package main

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A tree is the Rego of a repository, by slash-separated file name.
type tree map[string]*ast.Module

// readTree reads every Rego file below policies/.
func readTree(fsys fs.FS) (tree, error) {
	t := tree{}
	err := fs.WalkDir(fsys, "policies", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(file) != ".rego" {
			return err
		}
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return err
		}
		module, err := ast.ParseModuleWithOpts(file, string(text), ast.ParserOptions{RegoVersion: ast.RegoV1})
		if err != nil {
			return err
		}
		t[file] = module
		return nil
	})
	return t, err
}

func isTest(file string) bool { return strings.HasSuffix(file, "_test.rego") }

// testOf is the file that has a file's own tests.
func testOf(file string) string { return strings.TrimSuffix(file, ".rego") + "_test.rego" }

// code are the files that are no tests, sorted.
func (t tree) code() []string {
	var files []string
	for _, file := range slices.Sorted(maps.Keys(t)) {
		if !isTest(file) {
			files = append(files, file)
		}
	}
	return files
}

// reached are the files that a file needs, itself included: what it imports, directly or
// not.
func (t tree) reached(file string) map[string]bool {
	files := map[string]bool{}
	var visit func(string)
	visit = func(file string) {
		if files[file] {
			return
		}
		files[file] = true
		for _, imported := range t[file].Imports {
			ref := imported.Path.Value.(ast.Ref)
			for other, module := range t {
				if !isTest(other) && (ref.HasPrefix(module.Package.Path) || module.Package.Path.HasPrefix(ref)) {
					visit(other)
				}
			}
		}
	}
	visit(file)
	return files
}

// compile compiles files, with changed in place of its namesake if that is not nil.
func (t tree) compile(files map[string]bool, name string, changed *ast.Module) (*ast.Compiler, error) {
	modules := map[string]*ast.Module{}
	for file := range files {
		modules[file] = t[file]
	}
	if changed != nil {
		modules[name] = changed
	}
	compiler := ast.NewCompiler()
	if compiler.Compile(modules); compiler.Failed() {
		return nil, compiler.Errors
	}
	return compiler, nil
}
