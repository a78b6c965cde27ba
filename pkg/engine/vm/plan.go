package vm

import (
	"context"
	"fmt"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
	"github.com/open-policy-agent/opa/v1/rego"
)

// target is the name under which OPA knows this package as the target of plans.
const target = "memgate-vm"

var register = sync.OnceFunc(func() { rego.RegisterPlugin(target, planner{}) })

// Plan is the plan of a query, such as `result = data.example.violation`, about modules
// that a compiler has compiled. The compiler must not be used meanwhile. A query that
// OPA cannot plan is an *Unsupported error.
func Plan(ctx context.Context, compiler *ast.Compiler, query ast.Body) (*ir.Policy, error) {
	register()
	var planned *ir.Policy
	_, err := rego.New(
		rego.Compiler(compiler),
		rego.ParsedQuery(query.Copy()),
		rego.Target(target),
		rego.EvalMode(ast.EvalModeTopdown), // what the compiler is for, else
	).PrepareForEval(context.WithValue(ctx, planKey{}, &planned))
	if err != nil {
		return nil, &Unsupported{Cause: "plan", Err: err}
	}
	if planned == nil {
		return nil, &Unsupported{Cause: "plan", Err: fmt.Errorf("OPA planned nothing for %v", query)}
	}
	return planned, nil
}

// PlanRules is the plan of a query that asks for rules, each a reference such as
// data.example.violation.
func PlanRules(ctx context.Context, compiler *ast.Compiler, rules ...ast.Ref) (*ir.Policy, error) {
	var query ast.Body
	for i, rule := range rules {
		query = append(query, ast.Equality.Expr(ast.VarTerm(fmt.Sprintf("rule%d", i)), ast.NewTerm(rule)))
	}
	return Plan(ctx, compiler, query)
}

// planKey is the key of a context for where the plan goes, a **ir.Policy.
type planKey struct{}

// planner is a rego.TargetPlugin that hands out the plan.
type planner struct{}

func (planner) IsTarget(name string) bool { return name == target }

func (planner) PrepareForEval(ctx context.Context, policy *ir.Policy, _ ...rego.PrepareOption) (rego.TargetPluginEval, error) {
	if planned, ok := ctx.Value(planKey{}).(**ir.Policy); ok {
		*planned = policy
	}
	return unused{}, nil
}

type unused struct{}

func (unused) Eval(context.Context, *rego.EvalContext, ast.Value) (ast.Value, error) {
	return nil, fmt.Errorf("target %s: plans are evaluated by package vm", target)
}
