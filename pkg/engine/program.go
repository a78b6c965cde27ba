package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/open-policy-agent/frameworks/constraint/pkg/core/templates"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// A program is a compiled template with its query prepared. It is immutable and safe
// for concurrent use.
type program struct {
	compiler *ast.Compiler
	query    ast.Body // result = data.template.violation
	reads    []Kind   // what it reads of data.inventory
}

const resultVar = ast.Var("result")

// useOfViolation is how the framework uses the rule.
var useOfViolation = ast.MustParseBody(`data.template.violation[r]; details = object.get(r, "details", {}); msg = r.msg`)

func newProgram(code []templates.Code) (*program, error) {
	compiler, err := compile(code)
	if err != nil {
		return nil, err
	}
	path := ast.Ref{ast.DefaultRootDocument, ast.StringTerm(entryName), ast.StringTerm("violation")}
	if err := checkUse(compiler); err != nil {
		at := compiler.GetRules(path)[0].Location
		return nil, &CompileError{Lib: -1, Line: at.Row, Column: at.Col, Text: err.Error()}
	}
	query := ast.NewBody(ast.Equality.Expr(ast.NewTerm(resultVar), ast.NewTerm(path)))
	query, err = compiler.QueryCompiler().Compile(query)
	if err != nil {
		return nil, &CompileError{Lib: -1, Text: err.Error()}
	}
	return &program{compiler: compiler, query: query, reads: inventoryReads(compiler)}, nil
}

// checkUse refuses a rule whose type cannot hold a message: the framework compiles its
// use of the rule together with the template, and so does not take one.
func checkUse(compiler *ast.Compiler) error {
	_, err := compiler.QueryCompiler().Compile(useOfViolation.Copy())
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
// with an error.
func (p *program) eval(ctx context.Context, data snapshot, review, parameters ast.Value) ([]finding, error) {
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

// A snapshot is reference data in one state.
type snapshot struct {
	store storage.Store
	txn   storage.Transaction
}

// snapshotOf opens a read transaction; done ends it.
func snapshotOf(ctx context.Context, store storage.Store) (s snapshot, done func(), err error) {
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return snapshot{}, nil, err
	}
	return snapshot{store, txn}, func() { store.Abort(ctx, txn) }, nil
}
