package engine

import (
	"context"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/memgate/memgate/pkg/engine/vm"
)

// planAll makes plans of programs: one of all that share a compiler, so that a lib is
// there once. Where that fails, each gets its own.
func planAll(ctx context.Context, programs []*program) {
	byCompiler := map[*ast.Compiler][]*program{}
	var compilers []*ast.Compiler
	for _, p := range programs {
		if byCompiler[p.compiler] == nil {
			compilers = append(compilers, p.compiler)
		}
		byCompiler[p.compiler] = append(byCompiler[p.compiler], p)
	}
	parallel(len(compilers), func(i int) {
		group := byCompiler[compilers[i]]
		if planGroup(ctx, group) == nil {
			return
		}
		for _, p := range group {
			p.unplanned = planGroup(ctx, []*program{p})
		}
	})
}

// planGroup plans programs of one compiler together. An error is an *vm.Unsupported.
func planGroup(ctx context.Context, programs []*program) error {
	rules := make([]ast.Ref, len(programs))
	for i, p := range programs {
		rules[i] = p.violation
	}
	policy, err := vm.PlanRules(ctx, programs[0].compiler, rules...)
	if err != nil {
		return err
	}
	plan, err := vm.Compile(policy, vm.Options{Vary: parametersKey})
	if err != nil {
		return err
	}
	for _, p := range programs {
		if p.plan, p.rule = plan, plan.Rule(names(p.violation)...); p.rule == nil {
			p.unplanned = &vm.Unsupported{Cause: "rule without a function"}
		}
	}
	return nil
}

// names are those of a reference to a rule, without data.
func names(rule ast.Ref) []string {
	var found []string
	for _, term := range rule[1:] {
		if name, ok := term.Value.(ast.String); ok {
			found = append(found, string(name))
		}
	}
	return found
}
