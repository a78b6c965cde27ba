package rego

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/frameworks/constraint/pkg/regorewriter"
	"github.com/open-policy-agent/opa/v1/ast"
)

// Names under which the framework compiles the modules of a template. They are part
// of the texts of evaluation errors.
const (
	entryName = "template"
	libPrefix = "libs"
)

// A CompileError says why the Rego of a template does not compile.
type CompileError struct {
	Lib    int // the faulty module: -1 is the template's own, else an index into libs
	Line   int // in that module, from 1; 0 if unknown
	Column int
	Text   string
}

func (e *CompileError) Error() string {
	module := "rego"
	if e.Lib >= 0 {
		module = fmt.Sprintf("libs[%d]", e.Lib)
	}
	if e.Line == 0 {
		return module + ": " + e.Text
	}
	return fmt.Sprintf("%s:%d: %s", module, e.Line, e.Text)
}

// withoutNetwork are the capabilities of templates: all built-ins of OPA except those
// that reach out, and Gatekeeper's own. Gatekeeper's webhook runs with http.send disabled,
// too.
var withoutNetwork = sync.OnceValue(func() *ast.Capabilities {
	capabilities := ast.CapabilitiesForThisVersion()
	capabilities.Builtins = slices.DeleteFunc(capabilities.Builtins, func(b *ast.Builtin) bool {
		return b.Name == ast.HTTPSend.Name || b.Name == ast.NetLookupIPAddr.Name || b.Name == externalName
	})
	capabilities.Builtins = append(capabilities.Builtins, externalBuiltin)
	capabilities.AllowNet = []string{} // references of JSON schemas
	return capabilities
})

// A unit is the Rego of a template, parsed and rewritten, which is all that can be done
// with it alone.
type unit struct {
	entry *ast.Module
	libs  []lib
}

// A lib is a module that a template shares, perhaps, with others.
type lib struct {
	name   string // its package, after rewriting
	text   string // with the version of the Rego
	module *ast.Module
}

// newUnit parses and rewrites the Rego of a template the way the framework's Rego driver
// does: the same parser options, rewriter, module names and checks. The rewriter looks at
// each module by itself, so that a lib that is known already is taken as it is; known may
// be nil. The error joins a *CompileError for every fault.
func newUnit(source Source, known *libs) (*unit, error) {
	version := ast.RegoV0
	if source.Version == "v1" {
		version = ast.RegoV1
	}
	rewriter, err := regorewriter.New(regorewriter.NewPackagePrefixer(libPrefix), []string{"data.lib"}, []string{"data.inventory"})
	if err != nil {
		return nil, err
	}
	entry, err := parse(entryName, source.Module, version, -1)
	if err != nil {
		return nil, err
	}
	entry.Package.Path = packageOf(entryName)
	if !slices.ContainsFunc(entry.Rules, func(r *ast.Rule) bool { return r.Head.Name == "violation" }) {
		return nil, &CompileError{Lib: -1, Text: `no rule "violation"`}
	}
	rewriter.AddEntryPointModule(entryName, entry)
	u := &unit{entry: entry}
	for i, text := range source.Libs {
		text = source.Version + text
		if l, found := known.find(text); found {
			u.libs = append(u.libs, l)
			continue
		}
		name := libName(i)
		module, err := parse(name, source.Libs[i], version, i)
		if err != nil {
			return nil, err
		}
		if err := rewriter.AddLib(name, module); err != nil {
			return nil, &CompileError{Lib: i, Text: strings.TrimSpace(err.Error())}
		}
		u.libs = append(u.libs, lib{text: text, module: module})
	}
	if _, err := rewriter.Rewrite(); err != nil { // in place
		return nil, &CompileError{Lib: -1, Text: strings.TrimSpace(err.Error())}
	}
	forgetText(u.entry)
	for i := range u.libs {
		if u.libs[i].name == "" { // else it is known, and others read it
			forgetText(u.libs[i].module)
		}
		u.libs[i].name = u.libs[i].module.Package.Path.String()
		u.libs[i] = known.add(u.libs[i])
	}
	return u, nil
}

// forgetText takes comments out of a module, and the text of its nodes, which keeps all of
// the source in memory.
func forgetText(module *ast.Module) {
	module.Comments = nil
	forget := func(at *ast.Location) {
		if at != nil {
			at.Text = nil
		}
	}
	ast.NewGenericVisitor(func(node any) bool {
		switch node := node.(type) {
		case *ast.Package:
			forget(node.Location)
		case *ast.Import:
			forget(node.Location)
		case *ast.Rule:
			forget(node.Location)
		case *ast.Head:
			forget(node.Location)
		case *ast.Expr:
			forget(node.Location)
		case *ast.SomeDecl:
			forget(node.Location)
		case *ast.Every:
			forget(node.Location)
		case *ast.With:
			forget(node.Location)
		case *ast.Term:
			forget(node.Location)
		}
		return false
	}).Walk(module)
}

// packageOf is the path of a package of one name.
func packageOf(name string) ast.Ref {
	return ast.Ref{ast.DefaultRootDocument, ast.StringTerm(name)}
}

func libName(i int) string { return fmt.Sprintf(`%s["lib_%d"]`, libPrefix, i) }

func parse(name, text string, version ast.RegoVersion, lib int) (*ast.Module, error) {
	module, err := ast.ParseModuleWithOpts(name, text, ast.ParserOptions{RegoVersion: version})
	if err != nil {
		var faults ast.Errors
		if errors.As(err, &faults) {
			return nil, compileErrors(faults)
		}
		var fault *ast.Error
		if errors.As(err, &fault) {
			return nil, compileErrors(ast.Errors{fault})
		}
		return nil, &CompileError{Lib: lib, Text: strings.TrimSpace(err.Error())}
	}
	if module == nil {
		return nil, &CompileError{Lib: lib, Text: "the module is empty"}
	}
	return module, nil
}

func compileErrors(faults ast.Errors) error {
	errs := make([]error, len(faults))
	for i, fault := range faults {
		e := &CompileError{Lib: -1, Text: fault.Code + ": " + fault.Message}
		if at := fault.Location; at != nil {
			e.Line, e.Column = at.Row, at.Col
			if rest, ok := strings.CutPrefix(at.File, libPrefix+`["lib_`); ok {
				_, _ = fmt.Sscanf(rest, "%d", &e.Lib)
			}
		}
		errs[i] = e
	}
	return errors.Join(errs...)
}
