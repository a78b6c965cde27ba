package vm

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// TestNatives calls every native with all combinations of odd arguments, and wants what
// topdown's function gives.
func TestNatives(t *testing.T) {
	set := &Set{}
	for _, item := range []any{"b", "a", 2, 1} {
		set.Add(item)
	}
	args := append(slices.Clone(scalars),
		"a,b,c", ",", "%d %s %v", "^a+$", "[", " x ", "5", "+5", "0x10", "-7", "1.50", "inf",
		[]any{}, []any{"x", "y"}, &List{items: []any{3, 1.0, 2}}, []any{nil, true, "a", int64(1000000), []any{0.5}}, []any{1, json1, 1.0},
		map[string]any{}, map[string]any{"a": nil, "b": map[string]any{"c": int64(1)}}, NewObject("a", 1, 2, "two"), Tree{"b": map[string]any{"d": "e"}},
		&Set{}, set,
	)
	for _, name := range slices.Sorted(maps.Keys(natives)) {
		declared := ast.BuiltinMap[name]
		if declared == nil {
			t.Errorf("%s is no built-in of OPA", name)
			continue
		}
		if declared.Relation {
			continue // more than one output: see the corpus
		}
		arity := len(declared.Decl.FuncArgs().Args)
		several := args
		if arity == 3 {
			several = []any{"a", 0, 1, 2}
			for i := 0; i < len(args); i += 2 * part { // enough of them
				several = append(several, args[i])
			}
		}
		combine(several, arity, func(args []any) { checkNative(t, name, args) })
	}
}

var json1 = altered(1.5)

// combine yields all lists of n values.
func combine(values []any, n int, yield func([]any)) {
	args := make([]any, n)
	var fill func(i int)
	fill = func(i int) {
		if i == n {
			yield(args)
			return
		}
		for _, v := range values {
			args[i] = local(v)
			fill(i + 1)
		}
	}
	fill(0)
}

func checkNative(t *testing.T, name string, args []any) {
	t.Helper()
	m := &machine{ctx: context.Background(), request: &Request{}}
	got, ok := natives[name](m, args)
	m.bridge.close()
	gotText := "undefined"
	if ok {
		gotText = text(got)
	}
	terms := make([]*ast.Term, len(args))
	for i, arg := range args {
		terms[i] = ast.NewTerm(ToAST(arg))
	}
	wantText := "undefined"
	_ = topdown.GetBuiltin(name)(topdown.BuiltinContext{Context: context.Background()}, terms, func(output *ast.Term) error {
		wantText = output.Value.String()
		return nil
	})
	if gotText != wantText {
		t.Errorf("%s(%v) = %s, want %s", name, terms, gotText, wantText)
	}
}
