package vm

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/open-policy-agent/opa/v1/ir"
)

// TestLoadMalformed wants bytes that are no plan to be refused.
func TestLoadMalformed(t *testing.T) {
	form := encodedPlan(t)
	other := slices.Clone(form)
	other[len(mark)]++
	flipped := slices.Clone(form)
	flipped[len(flipped)-1] ^= 1
	for _, tc := range []struct {
		name string
		form []byte
		want string
	}{
		{"nothing", nil, `"plan": byte 0: got 0 bytes, want 3`},
		{"something else", []byte("{}[]"), `"plan": byte 3: got "{}[", want "mgp"`},
		{"another version", other, `"plan": byte 4: got version 2, want 1`},
		{"a bit changed", flipped, `"plan": byte 8: got checksum `},
		{"an end too soon", form[:len(form)-1], `"plan": byte 8: got checksum `},
		{"many strings", sealed(0xff, 0xff, 0xff, 0xff, 0x07), `"plan": byte 13: got 0 bytes, want 2147483647 times 1`},
		{"a number too large", sealed(0xff, 0xff, 0xff, 0xff, 0xff, 0x07), `"plan": byte 8: got no number of 31 bits`},
		{"a string too long", sealed(1, 100), `"plan": byte 10: got 0 bytes, want strings of 100`},
		{"no function", sealed(0, 0), `"plan": byte 10: got 0 functions and 0 bytes more, want a plan and no bytes`},
		{"a plan with arguments", sealed(1, 0, 1, 0, 3, 3, 0, 0), `"plan": byte 16: got 1 functions and 0 bytes more, want a plan and no bytes`},
		{"many local variables", sealed(1, 0, 1, 0, 2, 100, 0, 0), `"plan": byte 16: got a function of 2 parameters, 100 local variables and 0 bytes`},
		{"a string that is not there", sealed(1, 0, 1, 1, 2, 2, 0, 0), `"plan": byte 12: got 1, want less than 1`},
		{"a body too long", sealed(1, 0, 1, 0, 2, 2, 0, 9), `"plan": byte 16: got 0 bytes, want 9`},
		{"functions out of order", sealed(2, 1, 0, 'a', 2, 0, 2, 2, 0, 0, 1, 2, 2, 0, 0), `"plan": byte 23: got "" after "a"`},
		{"bytes left", sealed(1, 0, 1, 0, 2, 2, 0, 1, 0, 0), `"plan": byte 17: got 1 functions and 1 bytes more, want a plan and no bytes`},
	} {
		program, err := Load(tc.form)
		var unsupported *Unsupported
		if program != nil || !errors.As(err, &unsupported) || unsupported.Cause != "malformed plan" || !strings.HasPrefix(unsupported.Err.Error(), tc.want) {
			t.Errorf("%s: Load: got %v, want malformed plan: %s", tc.name, err, tc.want)
		}
	}
}

// TestBodyMalformed wants a body that is none to be an error of the evaluation.
func TestBodyMalformed(t *testing.T) {
	operand := func(kind, n byte) byte { return n*operandKinds + kind }
	deep := []byte{1}
	for range deepest {
		deep = append(deep, opNot)
	}
	for _, tc := range []struct {
		name string
		body []byte
		want string
	}{
		{"nothing", nil, `"": byte 0: got no number of 31 bits`},
		{"no end", []byte{1, opBreak}, `"": byte 2: got no number of 31 bits`},
		{"no statement", []byte{1, 250}, `"": byte 2: got statement 250`},
		{"many blocks", []byte{100}, `"": byte 1: got 0 bytes, want 100 times 1`},
		{"bytes left", []byte{1, opEnd, 0}, `"": byte 2: got 1 bytes more, want the end`},
		{"a variable that is not there", []byte{1, opReturn, 9}, `"": byte 3: got 9, want less than 3`},
		{"an operand that is not there", []byte{1, opLen, operand(operandLocal, 9)}, `"": byte 3: got operand 9, want less than 3`},
		{"a string that is not there", []byte{1, opLen, operand(operandString, 9)}, `"": byte 3: got operand 9, want less than 1`},
		{"a boolean that is none", []byte{1, opLen, operand(operandBool, 2)}, `"": byte 3: got operand 2, want less than 2`},
		{"a function that is not there", []byte{1, opCall, 9}, `"": byte 3: got 9, want less than 1`},
		{"a kind that is none", []byte{1, opIsKind, 0, 7}, `"": byte 4: got 7, want less than 7`},
		{"a constant that is none", []byte{1, opConstant, 0, 99}, `"": byte 4: got constant 99`},
		{"a break too far", []byte{1, opBreak, 0xff, 0x7f}, `"": byte 4: got 16383, want less than 501`},
		{"a place too large", []byte{1, opMakeArray, 0, 100}, `"": byte 4: got 100, want less than 4`},
		{"without end", deep, `"": byte 501: nested deeper than 500`},
	} {
		program, err := Load(sealed(append([]byte{1, 0, 1, 0, 2, 2 + min(1, byte(len(tc.body))), 0}, appendInts(nil, len(tc.body))...), tc.body))
		if err != nil {
			t.Fatalf("%s: Load: %v", tc.name, err)
		}
		for range 2 {
			results, err := program.Eval(t.Context(), Request{})
			var unsupported *Unsupported
			if results != nil || !errors.As(err, &unsupported) || unsupported.Cause != "malformed plan" || unsupported.Err.Error() != tc.want {
				t.Errorf("%s: Eval: got %v, %v, want malformed plan: %s", tc.name, results, err, tc.want)
			}
		}
	}
}

