package vm

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// ruleOf compiles a module of Rego v1, package p, and gives its rule r.
func ruleOf(t testing.TB, module string) (*Program, *Rule) {
	t.Helper()
	program, err := Compile(planned(t, module), Options{Vary: "parameters"})
	if err != nil {
		t.Fatal(err)
	}
	rule := program.Rule("p", "r")
	if rule == nil {
		t.Fatalf("%s: the plan has no rule r", module)
	}
	return program, rule
}

// planned is the plan of rule r of a module of Rego v1, package p.
func planned(t testing.TB, module string) *ir.Policy {
	t.Helper()
	compiler, err := ast.CompileModulesWithOpt(map[string]string{"p.rego": "package p\n" + module}, ast.CompileOpts{ParserOptions: ast.ParserOptions{RegoVersion: ast.RegoV1}})
	if err != nil {
		t.Fatal(err)
	}
	policy, err := PlanRules(t.Context(), compiler, ast.MustParseRef("data.p.r"))
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

func TestRule(t *testing.T) {
	for _, tc := range []struct{ module, want string }{
		{"r := input.a", "1"},
		{"r := input.x", "undefined"},
		{"r := null", "null"},
		{"r contains x if some x in input.b", `{"x", "y"}`},
		{"r[x] := i if some i, x in input.b", `{"x": 0, "y": 1}`},
		{"default r := 3\nr := 4 if input.x", "3"},
		{"r := 1 if input.a == 2 else := 2 if input.a == 1", "2"},
		{"r := [f(1), f(2)]\nf(x) := x + input.a", "[2, 3]"},
		{"r if every x in input.b { is_string(x) }", "true"},
		{"r := [x | some x in data.inventory]", `["one", {"deep": true}]`},
		{"r := data.inventory.b.deep", "true"},
		{"r := data.inventory", `{"a": "one", "b": {"deep": true}}`},
		{"r := count(data.inventory)", "2"},
		{"r := object.get(data.inventory, [\"b\", \"deep\"], 0)", "true"},
		{"r := {1: \"one\", \"k\": {2}}", `{1: "one", "k": {2}}`},
		{"r := x if { x := 1 } else := 2", "1"},
		{"r := s if { s := q with input as {\"a\": 5} }\nq := input.a", "5"},
		{"r := [q, s, q] if { s := q with input.a as 5 }\nq := input.a", "[1, 5, 1]"},
		{"r := regex.match(\"^x\", input.b[0])", "true"},
		{"r := regex.match(\"(\", input.b[0])", "undefined"},
		{"r := glob.match(\"x*\", [], input.b[0])", "true"},
		{"r := [p | walk(input.b, [p, _])]", "[[], [0], [1]]"},
	} {
		_, rule := ruleOf(t, tc.module)
		got, err := rule.Eval(t.Context(), Request{
			Input: map[string]any{"a": int64(1), "b": []any{"x", "y"}},
			Data:  Tree{"inventory": Tree{"a": "one", "b": map[string]any{"deep": true}}},
		})
		word := "undefined"
		if got != nil {
			word = text(got)
		}
		if err != nil || word != tc.want {
			t.Errorf("%s: got %s, %v, want %s", tc.module, word, err, tc.want)
		}
	}
}

// TestLimits wants an evaluation that goes too far to end with an error.
func TestLimits(t *testing.T) {
	numbers := make([]any, 2000)
	for i := range numbers {
		numbers[i] = i
	}
	const (
		slow = "r := count([1 | some x in input; some y in input; x == y + 1])"
		wide = "r := count({[x, y] | some x in input; some y in input})"
		text = "r := count(replace(replace(replace(input[0], \"a\", input[0]), \"a\", input[0]), \"a\", input[0]))"
	)
	for _, tc := range []struct {
		module string
		input  any
		limits Limits
		want   string
	}{
		{slow, numbers[:20], Limits{Steps: 10_000}, ""},
		{slow, numbers, Limits{Steps: 10_000}, "evaluation limit reached: more than 10000 steps"},
		{wide, numbers[:20], Limits{Bytes: 1 << 20}, ""},
		{wide, numbers, Limits{Bytes: 1 << 20}, "evaluation limit reached: more than 1048576 bytes"},
		{text, []any{string(make([]byte, 1000))}, Limits{Bytes: 1 << 20}, ""},
		{text, []any{fmt.Sprintf("%01000d", 0)[:1] + repeated("a", 1000)}, Limits{Bytes: 1 << 20}, "evaluation limit reached: more than 1048576 bytes"},
		{"r := count(numbers.range(1, 10000000))", nil, Limits{Bytes: 1 << 20}, "evaluation limit reached: more than 1048576 bytes"},
	} {
		_, rule := ruleOf(t, tc.module)
		budget := &Budget{Limits: tc.limits}
		_, err := rule.Eval(t.Context(), Request{Input: tc.input, Data: map[string]any{}, Budget: budget})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != tc.want || errors.Is(err, ErrLimit) != (tc.want != "") {
			t.Errorf("%s with %+v: got error %q, want %q", tc.module, tc.limits, got, tc.want)
		}
		if tc.want == "" && (budget.Used.Steps == 0 || budget.Used.Bytes == 0) {
			t.Errorf("%s: nothing was counted: %+v", tc.module, budget.Used)
		}
	}
}

// TestLimitsTogether wants several evaluations to be counted together.
func TestLimitsTogether(t *testing.T) {
	_, rule := ruleOf(t, "r := count([x | some x in input])")
	request := Request{Input: make([]any, 900), Data: map[string]any{}, Budget: &Budget{Limits: Limits{Steps: 10 * stride}}}
	for i := range 20 {
		if _, err := rule.Eval(t.Context(), request); err != nil {
			if !errors.Is(err, ErrLimit) || i < 9 {
				t.Errorf("evaluation %d: %v", i, err)
			}
			return
		}
	}
	t.Errorf("20 evaluations: no error, used %+v", request.Budget.Used)
}

func TestCancel(t *testing.T) {
	_, rule := ruleOf(t, "r := count([1 | some x in numbers.range(1, 1000); some y in numbers.range(1, 1000); x * y == 7])")
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("enough")
	cancel(reason)
	if _, err := rule.Eval(ctx, Request{Data: map[string]any{}}); !errors.Is(err, reason) {
		t.Errorf("Eval after the end of its context: %v, want %v", err, reason)
	}
}

// TestMemo wants what does not depend on the part that varies to be evaluated once, and
// the rest for each.
func TestMemo(t *testing.T) {
	program, rule := ruleOf(t, `
r := [total(input.review), scaled(input.review), input.parameters.n]
total(x) := sum([y | some y in x])
scaled(x) := sum([z | some y in x; z := y * input.parameters.n])
`)
	memo := NewMemo(program)
	review := []any{1, 2, 3}
	var steps []int64
	for _, n := range []int{1, 10, 10} {
		budget := &Budget{}
		got, err := rule.Eval(t.Context(), Request{Input: NewObject("review", review, "parameters", NewObject("n", n)), Data: map[string]any{}, Memo: memo, Budget: budget})
		if want := fmt.Sprintf("[6, %d, %d]", 6*n, n); err != nil || text(got) != want {
			t.Errorf("n = %d: got %v, %v, want %s", n, got, err, want)
		}
		steps = append(steps, budget.Used.Steps)
	}
	if steps[1] >= steps[0] || steps[2] != steps[1] {
		t.Errorf("steps of three evaluations: %v, want fewer from the second on", steps)
	}
	memo.Release()
	got, err := rule.Eval(t.Context(), Request{Input: NewObject("review", []any{5}, "parameters", NewObject("n", 2)), Data: map[string]any{}, Memo: NewMemo(program)})
	if want := "[5, 10, 2]"; err != nil || text(got) != want {
		t.Errorf("with a new memo: got %v, %v, want %s", got, err, want)
	}
}

// TestConcurrent runs one program on many goroutines; the race detector looks on.
func TestConcurrent(t *testing.T) {
	keys := map[string]any{}
	for i := range 20 {
		keys[fmt.Sprint("k", i)] = i
	}
	parameters, err := FromAST(ast.MustParseTerm(`{1: "a", 2: "b", 3: "c", 4: "d", 5: "e", 6: "f", 7: "g", 8: "h", 9: "i", 10: "j", "set": {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}}`).Value)
	if err != nil {
		t.Fatal(err)
	}
	program, rule := ruleOf(t, `
r contains [k, input.parameters[v], regex.match("^k1", k), glob.match("k*", [], k), units.parse("1Ki")] if {
	some k, v in input.review
	input.parameters.set[v]
}`)
	request := Request{Input: NewObject("review", keys, "parameters", parameters), Data: map[string]any{}}
	first, err := rule.Eval(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	want := text(first)
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for range 50 {
				request := request
				request.Memo = NewMemo(program)
				got, err := rule.Eval(t.Context(), request)
				if err != nil || text(got) != want {
					t.Errorf("got %v, %v, want %s", got, err, want)
				}
				request.Memo.Release()
			}
		})
	}
	workers.Wait()
}

