package vm

import (
	"errors"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
	"github.com/open-policy-agent/opa/v1/types"
)

// Local variables and operands of the plans below: the first two are input and data.
const (
	in, data       = ir.Input, ir.Data
	v2, v3, v4, v5 = ir.Local(2), ir.Local(3), ir.Local(4), ir.Local(5)
)

func of(v ir.Val) ir.Operand { return ir.Operand{Value: v} }

// str is the index of a string among those of planOf.
func str(s string) ir.StringIndex {
	for i, known := range literals {
		if known == s {
			return ir.StringIndex(i)
		}
	}
	panic(s)
}

var literals = []string{"a", "b", "c", "x", "1", "2.50", "data", "g0"}

func block(stmts ...ir.Stmt) *ir.Block { return &ir.Block{Stmts: stmts} }

// planOf is a plan of blocks, with a rule and a function to call.
func planOf(blocks ...*ir.Block) *ir.Policy {
	policy := &ir.Policy{
		Static: &ir.Static{BuiltinFuncs: []*ir.BuiltinFunc{
			{Name: "plus", Decl: ast.Plus.Decl},
			{Name: "units.parse", Decl: ast.UnitsParse.Decl},
			{Name: "unheard.of", Decl: types.NewFunction(nil, types.A)},
		}},
		Plans: &ir.Plans{Plans: []*ir.Plan{{Name: "eval", Blocks: blocks}}},
		Funcs: &ir.Funcs{Funcs: []*ir.Func{
			{Name: "g0.data.a.rule", Path: []string{"g0", "a", "rule"}, Params: []ir.Local{0, 1}, Return: 2, Blocks: []*ir.Block{
				block(&ir.DotStmt{Source: of(in), Key: of(str("a")), Target: 2}),
				block(&ir.ReturnLocalStmt{Source: 2}),
			}},
			{Name: "g0.data.a.pair", Path: []string{"g0", "a", "pair"}, Params: []ir.Local{0, 1, 3}, Return: 2, Blocks: []*ir.Block{
				block(&ir.MakeArrayStmt{Capacity: 2, Target: 2}, &ir.ArrayAppendStmt{Array: 2, Value: of(ir.Local(3))}, &ir.ArrayAppendStmt{Array: 2, Value: of(ir.Local(3))}),
				block(&ir.ReturnLocalStmt{Source: 2}),
			}},
		}},
	}
	for _, s := range literals {
		policy.Static.Strings = append(policy.Static.Strings, &ir.StringConst{Value: s})
	}
	return policy
}

