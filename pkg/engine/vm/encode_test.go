package vm

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ir"
)

// everything is a plan with a statement of each kind, most of which make no sense.
func everything() *ir.Policy {
	empty := block()
	policy := planOf(block(
		&ir.NopStmt{},
		&ir.BlockStmt{Blocks: []*ir.Block{block(&ir.BreakStmt{Index: 1}), empty}},
		&ir.NotStmt{Block: block(&ir.IsDefinedStmt{Source: v5}, &ir.IsUndefinedStmt{Source: v5})},
		&ir.ScanStmt{Source: in, Key: v4, Value: v5, Block: empty},
		&ir.ScanStmt{Source: in, Key: v4, Value: v5, Block: block(&ir.ArrayAppendStmt{Array: v2, Value: of(v4)})},
		&ir.WithStmt{Local: in, Path: []int{int(str("a")), int(str("b"))}, Value: of(ir.Bool(true)), Block: empty},
		&ir.CallStmt{Func: "g0.data.a.rule", Args: []ir.Operand{of(in), of(data)}, Result: v2},
		&ir.CallStmt{Func: "plus", Args: []ir.Operand{of(v2), of(v3)}, Result: v2},
		&ir.CallDynamicStmt{Path: []ir.Operand{of(str("g0")), of(v2)}, Args: []ir.Local{in, data}, Result: v2},
		&ir.DotStmt{Source: of(in), Key: of(str("a")), Target: v2},
		&ir.DotStmt{Source: of(data), Key: of(str("a")), Target: v3},
		&ir.DotStmt{Source: of(v3), Key: of(v2), Target: v4},
		&ir.LenStmt{Source: of(in), Target: v2},
		&ir.EqualStmt{A: of(in), B: of(str("x"))},
		&ir.NotEqualStmt{A: of(in), B: of(ir.Bool(false))},
		&ir.IsArrayStmt{Source: of(in)},
		&ir.IsObjectStmt{Source: of(in)},
		&ir.IsSetStmt{Source: of(in)},
		&ir.AssignIntStmt{Value: -300, Target: v2},
		&ir.AssignVarStmt{Source: of(v2), Target: v3},
		&ir.AssignVarOnceStmt{Source: of(v2), Target: v3},
		&ir.ResetLocalStmt{Target: v3},
		&ir.MakeNullStmt{Target: 6},
		&ir.MakeNumberIntStmt{Value: 7, Target: v2},
		&ir.MakeNumberRefStmt{Index: int(str("2.50")), Target: 7},
		&ir.MakeArrayStmt{Capacity: 1000, Target: v2},
		&ir.ArrayAppendStmt{Array: v2, Value: of(v3)},
		&ir.MakeObjectStmt{Target: v3},
		&ir.ObjectInsertStmt{Object: v3, Key: of(v2), Value: of(v4)},
		&ir.ObjectInsertOnceStmt{Object: v3, Key: of(str("b")), Value: of(v2)},
		&ir.ObjectMergeStmt{A: v2, B: v3, Target: v4},
		&ir.MakeSetStmt{Target: v4},
		&ir.SetAddStmt{Set: v4, Value: of(v2)},
		&ir.MakeArrayStmt{Target: 8}, // constants from here
		&ir.ArrayAppendStmt{Array: 8, Value: of(ir.Local(6))},
		&ir.ArrayAppendStmt{Array: 8, Value: of(ir.Local(7))},
		&ir.MakeSetStmt{Target: 9},
		&ir.SetAddStmt{Set: 9, Value: of(str("b"))},
		&ir.SetAddStmt{Set: 9, Value: of(str("a"))},
		&ir.MakeObjectStmt{Target: 10},
		&ir.ObjectInsertStmt{Object: 10, Key: of(ir.Bool(false)), Value: of(ir.Local(8))},
		&ir.ObjectInsertStmt{Object: 10, Key: of(str("x")), Value: of(ir.Local(9))},
		&ir.ResultSetAddStmt{Value: v2},
		&ir.ReturnLocalStmt{Source: v2},
	))
	policy.Plans.Plans[0].Name = "all of them"
	return policy
}

// TestForm holds the form to that of a committed file: where it changes, FormatVersion
// must, too.
func TestForm(t *testing.T) {
	form, err := Encode(everything(), Options{Vary: "a"})
	if err != nil {
		t.Fatal(err)
	}
	const name = "testdata/form.txt"
	got := hex.Dump(form)
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("Encode gives\n%s%s has\n%s: is it another FormatVersion?", got, name, want)
	}
}

// TestEncodeAgain wants the same bytes for the same module, however often it is planned.
func TestEncodeAgain(t *testing.T) {
	const module = `
r contains [name, x, {"a": {1, 2, 3}, "b": [null, 1.50]}] if {
	some name, list in input.review
	some x in list
	not f(x, {"p", "q", "r"})
}
f(x, s) if s[x]
f(x, _) if glob.match("*a", [], x)
`
	var first []byte
	for range 5 {
		form, err := Encode(planned(t, module), Options{Vary: "parameters"})
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = form
		}
		if !bytes.Equal(form, first) {
			t.Fatalf("Encode gives\n%s, then\n%s", hex.Dump(first), hex.Dump(form))
		}
	}
}

// TestEncodeUnsupported wants what is not run to be found when a plan is encoded.
func TestEncodeUnsupported(t *testing.T) {
	deep := block()
	for range deepest {
		deep = block(&ir.NotStmt{Block: deep})
	}
	type unheardOf struct{ ir.NopStmt }
	plans := planOf()
	plans.Plans.Plans = nil
	function := planOf()
	function.Funcs.Funcs[0].Params = []ir.Local{data, in}
	twice := planOf()
	twice.Funcs.Funcs[1].Params = []ir.Local{in, data, in}
	for _, tc := range []struct {
		policy *ir.Policy
		want   string
	}{
		{plans, "vm: plan: got 0 plans, want 1"},
		{function, "vm: function without input and data"},
		{twice, "vm: parameter given twice"},
		{planOf(deep), "vm: nested too deep"},
		{planOf(block(&unheardOf{})), "vm: statement *vm.unheardOf"},
		{planOf(block(&ir.LenStmt{Target: v2})), "vm: operand <nil>"},
		{planOf(block(&ir.CallStmt{Func: "unheard.of", Result: v2})), "vm: built-in unheard.of"},
		{planOf(block(&ir.CallStmt{Func: "plus", Args: []ir.Operand{of(in)}, Result: v2})), "vm: built-in plus"},
		{planOf(block(&ir.CallStmt{Func: "g0.data.a.pair", Args: []ir.Operand{of(in), of(data)}, Result: v2})), "vm: call with other arguments"},
		{planOf(block(&ir.CallDynamicStmt{Path: []ir.Operand{of(str("g0"))}, Args: []ir.Local{in}, Result: v2})), "vm: dynamic call with arguments"},
	} {
		form, err := Encode(tc.policy, Options{})
		var unsupported *Unsupported
		if form != nil || !errors.As(err, &unsupported) || err.Error() != tc.want {
			t.Errorf("Encode: got %d bytes, %v, want %s", len(form), err, tc.want)
		}
	}
}

// TestStrings wants the form to hold no string but those that are used.
func TestStrings(t *testing.T) {
	form, err := Encode(planned(t, "# a comment\nr := input.one"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"one": true, "p.rego": false, "comment": false} {
		if got := strings.Contains(string(form), text); got != want {
			t.Errorf("the form has %q: %v, want %v", text, got, want)
		}
	}
}