// TestEndless wants functions that call one another without end to be an error.
func TestEndless(t *testing.T) {
	loop := planOf(block(&ir.CallStmt{Func: "g0.data.a.pair", Args: []ir.Operand{of(in), of(data), of(in)}, Result: v2}))
	loop.Funcs.Funcs[1].Blocks = loop.Plans.Plans[0].Blocks
	if got, want := evaluated(t, loop, Request{}), "nested too deep"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestFirstCalls wants no body to be made before it is called, and one that several call
// first to be the same for all; the race detector looks on.
func TestFirstCalls(t *testing.T) {
	form, err := Encode(planned(t, "r := [f(x) | some x in input]\nf(x) := x + q\nq := 1 if input[0] > 0\nq := h(0) if input[0] < 0\nh(x) := x"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	program, err := Load(form)
	if err != nil {
		t.Fatal(err)
	}
	if got := bodies(program); got != nil {
		t.Errorf("made before the first call: %q", got)
	}
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			value, err := program.Rule("p", "r").Eval(t.Context(), Request{Input: []any{1, 2}, Data: map[string]any{}})
			if want := "[2, 3]"; err != nil || text(value) != want {
				t.Errorf("got %v, %v, want %s", value, err, want)
			}
		})
	}
	workers.Wait()
	if got, want := bodies(program), []string{"f", "q", "r"}; !slices.Equal(got, want) {
		t.Errorf("made: %q, want %q", got, want)
	}
}

// bodies are the last names of the functions that were called.
func bodies(p *Program) (names []string) {
	for i := range p.functions {
		if f := &p.functions[i]; f.blocks.Load() != nil {
			names = append(names, f.path[strings.LastIndexByte(f.path, 0)+1:])
		}
	}
	return names
}

// TestDamage changes a plan at random and wants an answer or an error, soon.
func TestDamage(t *testing.T) {
	form := encodedPlan(t)
	random := rand.New(rand.NewPCG(5, 5))
	for range 10_000 / part {
		damaged := slices.Clone(form)
		for range 1 + random.IntN(3) {
			at := preamble + random.IntN(len(form)-preamble)
			switch random.IntN(3) {
			case 0:
				damaged[at] = byte(random.IntN(256))
			case 1:
				damaged[at] ^= 1 << random.IntN(8)
			case 2:
				damaged = slices.Delete(damaged, at, min(at+1+random.IntN(3), len(damaged)))
			}
			if len(damaged) < len(form) {
				break
			}
		}
		checkDamaged(t, damaged)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(encodedPlan(f)[preamble:])
	form, err := Encode(everything(), Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(form[preamble:])
	f.Fuzz(func(t *testing.T, form []byte) {
		checkDamaged(t, append(sealed(), form...))
	})
}

// checkDamaged makes the checksum right and runs all that is there.
func checkDamaged(t *testing.T, form []byte) {
	t.Helper()
	seal(form)
	program, err := Load(form)
	var unsupported *Unsupported
	if err != nil {
		if !errors.As(err, &unsupported) {
			t.Fatalf("Load(%x): got error %v, want an Unsupported", form, err)
		}
		return
	}
	request := Request{
		Input: map[string]any{"a": []any{"x", "y", int64(1)}, "b": map[string]any{"c": nil, "d": 1.5}},
		Data:  map[string]any{"a": "b"},
	}
	for i := range program.functions {
		request.Budget = &Budget{Limits: Limits{Steps: 2000, Bytes: 1 << 20}}
		f := &program.functions[i]
		_, err := (&Rule{program, f}).Eval(t.Context(), request)
		if i == 0 {
			_, err = program.Eval(t.Context(), request)
		}
		if err != nil && !errors.As(err, &unsupported) && !errors.Is(err, ErrLimit) {
			t.Fatalf("%x: %q: got error %v, want an Unsupported or a limit", form, f.path, err)
		}
	}
}

// encodedPlan is the form of a small plan that uses much.
func encodedPlan(t testing.TB) []byte {
	t.Helper()
	form, err := Encode(planned(t, `
r contains {"msg": msg, "details": {"path": ["a", i], "known": {"p", "q"}}} if {
	some i, x in input.a
	not f(x)
	msg := sprintf("%v in %v", [x, concat(",", sort([y | some y in g(x, "a")]))])
}
f(x) if regex.match("^y", x)
f(x) if units.parse(x) > 3
g(x, y) := {x, y, q}
q := v if v := h with input.a as [1, 2.5]
h := input.a[1]
`), Options{Vary: "b"})
	if err != nil {
		t.Fatal(err)
	}
	return form
}

// sealed is a form of these parts.
func sealed(parts ...any) []byte {
	form := append([]byte(mark), FormatVersion, 0, 0, 0, 0)
	for _, part := range parts {
		switch part := part.(type) {
		case int:
			form = append(form, byte(part))
		case rune:
			form = append(form, byte(part))
		case []byte:
			form = append(form, part...)
		}
	}
	seal(form)
	return form
}