// TestStatements runs one block for each kind of statement; v2 is the result.
func TestStatements(t *testing.T) {
	input := map[string]any{"a": map[string]any{"b": int64(1), "c": nil}, "b": []any{"x", int64(2)}, "c": "text"}
	a := &ir.DotStmt{Source: of(in), Key: of(str("a")), Target: v3}
	b := &ir.DotStmt{Source: of(in), Key: of(str("b")), Target: v3}
	c := &ir.DotStmt{Source: of(in), Key: of(str("c")), Target: v3}
	yes := &ir.AssignVarStmt{Source: of(ir.Bool(true)), Target: v2}
	no := &ir.AssignVarStmt{Source: of(ir.Bool(false)), Target: v2}
	for _, tc := range []struct {
		name  string
		block *ir.Block
		want  string // the results, "undefined", or the cause of being left to topdown
	}{
		{"nothing", block(&ir.NopStmt{}, yes), "true"},
		{"dot", block(a, &ir.DotStmt{Source: of(v3), Key: of(str("b")), Target: v2}), "1"},
		{"dot to null", block(a, &ir.DotStmt{Source: of(v3), Key: of(str("c")), Target: v2}), "null"},
		{"dot to nothing", block(a, &ir.DotStmt{Source: of(v3), Key: of(str("x")), Target: v2}), "undefined"},
		{"dot of a string", block(c, &ir.DotStmt{Source: of(v3), Key: of(str("x")), Target: v2}), "undefined"},
		{"dot of a constant", block(yes, &ir.DotStmt{Source: of(str("a")), Key: of(str("x")), Target: v2}), "undefined"},
		{"dot by number", block(b, &ir.MakeNumberIntStmt{Value: 1, Target: v4}, &ir.DotStmt{Source: of(v3), Key: of(v4), Target: v2}), "2"},
		{"dot by number too large", block(b, &ir.MakeNumberIntStmt{Value: 2, Target: v4}, &ir.DotStmt{Source: of(v3), Key: of(v4), Target: v2}), "undefined"},
		{"dot of data by number", block(&ir.MakeNumberIntStmt{Value: 1, Target: v4}, &ir.DotStmt{Source: of(data), Key: of(v4), Target: v2}), "path of a base document"},
		{"len of an object", block(a, &ir.LenStmt{Source: of(v3), Target: v2}), "2"},
		{"len of an array", block(b, &ir.LenStmt{Source: of(v3), Target: v2}), "2"},
		{"len of a string", block(c, &ir.LenStmt{Source: of(v3), Target: v2}), "4"},
		{"len of a boolean", block(&ir.LenStmt{Source: of(ir.Bool(true)), Target: v2}), "undefined"},
		{"equal", block(c, yes, &ir.EqualStmt{A: of(v3), B: of(v3)}), "true"},
		{"not equal to a constant", block(c, &ir.EqualStmt{A: of(str("a")), B: of(v3)}, yes), "undefined"},
		{"notequal", block(c, &ir.NotEqualStmt{A: of(v3), B: of(str("a"))}, yes), "true"},
		{"notequal to false", block(no, &ir.NotEqualStmt{A: of(v2), B: of(ir.Bool(false))}, yes), "undefined"},
		{"notequal of what is equal", block(c, &ir.NotEqualStmt{A: of(v3), B: of(v3)}, yes), "undefined"},
		{"is array", block(b, &ir.IsArrayStmt{Source: of(v3)}, yes), "true"},
		{"is no array", block(a, &ir.IsArrayStmt{Source: of(v3)}, yes), "undefined"},
		{"is object", block(a, &ir.IsObjectStmt{Source: of(v3)}, yes), "true"},
		{"is no object", block(&ir.IsObjectStmt{Source: of(str("a"))}, yes), "undefined"},
		{"is set", block(&ir.MakeSetStmt{Target: v3}, &ir.IsSetStmt{Source: of(v3)}, yes), "true"},
		{"is no set", block(b, &ir.IsSetStmt{Source: of(v3)}, yes), "undefined"},
		{"is defined", block(a, &ir.IsDefinedStmt{Source: v3}, yes), "true"},
		{"is not defined", block(&ir.IsDefinedStmt{Source: v3}, yes), "undefined"},
		{"is undefined", block(a, &ir.ResetLocalStmt{Target: v3}, &ir.IsUndefinedStmt{Source: v3}, yes), "true"},
		{"is not undefined", block(a, &ir.IsUndefinedStmt{Source: v3}, yes), "undefined"},
		{"assign int", block(&ir.AssignIntStmt{Value: 7, Target: v2}), "7"},
		{"assign once", block(&ir.AssignVarOnceStmt{Source: of(str("a")), Target: v2}, &ir.AssignVarOnceStmt{Source: of(str("a")), Target: v2}), `"a"`},
		{"assign once, twice", block(&ir.AssignVarOnceStmt{Source: of(str("a")), Target: v2}, &ir.AssignVarOnceStmt{Source: of(str("b")), Target: v2}), "conflict"},
		{"make null", block(&ir.MakeNullStmt{Target: v2}), "null"},
		{"make int", block(&ir.MakeNumberIntStmt{Value: -3, Target: v2}), "-3"},
		{"make number", block(&ir.MakeNumberRefStmt{Index: int(str("2.50")), Target: v2}), "2.50"},
		{"make array", block(&ir.MakeArrayStmt{Target: v2}, &ir.ArrayAppendStmt{Array: v2, Value: of(str("a"))}, &ir.ArrayAppendStmt{Array: v2, Value: of(ir.Bool(true))}), `["a", true]`},
		{"make set", block(&ir.MakeSetStmt{Target: v2}, &ir.SetAddStmt{Set: v2, Value: of(str("b"))}, &ir.SetAddStmt{Set: v2, Value: of(str("a"))}, &ir.SetAddStmt{Set: v2, Value: of(str("b"))}), `{"a", "b"}`},
		{"make object", block(&ir.MakeObjectStmt{Target: v2}, &ir.ObjectInsertStmt{Object: v2, Key: of(str("a")), Value: of(str("b"))}, &ir.ObjectInsertStmt{Object: v2, Key: of(str("a")), Value: of(str("c"))}), `{"a": "c"}`},
		{"insert once", block(&ir.MakeObjectStmt{Target: v2}, &ir.ObjectInsertOnceStmt{Object: v2, Key: of(ir.Bool(true)), Value: of(str("b"))}, &ir.ObjectInsertOnceStmt{Object: v2, Key: of(ir.Bool(true)), Value: of(str("b"))}), `{true: "b"}`},
		{"insert once, twice", block(&ir.MakeObjectStmt{Target: v2}, &ir.ObjectInsertOnceStmt{Object: v2, Key: of(str("a")), Value: of(str("b"))}, &ir.ObjectInsertOnceStmt{Object: v2, Key: of(str("a")), Value: of(str("c"))}), "conflict"},
		{"append to an object", block(a, &ir.ArrayAppendStmt{Array: v3, Value: of(str("a"))}), "append to a map[string]interface {}"},
		{"append nothing", block(&ir.MakeArrayStmt{Target: v2}, &ir.ArrayAppendStmt{Array: v2, Value: of(v5)}), "undefined value"},
		{"merge", block(
			a, &ir.MakeObjectStmt{Target: v4}, &ir.ObjectInsertStmt{Object: v4, Key: of(str("x")), Value: of(str("a"))},
			&ir.ObjectInsertStmt{Object: v4, Key: of(str("1")), Value: of(v3)}, &ir.ObjectMergeStmt{A: v3, B: v4, Target: v2},
		), `{"1": {"b": 1, "c": null}, "b": 1, "c": null, "x": "a"}`},
		{"merge of what is no object", block(a, c, &ir.ObjectMergeStmt{A: v3, B: v3, Target: v2}), "conflict"},
		{"break", block(yes, &ir.BlockStmt{Blocks: []*ir.Block{block(&ir.BreakStmt{}, no)}}), "true"},
		{"break out of two", block(yes, &ir.BlockStmt{Blocks: []*ir.Block{block(&ir.BlockStmt{Blocks: []*ir.Block{block(&ir.BreakStmt{Index: 1}), block(no)}}, no)}}), "true"},
		{"break out of one of two", block(no, &ir.BlockStmt{Blocks: []*ir.Block{block(&ir.BlockStmt{Blocks: []*ir.Block{block(&ir.BreakStmt{}, no)}}, yes)}}), "true"},
		{"an undefined block", block(yes, &ir.BlockStmt{Blocks: []*ir.Block{block(&ir.IsDefinedStmt{Source: v5}, no), block(a)}}), "true"},
		{"not", block(&ir.NotStmt{Block: block(&ir.IsDefinedStmt{Source: v5})}, yes), "true"},
		{"not what holds", block(&ir.NotStmt{Block: block(&ir.IsDefinedStmt{Source: in})}, yes), "undefined"},
		{"scan an array", block(b, &ir.MakeArrayStmt{Target: v2}, &ir.ScanStmt{Source: v3, Key: v4, Value: v5, Block: block(&ir.ArrayAppendStmt{Array: v2, Value: of(v4)}, &ir.ArrayAppendStmt{Array: v2, Value: of(v5)})}), `[0, "x", 1, 2]`},
		{"scan an object in order", block(a, &ir.MakeArrayStmt{Target: v2}, &ir.ScanStmt{Source: v3, Key: v4, Value: v5, Block: block(&ir.ArrayAppendStmt{Array: v2, Value: of(v4)}, &ir.ArrayAppendStmt{Array: v2, Value: of(v5)})}), `["b", 1, "c", null]`},
		{"scan a set in order", block(&ir.MakeSetStmt{Target: v3}, &ir.SetAddStmt{Set: v3, Value: of(str("b"))}, &ir.SetAddStmt{Set: v3, Value: of(str("a"))}, &ir.MakeArrayStmt{Target: v2}, &ir.ScanStmt{Source: v3, Key: v4, Value: v5, Block: block(&ir.ArrayAppendStmt{Array: v2, Value: of(v5)})}), `["a", "b"]`},
		{"scan, and leave an element out", block(b, &ir.MakeSetStmt{Target: v2}, &ir.ScanStmt{Source: v3, Key: v4, Value: v5, Block: block(&ir.NotEqualStmt{A: of(v5), B: of(str("x"))}, &ir.SetAddStmt{Set: v2, Value: of(v5)})}), `{2}`},
		{"scan a string", block(c, yes, &ir.ScanStmt{Source: v3, Key: v4, Value: v5, Block: block(no)}), "true"},
		{"call a rule", block(&ir.CallStmt{Func: "g0.data.a.rule", Args: []ir.Operand{of(in), of(data)}, Result: v2}), `{"b": 1, "c": null}`},
		{"call a function", block(&ir.CallStmt{Func: "g0.data.a.pair", Args: []ir.Operand{of(in), of(data), of(str("x"))}, Result: v2}), `["x", "x"]`},
		{"call by path", block(&ir.CallDynamicStmt{Path: []ir.Operand{of(str("g0")), of(str("a")), of(str("b"))}, Args: []ir.Local{in, data}, Result: v2}), "undefined"},
		{"call a built-in", block(&ir.MakeNumberIntStmt{Value: 1, Target: v3}, &ir.CallStmt{Func: "plus", Args: []ir.Operand{of(v3), of(v3)}, Result: v2}), "2"},
		{"call a built-in that fails", block(&ir.CallStmt{Func: "plus", Args: []ir.Operand{of(str("a")), of(str("a"))}, Result: v2}), "undefined"},
		{"call topdown's built-in", block(&ir.CallStmt{Func: "units.parse", Args: []ir.Operand{of(str("1"))}, Result: v2}), "1"},
		{"call a built-in on nothing", block(&ir.CallStmt{Func: "plus", Args: []ir.Operand{of(v5), of(v5)}, Result: v2}), "undefined"},
		{"call what is unknown", block(&ir.CallStmt{Func: "unheard.of", Result: v2}), "built-in unheard.of"},
		{"with", block(&ir.WithStmt{Local: in, Path: []int{int(str("a")), int(str("x"))}, Value: of(str("b")), Block: block(
			&ir.CallStmt{Func: "g0.data.a.rule", Args: []ir.Operand{of(in), of(data)}, Result: v2})}), `{"b": 1, "c": null, "x": "b"}`},
		{"with, for no more than its block", block(
			&ir.WithStmt{Local: in, Value: of(str("b")), Block: block(a)},
		), "undefined"},
		{"after with", block(
			&ir.WithStmt{Local: in, Path: []int{int(str("a"))}, Value: of(str("b")), Block: block(a)},
			&ir.DotStmt{Source: of(in), Key: of(str("c")), Target: v2},
		), `"text"`},
	} {
		tc.block.Stmts = append(tc.block.Stmts, &ir.ResultSetAddStmt{Value: v2})
		if got := evaluated(t, planOf(tc.block), Request{Input: input, Data: map[string]any{"1": "one"}}); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.name, got, tc.want)
		}
	}
}

// evaluated is the result of a plan in words.
func evaluated(t *testing.T, policy *ir.Policy, request Request) string {
	t.Helper()
	program, err := Compile(policy, Options{})
	var results []any
	if err == nil {
		results, err = program.Eval(t.Context(), request)
	}
	var unsupported *Unsupported
	switch {
	case errors.As(err, &unsupported):
		return unsupported.Cause
	case err != nil:
		return err.Error()
	case len(results) == 0:
		return "undefined"
	}
	var words []string
	for _, result := range results {
		words = append(words, text(result))
	}
	return strings.Join(words, " ")
}
