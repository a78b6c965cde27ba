package cel

import (
	"context"
	"errors"
	"fmt"

	celgo "github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
)

// A phase evaluates expressions that share a budget and the values of variables. It is
// what they see of the request: cel-go's Activation.
type phase struct {
	ctx              context.Context
	in               *input
	withoutNamespace bool
	variables        *variables
	budget           int64 // negative once it is spent
}

func newPhase(ctx context.Context, defined map[string]*expression, in *input, budget int64) *phase {
	p := &phase{ctx: ctx, in: in, budget: budget}
	p.variables = &variables{phase: p, defined: defined, values: map[string]ref.Val{}}
	return p
}

// exhausted reports whether the budget is spent. No further expression is run then.
func (p *phase) exhausted() bool { return p.budget < 0 }

// run evaluates an expression, and the variables that it reads for the first time.
func (p *phase) run(e *expression) (ref.Val, error) {
	if p.ctx.Err() != nil {
		return nil, context.Cause(p.ctx)
	}
	value, details, err := e.program.ContextEval(p.ctx, p)
	p.charge(details)
	var cancelled interpreter.EvalCancelledError
	switch {
	case p.exhausted():
		return nil, &Error{Path: e.path, Err: fmt.Errorf("%w: no further expression is evaluated", ErrLimit)}
	case errors.As(err, &cancelled) && cancelled.Cause == interpreter.CostLimitExceeded:
		return nil, &Error{Path: e.path, Err: fmt.Errorf("%w: more than %d", ErrLimit, expressionLimit)}
	case err != nil:
		return nil, &Error{Path: e.path, Err: err}
	}
	return value, nil
}

// charge takes the cost of an evaluation from the budget, all of it if it is not known.
func (p *phase) charge(details *celgo.EvalDetails) {
	cost := details.ActualCost()
	if cost == nil || p.exhausted() || *cost > uint64(p.budget) {
		p.budget = -1
		return
	}
	p.budget -= int64(*cost)
}

// ResolveName gives the value of a variable of the environment.
func (p *phase) ResolveName(name string) (any, bool) {
	switch name {
	case "object":
		return p.in.object(), true
	case "oldObject":
		return p.in.request.Review["oldObject"], true
	case "params":
		return p.in.params(), true
	case "request":
		return p.in.admissionRequest(), true
	case "namespaceObject":
		if p.withoutNamespace {
			return nil, true
		}
		return p.in.namespace(), true
	case "variables":
		return p.variables, true
	}
	return nil, false
}

// Parent is nil: there is no other scope.
func (p *phase) Parent() interpreter.Activation { return nil }
