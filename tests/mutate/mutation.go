package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A mutation is one change to a module that a test should notice.
type mutation struct {
	rule string // name of the rule it is in
	kind string // removed, negated, dropped, or "<= for <" and the like
	text string // of the expression, comparison or head before the change, on one line
	nth  int    // from 1, among the mutations of the module with this rule, kind and text
	row  int    // of the expression, from 1
	col  int

	apply func() // changes the module that mutations was given
}

// name is what the list of survivors calls the mutation, but for the file. It does not
// depend on lines.
func (m mutation) name() string {
	name := fmt.Sprintf("%s: %s: %s", m.rule, m.kind, m.text)
	if m.nth > 1 {
		name += fmt.Sprintf(" (%d)", m.nth)
	}
	return name
}

// swaps has the comparison that takes the place of another: its opposite for equality,
// and for an order the one that differs at the boundary.
var swaps = map[string]*ast.Builtin{
	ast.Equal.Name:         ast.NotEqual,
	ast.NotEqual.Name:      ast.Equal,
	ast.LessThan.Name:      ast.LessThanEq,
	ast.LessThanEq.Name:    ast.LessThan,
	ast.GreaterThan.Name:   ast.GreaterThanEq,
	ast.GreaterThanEq.Name: ast.GreaterThan,
}

// mutations are all mutations of a module, always in the same order. Each changes this
// module in place, so no more than one can be applied to it.
func mutations(module *ast.Module) []mutation {
	var found []mutation
	count := map[string]int{}
	for _, rule := range module.Rules {
		name := rule.Head.Ref().String()
		add := func(at *ast.Location, text, kind string, apply func()) {
			m := mutation{rule: name, kind: kind, text: oneLine(text), nth: 1, row: at.Row, col: at.Col, apply: apply}
			count[m.name()]++
			m.nth = count[m.name()]
			found = append(found, m)
		}
		ast.NewGenericVisitor(func(node any) bool {
			switch node := node.(type) {
			case *ast.Rule:
				if !node.Default {
					mutateBody(&node.Body, node.Location, signature(node), add)
				}
			case *ast.ArrayComprehension:
				mutateBody(&node.Body, node.Term.Location, string(node.Term.Location.Text), add)
			case *ast.ObjectComprehension:
				mutateBody(&node.Body, node.Key.Location, string(node.Key.Location.Text), add)
			case *ast.SetComprehension:
				mutateBody(&node.Body, node.Term.Location, string(node.Term.Location.Text), add)
			case *ast.Every:
				use(node)
			case *ast.Expr:
				mutateExpr(node, add)
			case *ast.Term:
				if call, ok := node.Value.(ast.Call); ok {
					mutateComparison(call, node.Location, add)
				}
			}
			return false
		}).Walk(rule)
	}
	return found
}

type adder func(at *ast.Location, text, kind string, apply func())

// mutateBody adds what is left to do to a body of which no expression can be negated: that
// it is never true.
func mutateBody(body *ast.Body, at *ast.Location, text string, add adder) {
	if !slices.ContainsFunc(*body, negatable) {
		add(at, text, "dropped", func() {
			body.Append(ast.NewExpr(ast.BooleanTerm(false).SetLocation(at)).SetLocation(at))
		})
	}
}

// mutateExpr adds what can be done to an expression of a body. Left alone is the true
// that the parser puts into a rule without a body, and a some that only declares.
func mutateExpr(e *ast.Expr, add adder) {
	if e.Generated || isTrue(e) {
		return
	}
	decl, ok := e.Terms.(*ast.SomeDecl)
	if ok && !isCall(decl.Symbols[0]) {
		return
	}
	at, text := e.Location, string(e.Location.Text)
	add(at, text, "removed", func() {
		*e = *ast.NewExpr(ast.BooleanTerm(true).SetLocation(at)).SetLocation(at)
	})
	if negatable(e) {
		add(at, text, "negated", func() { e.Negated = !e.Negated })
	}
	if terms, ok := e.Terms.([]*ast.Term); ok {
		mutateComparison(terms, at, add)
	}
}

func mutateComparison(call []*ast.Term, at *ast.Location, add adder) {
	was := ast.BuiltinMap[call[0].Value.String()]
	if was == nil || swaps[was.Name] == nil {
		return
	}
	now := swaps[was.Name]
	add(at, string(at.Text), now.Infix+" for "+was.Infix, func() {
		call[0] = ast.NewTerm(now.Ref()).SetLocation(call[0].Location)
	})
}

// use adds an expression to an every that is always true. An every without a use of its
// variables would not compile.
func use(every *ast.Every) {
	at := every.Value.Location
	variables := []*ast.Term{every.Value.Copy()}
	if every.Key != nil {
		variables = append(variables, every.Key.Copy())
	}
	e := ast.NewExpr(ast.ArrayTerm(variables...).SetLocation(at)).SetLocation(at)
	e.Generated = true
	every.Body.Append(e)
}

func negatable(e *ast.Expr) bool {
	_, isDecl := e.Terms.(*ast.SomeDecl)
	return !e.Generated && !isTrue(e) && !isDecl && !e.IsAssignment() && !e.IsEquality()
}

func isTrue(e *ast.Expr) bool {
	term, ok := e.Terms.(*ast.Term)
	return ok && !e.Negated && ast.Boolean(true).Equal(term.Value)
}

// signature is how the head of a rule begins: its name and arguments, or else.
func signature(rule *ast.Rule) string {
	if strings.HasPrefix(string(rule.Location.Text), "else") {
		return "else"
	}
	head := rule.Head.Ref().String()
	if len(rule.Head.Args) > 0 {
		head += rule.Head.Args.String()
	}
	return head
}

func isCall(t *ast.Term) bool {
	_, ok := t.Value.(ast.Call)
	return ok
}

// oneLine is text with each run of white space as one blank, cut after 100 characters.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) > 100 {
		text = string([]rune(text)[:100]) + "…"
	}
	return text
}
