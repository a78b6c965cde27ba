package rego

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/topdown/print"
)

// A Program is the compiled Rego of a template with its query prepared. It is immutable
// and safe for concurrent use.
type Program struct {
	Compiler  *ast.Compiler // may be shared with other programs
	Violation ast.Ref       // the rule of the template there
	Reads     []Kind        // what it reads of data.inventory

	query  ast.Body // result = the rule
	closed bool     // what other units are linked with it makes no difference
}

const resultVar = ast.Var("result")

// Compile compiles the Rego of a template by itself. The error joins a *CompileError for
// every fault. Calls of print have no effect.
func Compile(code Source) (*Program, error) { return compileAlone(code, false) }

// CompilePrinting is Compile, with calls of print.
func CompilePrinting(code Source) (*Program, error) { return compileAlone(code, true) }

func compileAlone(code Source, prints bool) (*Program, error) {
	u, err := newUnit(code, nil)
	if err != nil {
		return nil, err
	}
	programs, err := link([]*unit{u}, prints)
	if err != nil {
		return nil, err
	}
	return programs[0], nil
}

// link compiles units into a program each. Units that are linked together share their
// libs, and those of one name must be the same; a fault of one is a fault of all.
func link(units []*unit, prints bool) ([]*Program, error) {
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
	compiler := ast.NewCompiler().WithCapabilities(withoutNetwork()).WithEnablePrintStatements(prints)
	if compiler.Compile(modules); compiler.Failed() {
		return nil, compileErrors(compiler.Errors)
	}
	compiler.Graph = nil // of the rules: compiling needs it, evaluation does not
	programs := make([]*Program, len(units))
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
		programs[i] = &Program{Compiler: compiler, Violation: path, Reads: inventoryReads(compiled), query: query, closed: closed(compiled)}
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

// A Finding is one element of the violation rule.
type Finding struct {
	Msg     ast.Value // not necessarily a string
	Details ast.Value // an empty object if the element has none
}

// A Query is what a program is evaluated on.
type Query struct {
	Store      storage.Store // of reference data
	Txn        storage.Transaction
	Review     ast.Value
	Parameters ast.Value
	Time       time.Time           // of time.now_ns; zero means now
	External   ExternalData        // nil knows no provider
	Steps      *int64              // that are left to topdown, as it traces them; nil means no limit
	Print      io.Writer           // where calls of print write a line each, if the program has any
	Tracer     topdown.QueryTracer // nil traces nothing
}

// Eval runs the program. Findings come in the order of the rule's set; those equal in both
// fields are one. Elements without msg are left out, as the framework does. The end of ctx
// ends the evaluation with an error, and so does the limit of steps, with ErrSteps.
func (p *Program) Eval(ctx context.Context, q Query) ([]Finding, error) {
	cancel := topdown.NewCancel()
	defer context.AfterFunc(ctx, cancel.Cancel)()
	input := ast.NewObject(
		[2]*ast.Term{ast.StringTerm("review"), ast.NewTerm(q.Review)},
		[2]*ast.Term{ast.StringTerm("parameters"), ast.NewTerm(q.Parameters)},
	)
	query := topdown.NewQuery(p.query).
		WithCompiler(p.Compiler).
		WithStore(q.Store).
		WithTransaction(q.Txn).
		WithInput(ast.NewTerm(input)).
		WithTime(q.Time).
		WithBuiltins(external(ctx, q.External)).
		WithCancel(cancel).
		WithMetrics(metrics.NoOp())
	if q.Tracer != nil {
		query = query.WithQueryTracer(q.Tracer)
	}
	if q.Print != nil {
		query = query.WithPrintHook(printer{q.Print})
	}
	steps := stepCounter{left: q.Steps, cancel: cancel}
	if q.Steps != nil {
		query = query.WithQueryTracer(&steps)
	}
	var result ast.Value
	err := query.Iter(ctx, func(qr topdown.QueryResult) error {
		result = qr[resultVar].Value
		return nil
	})
	switch {
	case err != nil && steps.over && ctx.Err() == nil:
		return nil, ErrSteps
	case err != nil:
		return nil, err
	}
	return findings(result), nil
}

// printer is a print.Hook.
type printer struct{ out io.Writer }

func (p printer) Print(_ print.Context, text string) error {
	_, err := fmt.Fprintln(p.out, text)
	return err
}

// findings are the elements of the violation rule as `violation[r]` iterates them: of
// a set its members, of an object its keys.
func findings(result ast.Value) []Finding {
	var found []Finding
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
		f := Finding{Msg: msg.Value, Details: ast.NewObject()}
		if details := object.Get(detailsKey); details != nil {
			f.Details = details.Value
		}
		if key := ast.ArrayTerm(ast.NewTerm(f.Details), msg); !seen.Contains(key) {
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
