package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/open-policy-agent/frameworks/constraint/pkg/core/templates"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/memgate/memgate/pkg/engine/vm"
)

// A program is a compiled template with its query prepared. It is immutable and safe
// for concurrent use.
type program struct {
	compiler *ast.Compiler
	query    ast.Body // result = the rule "violation" of the template
	reads    []Kind   // what it reads of data.inventory
	closed   bool     // what other units are linked with it makes no difference

	violation ast.Ref     // the rule
	plan      *vm.Program // with others of the same compiler; nil if there is none
	rule      *vm.Rule    // violation in plan
	unplanned error       // why there is none, an *vm.Unsupported
}

const resultVar = ast.Var("result")

// newProgram compiles a template by itself.
func newProgram(code []templates.Code) (*program, error) {
	u, err := newUnit(code, nil)
	if err != nil {
		return nil, err
	}
	programs, err := link([]*unit{u})
	if err != nil {
		return nil, err
	}
	return programs[0], nil
}

// link compiles units into a program each. Units that are linked together share their
// libs, and those of one name must be the same; a fault of one is a fault of all.
func link(units []*unit) ([]*program, error) {
	modules := map[string]*ast.Module{}
	names := make([][]string, len(units)) // of the modules of each unit
	for i, u := range units {
		entry := *u.entry
		entry.Package = &ast.Package{Location: u.entry.Package.Location, Path: packageOf(entryOf(i))}
		names[i] = append(names[i], entryOf(i))
		modules[entryOf(i)] = &entry
		for j, l := range u.libs {
			name := l.name
			if len(units) == 1 {
				name = libName(j) // the framework takes several of one package
			}
			names[i] = append(names[i], name)
			modules[name] = l.module
		}
	}
	compiler := ast.NewCompiler().WithCapabilities(withoutNetwork())
	if compiler.Compile(modules); compiler.Failed() {
		return nil, compileErrors(compiler.Errors)
	}
	compiler.Graph = nil // of the rules: compiling needs it, evaluation does not
	programs := make([]*program, len(units))
	for i := range units {
		path := packageOf(entryOf(i)).Append(ast.StringTerm("violation"))
		if err := checkUse(compiler, path); err != nil {
			at := compiler.GetRules(path)[0].Location
			return nil, &CompileError{Lib: -1, Line: at.Row, Column: at.Col, Text: err.Error()}
		}
		query := ast.NewBody(ast.Equality.Expr(ast.NewTerm(resultVar), ast.NewTerm(path)))
		query, err := compiler.QueryCompiler().Compile(query)
		if err != nil {
			return nil, &CompileError{Lib: -1, Text: err.Error()}
		}
		var compiled []*ast.Module
		for _, name := range names[i] {
			compiled = append(compiled, compiler.Modules[name])
		}
		programs[i] = &program{compiler: compiler, query: query, reads: inventoryReads(compiled), closed: closed(compiled), violation: path}
	}
	return programs, nil
}

// entryOf is the package of the i-th template that is compiled together; that of the
// first is the framework's.
func entryOf(i int) string {
	if i == 0 {
		return entryName
	}
	return fmt.Sprintf("%s%d", entryName, i)
}

// checkUse refuses a rule whose type cannot hold a message: the framework compiles its
// use of the rule together with the template, and so does not take one.
func checkUse(compiler *ast.Compiler, violation ast.Ref) error {
	use := ast.MustParseBody(fmt.Sprintf(`%s[r]; details = object.get(r, "details", {}); msg = r.msg`, violation))
	_, err := compiler.QueryCompiler().Compile(use)
	if err == nil {
		return nil
	}
	text := err.Error()
	var faults ast.Errors
	if errors.As(err, &faults) {
		var messages []string
		for _, fault := range faults {
			messages = append(messages, fault.Message)
		}
		text = strings.Join(messages, "; ")
	}
	return fmt.Errorf(`"violation": want a set of objects with "msg": %s`, text)
}

// A finding is one element of the violation rule.
type finding struct {
	msg     ast.Value // not necessarily a string
	details ast.Value
}

// eval runs the program on one review with the parameters of one constraint. Findings
// come in the order of the rule's set; those equal in both fields are one. Elements
// without msg are left out, as the framework does. The end of ctx ends the evaluation
// with an error. The time is that of time.now_ns; zero means now.
func (p *program) eval(ctx context.Context, data snapshot, now time.Time, review, parameters ast.Value) ([]finding, error) {
	cancel := topdown.NewCancel()
	defer context.AfterFunc(ctx, cancel.Cancel)()
	input := ast.NewObject(
		[2]*ast.Term{ast.StringTerm("review"), ast.NewTerm(review)},
		[2]*ast.Term{ast.StringTerm("parameters"), ast.NewTerm(parameters)},
	)
	query := topdown.NewQuery(p.query).
		WithCompiler(p.compiler).
		WithStore(data.store).
		WithTransaction(data.txn).
		WithInput(ast.NewTerm(input)).
		WithTime(now).
		WithCancel(cancel).
		WithMetrics(metrics.NoOp())
	var result ast.Value
	err := query.Iter(ctx, func(qr topdown.QueryResult) error {
		result = qr[resultVar].Value
		return nil
	})
	if err != nil {
		return nil, err
	}
	return findings(result), nil
}

// findings are the elements of the violation rule as `violation[r]` iterates them: of
// a set its members, of an object its keys.
func findings(result ast.Value) []finding {
	var found []finding
	seen := ast.NewSet()
	add := func(member *ast.Term) {
		object, ok := member.Value.(ast.Object)
		if !ok {
			return
		}
		msg := object.Get(msgKey)
		if msg == nil {
			return
		}
		f := finding{msg: msg.Value, details: ast.NewObject()}
		if details := object.Get(detailsKey); details != nil {
			f.details = details.Value
		}
		if key := ast.ArrayTerm(ast.NewTerm(f.details), msg); !seen.Contains(key) {
			seen.Add(key)
			found = append(found, f)
		}
	}
	switch result := result.(type) {
	case ast.Set:
		for _, member := range result.Slice() {
			add(member)
		}
	case ast.Object:
		for _, key := range result.Keys() {
			add(key)
		}
	}
	return found
}

var (
	msgKey     = ast.StringTerm("msg")
	detailsKey = ast.StringTerm("details")
)
