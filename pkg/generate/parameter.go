package generate

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A read is a call of parameter.get.
type read struct {
	name     string
	fallback *ast.Term
	at       *ast.Location
}

// reads are the parameters that a rule of a module reads.
func (m *module) reads(rule *ast.Rule) ([]read, []error) {
	var (
		found  []read
		faults []error
	)
	calls(rule, func(name ast.Ref, args []*ast.Term, at *ast.Location) {
		head, ok := name[0].Value.(ast.Var)
		if !ok || m.imports[head] != "parameter" || len(name) != 2 || !name[1].Equal(ast.StringTerm("get")) || len(args) < 2 {
			return
		}
		key, ok := args[0].Value.(ast.String)
		if !ok {
			faults = append(faults, fault(at, "parameter.get(%s, %s): want a name in quotes", args[0], args[1]))
			return
		}
		if !ast.IsConstant(args[1].Value) {
			faults = append(faults, fault(at, "parameter.get(%s, %s): want a literal default", args[0], args[1]))
			return
		}
		found = append(found, read{string(key), args[1], at})
	})
	return found, faults
}

// checkParameters compares the schema of a rule with what its code reads: its own
// module everywhere, the libs where the rule gets to. Schema and code name the same
// parameters with the same defaults.
func (r *rule) checkParameters() []error {
	properties, _ := r.schema["properties"].(map[string]any)
	faults := r.checkSchema(properties)
	reached, err := r.reached()
	if err != nil {
		return append(faults, err)
	}
	seen := map[string]bool{}
	for _, m := range r.modules() {
		for _, code := range m.tree.Rules {
			if m != r.module && !reached[code.Location.String()] {
				continue
			}
			found, wrong := m.reads(code)
			faults = append(faults, wrong...)
			for _, f := range found {
				seen[f.name] = true
				if err := f.check(properties, r.ID); err != nil {
					faults = append(faults, err)
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if !seen[name] {
			faults = append(faults, fault(r.module.tree.Package.Location, "schemas: input.parameters.%s: nothing reads it, want parameter.get(%q, ...)", name, name))
		}
	}
	return faults
}

func (f read) check(properties map[string]any, id string) error {
	property, known := properties[f.name].(map[string]any)
	if !known {
		return fault(f.at, "parameter.get(%q, %s): the schema of %s has no %q; have %s", f.name, f.fallback, id, f.name, strings.Join(slices.Sorted(maps.Keys(properties)), ", "))
	}
	fallback, found := property["default"]
	if !found {
		return fault(f.at, "parameter.get(%q, %s): the schema of %s has no default for it", f.name, f.fallback, id)
	}
	want, err := ast.InterfaceToValue(fallback)
	if err != nil {
		return fault(f.at, "parameter.get(%q, %s): default of the schema: %v", f.name, f.fallback, err)
	}
	if ast.Compare(f.fallback.Value, want) != 0 {
		return fault(f.at, "parameter.get(%q, %s): got this default, want that of the schema of %s, %s", f.name, f.fallback, id, want)
	}
	return nil
}

// checkSchema checks the shape of the parameter schema of a rule.
func (r *rule) checkSchema(properties map[string]any) []error {
	var faults []error
	wrong := func(format string, args ...any) {
		faults = append(faults, fault(r.module.tree.Package.Location, "schemas: input.parameters"+format, args...))
	}
	if r.schema["type"] != "object" {
		wrong(": type: got %v, want object", r.schema["type"])
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		property, _ := properties[name].(map[string]any)
		if text, _ := property["description"].(string); text == "" {
			wrong(".%s: description is missing", name)
		}
	}
	levels, _ := properties["levels"].(map[string]any)
	got := compact([]any{levels["type"], levels["items"], levels["default"]})
	if want := `["array",{"enum":["deny","warn"],"type":"string"},["deny","warn"]]`; got != want {
		wrong(".levels: want type: array, items: {type: string, enum: [deny, warn]}, default: [deny, warn]")
	}
	return faults
}

// reached are the places of all rules in libs that the code of a rule depends on. It
// compiles the rule with its libs.
func (r *rule) reached() (map[string]bool, error) {
	modules := map[string]*ast.Module{}
	for _, m := range r.modules() {
		modules[m.path] = m.tree
	}
	compiler := ast.NewCompiler()
	if compiler.Compile(modules); compiler.Failed() {
		return nil, parseFault(compiler.Errors)
	}
	reached := map[string]bool{}
	var visit func(node any) error
	visit = func(node any) error {
		code, ok := node.(*ast.Rule)
		if !ok {
			return errors.New("dependency that is no rule")
		}
		if at := code.Location.String(); !reached[at] {
			reached[at] = true
			for next := range compiler.Graph.Dependencies(node) {
				if err := visit(next); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for _, code := range compiler.Modules[r.module.path].Rules {
		if err := visit(code); err != nil {
			return nil, err
		}
	}
	return reached, nil
}
