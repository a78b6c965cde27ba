package generate

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A module is a Rego file of a rule or a lib.
type module struct {
	path    string // from the root of the repository
	text    []byte // as it goes into the template
	tree    *ast.Module
	imports map[ast.Var]string // of libs, by the name that the module calls them
}

// readModule reads and parses a module.
func readModule(fsys fs.FS, name string) (*module, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	return newModule(name, text)
}

// newModule parses a module. The error joins one fault for each thing that is wrong
// with it by itself.
func newModule(name string, text []byte) (*module, error) {
	tree, err := ast.ParseModuleWithOpts(name, string(text), ast.ParserOptions{RegoVersion: ast.RegoV1, ProcessAnnotation: true})
	if err != nil {
		return nil, parseFault(err)
	}
	if tree == nil {
		return nil, fmt.Errorf("%s: found no Rego", name)
	}
	m := &module{path: name, text: text, tree: tree, imports: map[ast.Var]string{}}
	return m, errors.Join(append(m.checkText(), m.check()...)...)
}

// checkText finds what a literal block scalar of YAML cannot hold.
func (m *module) checkText() []error {
	switch {
	case bytes.ContainsAny(m.text, "\r"):
		return []error{fmt.Errorf("%s: found a carriage return, want lines that end with a line feed", m.path)}
	case !bytes.HasSuffix(m.text, []byte("\n")) || bytes.HasSuffix(m.text, []byte("\n\n")):
		return []error{fmt.Errorf("%s: want one line feed at the end", m.path)}
	}
	return nil
}

// parseFault turns the errors of OPA into faults.
func parseFault(err error) error {
	var found ast.Errors
	if !errors.As(err, &found) {
		return err
	}
	faults := make([]error, len(found))
	for i, e := range found {
		faults[i] = fault(e.Location, "%s", e.Message)
	}
	return errors.Join(faults...)
}

// fault is an error at a place in a module.
func fault(at *ast.Location, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if at == nil {
		return errors.New(text)
	}
	return fmt.Errorf("%s:%d:%d: %s", at.File, at.Row, at.Col, text)
}

// readLibs are the modules of policies/lib by name, and those that are made of
// policies/profiles.yaml, as they are now. Those that are faulty are nil.
func readLibs(fsys fs.FS) (map[string]*module, error) {
	found, err := fs.Glob(fsys, "policies/lib/*.rego")
	if err != nil {
		return nil, err
	}
	libs, err := profileLibs(fsys)
	faults := []error{err}
	for _, file := range found {
		name := strings.TrimSuffix(path.Base(file), ".rego")
		if strings.HasSuffix(name, "_test") {
			continue
		}
		lib, err := readModule(fsys, file)
		if err == nil {
			err = lib.checkPackage("lib." + name)
		}
		if err == nil && lib.title() == "" {
			err = fault(lib.tree.Package.Location, "METADATA: title is missing, want what the lib does, for the pages of the rules that carry it")
		}
		if err != nil {
			faults, lib = append(faults, err), nil
		}
		libs[name] = lib
	}
	return libs, errors.Join(faults...)
}

// title is the title in the METADATA of a module's package; "" if it has none.
func (m *module) title() string {
	for _, a := range m.tree.Annotations {
		if a.Scope == "package" {
			return a.Title
		}
	}
	return ""
}

func (m *module) checkPackage(want string) error {
	if got := strings.TrimPrefix(m.tree.Package.Path.String(), "data."); got != want {
		return fault(m.tree.Package.Location, "package: got %q, want %q, as the file is called", got, want)
	}
	return nil
}

// reach are the names of the libs that a module imports, and those that these import,
// sorted. Libs that are faulty are reported where they stand, not here.
func (m *module) reach(libs map[string]*module) ([]string, error) {
	var (
		faults []error
		seen   = map[string]bool{}
		visit  func(*module)
	)
	visit = func(m *module) {
		for _, imported := range m.tree.Imports {
			name, ok := libName(imported)
			if !ok || seen[name] {
				continue
			}
			lib, known := libs[name]
			if !known {
				faults = append(faults, fault(imported.Location, "import %s: lib %q not found; have %s", imported.Path, name, strings.Join(slices.Sorted(maps.Keys(libs)), ", ")))
				continue
			}
			seen[name] = true
			if lib != nil {
				visit(lib)
			}
		}
	}
	visit(m)
	return slices.Sorted(maps.Keys(seen)), errors.Join(faults...)
}

// libName is the name of the lib that is imported, if it is one.
func libName(imported *ast.Import) (string, bool) {
	ref, ok := imported.Path.Value.(ast.Ref)
	if !ok || len(ref) != 3 || !ref.HasPrefix(libRef) {
		return "", false
	}
	name, ok := ref[2].Value.(ast.String)
	return string(name), ok
}

var libRef = ast.MustParseRef("data.lib")
