package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"sync"

	"github.com/memgate/memgate/pkg/engine/cel"
	"github.com/memgate/memgate/pkg/engine/rego"
	"github.com/memgate/memgate/pkg/engine/vm"
)

// The evaluators of a Client.
const (
	Topdown = "topdown" // OPA's own
	VM      = "vm"      // plans on plain values; topdown where that has no answer
	Verify  = "verify"  // both: where they differ, the constraint is not judged
)

// ErrLimit means that a review needed more steps or memory than Options allow.
var ErrLimit = vm.ErrLimit

// An evaluator runs the program of a constraint on a review. Whichever it is, the result
// is the same.
type evaluator interface {
	violations(ctx context.Context, v *evaluation, e entry) ([]Violation, error)
}

// evaluatorOf is the evaluator of a name; "" is VM.
func evaluatorOf(name string) (evaluator, error) {
	switch name {
	case Topdown:
		return topdownEvaluator{}, nil
	case "", VM:
		return &vmEvaluator{}, nil
	case Verify:
		return &verifier{}, nil
	}
	return nil, fmt.Errorf("engine %q: want %s, %s or %s", name, Topdown, VM, Verify)
}

// topdownSteps is how many steps topdown may trace in one review: a share of those of the
// VM, because each takes some ten times the time. 0 means no limit.
func (c *Client) topdownSteps() int64 {
	if c.limits.Steps == 0 {
		return 0
	}
	return max(1, c.limits.Steps/10)
}

type topdownEvaluator struct{}

func (topdownEvaluator) violations(ctx context.Context, v *evaluation, e entry) ([]Violation, error) {
	input, err := v.topdownInput()
	if err != nil {
		return nil, err
	}
	program, err := e.program.compiled()
	if err != nil {
		return nil, &EvalError{err}
	}
	found, err := program.Eval(ctx, rego.Query{
		Store: v.data.store, Txn: v.data.txn, Review: input, Parameters: vm.ToAST(e.parameters),
		Time: v.now, External: v.client.external, Print: v.client.print, Steps: v.left,
		Tracer: e.program.tracer(),
	})
	switch {
	case errors.Is(err, rego.ErrSteps):
		return nil, fmt.Errorf("%w: more than %d", err, v.client.topdownSteps())
	case err != nil:
		return nil, &EvalError{err}
	}
	return violations(found)
}

// vmEvaluator runs plans, and leaves to topdown what they do not cover.
type vmEvaluator struct {
	topdownEvaluator
	fallbacks counts
}

func (x *vmEvaluator) violations(ctx context.Context, v *evaluation, e entry) ([]Violation, error) {
	found, err := x.run(ctx, v, e)
	var unsupported *vm.Unsupported
	if errors.As(err, &unsupported) {
		x.fallbacks.add(unsupported.Cause)
		return x.topdownEvaluator.violations(ctx, v, e)
	}
	return found, err
}

// run gives an *vm.Unsupported if only topdown has the answer.
func (x *vmEvaluator) run(ctx context.Context, v *evaluation, e entry) ([]Violation, error) {
	if e.program.unplanned != nil {
		return nil, e.program.unplanned
	}
	request := v.vmRequest(e)
	request.Memo = v.memo(e.program.plan)
	result, err := e.program.rule.Eval(ctx, request)
	if err != nil || result == nil {
		return nil, err
	}
	return plainViolations(result)
}

// vmRequest is what the VM evaluates, without what is shared with other constraints.
func (v *evaluation) vmRequest(e entry) vm.Request {
	return vm.Request{
		Input:  vm.NewObject("review", v.request, parametersKey, e.parameters),
		Data:   v.data,
		Budget: &v.budget,
		Time:   v.now,
	}
}

// parametersKey is what differs in the input of the constraints of one review.
const parametersKey = "parameters"

// verifier runs both evaluators.
type verifier struct{ vmEvaluator }

func (x *verifier) violations(ctx context.Context, v *evaluation, e entry) ([]Violation, error) {
	got, gotErr := x.run(ctx, v, e)
	if gotErr != nil && (errors.Is(gotErr, ErrLimit) || ctx.Err() != nil) {
		return nil, gotErr
	}
	want, wantErr := x.topdownEvaluator.violations(ctx, v, e)
	var unsupported *vm.Unsupported
	switch {
	case errors.As(gotErr, &unsupported):
		x.fallbacks.add(unsupported.Cause)
	case errors.Is(wantErr, rego.ErrSteps): // there is nothing to compare with
	case answer(got, gotErr) != answer(want, wantErr) || !reflect.DeepEqual(got, want):
		return nil, &EvalError{fmt.Errorf("the evaluators differ: topdown gives %s, vm gives %s", answer(want, wantErr), answer(got, gotErr))}
	}
	return want, wantErr
}

// answer is a result in words.
func answer(found []Violation, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	return fmt.Sprintf("%+v", found)
}

// celViolations runs CEL, which has one evaluator only.
func celViolations(ctx context.Context, v *evaluation, e entry) ([]Violation, error) {
	found, err := e.program.cel.Eval(ctx, cel.Request{Review: v.request, Constraint: e.object})
	if err != nil {
		return nil, &EvalError{err}
	}
	violations := make([]Violation, len(found))
	for i, f := range found {
		violations[i] = Violation{f.Message, f.Details}
	}
	return violations, nil
}

// plainViolations are the elements of the violation rule as violations: what findings
// and violations are for topdown.
func plainViolations(result any) ([]Violation, error) {
	members := vm.Members(result)
	found := make([]Violation, 0, len(members))
	var seen vm.Set
	for _, member := range members {
		msg, hasMsg := vm.Get(member, "msg")
		if !vm.IsObject(member) || !hasMsg {
			continue
		}
		details, hasDetails := vm.Get(member, "details")
		if !hasDetails {
			details = map[string]any{}
		}
		if len(members) > 1 && !seen.Add([]any{details, msg}) {
			continue
		}
		text, ok := msg.(string)
		if !ok {
			return nil, &EvalError{fmt.Errorf("violation: msg: got %v, want a string", vm.ToAST(msg))}
		}
		found = append(found, Violation{text, vm.ToJSON(details)})
	}
	return found, nil
}

// counts are numbers by name. The zero value is ready; it is safe for concurrent use.
type counts struct {
	mu     sync.Mutex
	byName map[string]int
}

func (c *counts) add(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byName == nil {
		c.byName = map[string]int{}
	}
	c.byName[name]++
}

func (c *counts) all() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.byName)
}
