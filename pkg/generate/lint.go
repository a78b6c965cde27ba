package generate

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// check finds what Gatekeeper or this repository does not allow in the code of a rule
// or a lib, and notes its imports.
func (m *module) check() []error {
	var faults []error
	for _, imported := range m.tree.Imports {
		if name, ok := libName(imported); ok {
			m.imports[imported.Name()] = name
			continue
		}
		if ref, ok := imported.Path.Value.(ast.Ref); !ok || !ref.HasPrefix(keywordsRef) {
			faults = append(faults, fault(imported.Location, "import %s: want data.lib.<name> or future.keywords", imported.Path))
		}
	}
	for _, rule := range m.tree.Rules {
		ast.WalkRefs(rule, func(ref ast.Ref) bool {
			if text := m.checkRef(ref); text != "" {
				faults = append(faults, fault(ref[0].Location, "%s: %s", ref, text))
			}
			return false
		})
		calls(rule, func(name ast.Ref, _ []*ast.Term, at *ast.Location) {
			if forbidden(name.String()) {
				faults = append(faults, fault(at, "call of %s: want no built-in that depends on more than its arguments", name))
			}
		})
	}
	return faults
}

var keywordsRef = ast.MustParseRef("future.keywords")

// checkRef is what is wrong with reading a ref; "" if nothing is.
func (m *module) checkRef(ref ast.Ref) string {
	second := ""
	if len(ref) > 1 {
		text, _ := ref[1].Value.(ast.String)
		second = string(text)
	}
	switch {
	case ref[0].Equal(ast.DefaultRootDocument):
		switch second {
		case "inventory":
		case "lib":
			return "want data.lib in import lines only; Gatekeeper loses it elsewhere"
		default:
			return "want no data but data.inventory"
		}
	case ref[0].Equal(ast.InputRootDocument):
		switch second {
		case "review":
		case "parameters":
			if m.path != parameterLib {
				return "want parameters read by lib parameter only"
			}
		default:
			return "want no input but input.review"
		}
	}
	return ""
}

const parameterLib = "policies/lib/parameter.rego"

// forbidden reports whether a built-in may give another result, or reach out, when it
// is called again.
func forbidden(name string) bool {
	for _, prefix := range []string{"http.", "time.", "opa.", "rand.", "uuid.", "net.lookup_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// calls visits all calls below a node, of built-ins and functions alike.
func calls(node any, visit func(name ast.Ref, args []*ast.Term, at *ast.Location)) {
	called := func(terms []*ast.Term, at *ast.Location) {
		if name, ok := terms[0].Value.(ast.Ref); ok {
			visit(name, terms[1:], at)
		}
	}
	ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.Expr:
			if x.IsCall() {
				called(x.Terms.([]*ast.Term), x.Location)
			}
		case *ast.Term:
			if call, ok := x.Value.(ast.Call); ok {
				called(call, x.Location)
			}
		}
		return false
	}).Walk(node)
}
