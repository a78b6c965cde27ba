package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/memgate/memgate/pkg/engine/rego"
	"github.com/memgate/memgate/pkg/engine/vm"
	"github.com/memgate/memgate/pkg/review"
)

// evaluation is the state that the constraints of one review share.
type evaluation struct {
	client *Client
	review *review.Review

	// From when a constraint matches:
	request map[string]any // input.review
	input   ast.Value      // the same, for topdown; nil until that is asked
	data    snapshot
	now     time.Time
	budget  vm.Budget
	left    *int64 // steps of topdown; nil means no limit
	memos   map[*vm.Program]*vm.Memo
	done    func()
}

// judge fills in an outcome for what the Key of the review did not decide.
func (v *evaluation) judge(ctx context.Context, e entry, o *Outcome) {
	if o.Clause, o.Err = v.review.Match(e.constraint.Match); o.Clause != "" {
		o.Status = NotMatched
		o.Err = nil
		return
	}
	if o.Err == nil {
		o.Violations, o.Err = v.evaluate(ctx, e)
	}
	if o.Err != nil {
		o.Status = NotJudged
	}
}

func (v *evaluation) evaluate(ctx context.Context, e entry) ([]Violation, error) {
	if e.program == nil {
		return nil, ErrNoCode
	}
	if len(e.program.reads) > 0 {
		if err := v.client.data.Err(); err != nil {
			return nil, err
		}
	}
	if ctx.Err() != nil {
		return nil, stopped(ctx)
	}
	if err := v.open(ctx); err != nil {
		return nil, err
	}
	judge := v.client.evaluator.violations
	if e.program.cel != nil {
		judge = celViolations
	}
	found, err := judge(ctx, v, e)
	if err != nil && ctx.Err() != nil {
		return nil, stopped(ctx)
	}
	return found, err
}

func stopped(ctx context.Context) error {
	return fmt.Errorf("evaluation stopped: %w", context.Cause(ctx))
}

// open takes a snapshot of the data and makes input.review, once.
func (v *evaluation) open(ctx context.Context) error {
	if v.request != nil {
		return nil
	}
	request := make(map[string]any, len(v.review.Request)+1)
	for key, value := range v.review.Request {
		request[key] = value
	}
	request["namespaceObject"] = map[string]any{}
	if v.review.Namespace != nil {
		request["namespaceObject"] = v.review.Namespace
	}
	var err error
	if v.data, v.done, err = snapshotOf(ctx, v.client.data.OPA()); err != nil {
		return err
	}
	v.request, v.now, v.budget = request, time.Now(), vm.Budget{Limits: v.client.limits}
	if steps := v.client.topdownSteps(); steps > 0 {
		v.left = &steps
	}
	return nil
}

// topdownInput is input.review for topdown, converted once.
func (v *evaluation) topdownInput() (ast.Value, error) {
	if v.input == nil {
		input, err := rego.ReviewValue(v.request)
		if err != nil {
			return nil, err
		}
		v.input = input
	}
	return v.input, nil
}

// memo is what evaluations of one plan share.
func (v *evaluation) memo(plan *vm.Program) *vm.Memo {
	memo := v.memos[plan]
	if memo == nil {
		if v.memos == nil {
			v.memos = map[*vm.Program]*vm.Memo{}
		}
		memo = vm.NewMemo(plan)
		v.memos[plan] = memo
	}
	return memo
}

func (v *evaluation) close() {
	if v.done != nil {
		v.done()
	}
	for _, memo := range v.memos {
		memo.Release()
	}
}