// TestUnsupported wants what only topdown can answer to be declared.
func TestUnsupported(t *testing.T) {
	for _, tc := range []struct{ module, cause string }{
		{"r := 1 if input.a\nr := 2 if input.a", "conflict"},
		{"r := {k: v | some k, v in [1, 1]; k2 := 1}\nq := 1", ""},
		{"r := {1: v | some v in [1, 2]}", "conflict"},
	} {
		_, rule := ruleOf(t, tc.module)
		_, err := rule.Eval(t.Context(), Request{Input: map[string]any{"a": true}, Data: map[string]any{}})
		var unsupported *Unsupported
		cause := ""
		if errors.As(err, &unsupported) {
			cause = unsupported.Cause
		}
		if cause != tc.cause {
			t.Errorf("%s: got error %v, want cause %q", tc.module, err, tc.cause)
		}
	}
	_, rule := ruleOf(t, "r := input.a == 1")
	_, err := rule.Eval(t.Context(), Request{Input: map[string]any{"a": []int{1}}, Data: map[string]any{}})
	if err == nil || err.Error() != "vm: value of type []int" {
		t.Errorf("an input that is no JSON: %v", err)
	}
}

func repeated(s string, n int) string {
	text := make([]byte, 0, n*len(s))
	for range n {
		text = append(text, s...)
	}
	return string(text)
}
