package vm

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

func TestCompareScalars(t *testing.T) {
	for _, a := range scalars {
		for _, b := range scalars {
			checkCompare(t, a, b)
		}
	}
}

func TestCompare(t *testing.T) {
	set := func(items ...any) *Set {
		s := &Set{}
		for _, item := range items {
			s.Add(item)
		}
		return s
	}
	for _, tc := range []struct {
		a, b any
		want int
	}{
		{nil, false, -1},
		{null{}, nil, 0},
		{true, 0, -1},
		{1, "1", -1},
		{"a", []any{}, -1},
		{[]any{}, map[string]any{}, -1},
		{map[string]any{}, set(), -1},
		{1, 1.0, 0},
		{1, int64(1), 0},
		{json.Number("1.0"), 1, 0},
		{1 << 53, 1<<53 + 1, -1},
		{json.Number("18446744073709551616"), json.Number("18446744073709551617"), -1},
		{[]any{1, 2}, &List{items: []any{1, 2}}, 0},
		{[]any{1, 2}, []any{1, 2, nil}, -1},
		{[]any{2}, []any{1, 2}, 1},
		{map[string]any{"a": 1}, NewObject("a", 1), 0},
		{map[string]any{"a": 1}, Tree{"a": 1}, 0},
		{map[string]any{"a": 1}, map[string]any{"a": 2}, -1},
		{map[string]any{"a": 1}, map[string]any{"b": 0}, -1},
		{map[string]any{"a": 2}, map[string]any{"a": 1, "b": 0}, 1},
		{NewObject(1, "x"), NewObject(1.0, "x"), 0},
		{set(1, 2), set(2, 1, 1.0), 0},
		{set(1, 2), set(1, 3), -1},
	} {
		if got := sign(Compare(tc.a, tc.b)); got != tc.want {
			t.Errorf("Compare(%s, %s) = %d, want %d", text(tc.a), text(tc.b), got, tc.want)
		}
		checkCompare(t, tc.a, tc.b)
	}
}

// TestCompareRandom wants the order of ast.Compare for values of every kind.
func TestCompareRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	values := make([]any, 300)
	for i := range values {
		values[i] = randomValue(random, 3)
	}
	for _, a := range values {
		checkCompare(t, a, altered(a))
		for _, b := range values {
			checkCompare(t, a, b)
		}
	}
}

func checkCompare(t *testing.T, a, b any) {
	t.Helper()
	want := wantCompare(a, b)
	if got := sign(Compare(a, b)); got != want {
		t.Errorf("Compare(%T %s, %T %s) = %d, want %d", a, text(a), b, text(b), got, want)
	}
	if got := Equal(a, b); got != (want == 0) {
		t.Errorf("Equal(%T %s, %T %s) = %v", a, text(a), b, text(b), got)
	}
	if want == 0 && hash(a) != hash(b) {
		t.Errorf("hash(%T %s) differs from hash(%T %s)", a, text(a), b, text(b))
	}
}

func TestNumberText(t *testing.T) {
	for _, tc := range []struct {
		value   any
		want    string
		integer bool
	}{
		{1, "1", true},
		{1000000, "1000000", true},
		{int64(5), "5", true},
		{int64(999999), "999999", true},
		{int64(1000000), "1e+06", false},
		{int64(9007199254740993), "9.007199254740992e+15", false},
		{0.5, "0.5", false},
		{1000730000.0, "1.00073e+09", false},
		{json.Number("1.0"), "1.0", true},
		{json.Number("1.50"), "1.50", false},
		{json.Number("123456789012345678901234567890"), "123456789012345678901234567890", false},
	} {
		if got := numberText(tc.value); got != tc.want {
			t.Errorf("numberText(%T %v) = %q, want %q", tc.value, tc.value, got, tc.want)
		}
		if _, got := integer(tc.value); got != tc.integer {
			t.Errorf("integer(%T %v): %v, want %v", tc.value, tc.value, got, tc.integer)
		}
	}
	for _, v := range scalars {
		if v == nil || kindOf(v) != kindNumber {
			continue
		}
		got, gotOK := integer(v)
		want, wantOK := ast.Number(numberText(v)).Int()
		if gotOK != wantOK || gotOK && got != want {
			t.Errorf("integer(%T %v) = %d, %v, want %d, %v", v, v, got, gotOK, want, wantOK)
		}
	}
}

// TestGet wants references to lead where ast.Value.Find leads.
func TestGet(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	for range 20_000 {
		v := randomValue(random, 3)
		var key any
		switch random.IntN(3) {
		case 0:
			key = randomKey(random)
		case 1:
			key = random.IntN(4)
		case 2:
			key = randomValue(random, 1)
		}
		got, found := get(v, key)
		want, err := ToAST(v).Find(ast.Ref{ast.NewTerm(ToAST(key))})
		if found != (err == nil) || found && text(got) != want.String() {
			t.Errorf("get(%s, %s) = %v, %v, want %v, %v", text(v), text(key), got, found, want, err)
		}
	}
}

// TestConvert wants a value to come back from OPA as it was, and to give the JSON that
// OPA gives.
func TestConvert(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	for range 5_000 {
		v := randomValue(random, 3)
		back := altered(v)
		if Compare(v, back) != 0 || text(v) != text(back) {
			t.Errorf("FromAST(ToAST(v)) = %s, want %s", text(back), text(v))
		}
		want, err := ast.JSON(ToAST(v))
		if err != nil {
			t.Fatal(err)
		}
		if got := ToJSON(v); !reflect.DeepEqual(got, want) {
			t.Errorf("ToJSON(%s) = %#v, want %#v", text(v), got, want)
		}
	}
	if _, err := FromAST(ast.Var("x")); err == nil {
		t.Error("FromAST of a variable: got no error")
	}
}

// TestSet wants a Set to hold what OPA's holds, whatever the order of adding.
func TestSet(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	for range 300 {
		s, want := &Set{}, ast.NewSet()
		o, wantObject := &Object{}, map[string]string{}
		for range random.IntN(40) {
			v := randomValue(random, 1)
			s.Add(v)
			want.Add(ast.NewTerm(ToAST(v)))
			o.put(v, len(wantObject))
			wantObject[canonical(v)] = text(len(wantObject))
			if random.IntN(10) == 0 {
				s.sorted()
				o.sorted()
			}
			if !s.Has(v) || !s.Has(altered(v)) {
				t.Fatalf("%s.Has(%s) = false", text(s), text(v))
			}
		}
		if got, want := s.Len(), want.Len(); got != want {
			t.Errorf("a set of %s has %d members, want %d", text(s), got, want)
		}
		if got, want := len(o.keys), s.Len(); got != want {
			t.Errorf("an object of the same keys has %d, want %d", got, want)
		}
		for _, list := range [][]any{s.Members(), o.sorted().keys} {
			for i := 1; i < len(list); i++ {
				if Compare(list[i-1], list[i]) >= 0 {
					t.Errorf("members out of order: %s, %s", text(list[i-1]), text(list[i]))
				}
			}
		}
	}
}

// canonical is the same for equal scalars.
func canonical(v any) string {
	if f, ok := asFloat(v); ok && v != nil {
		return floatText(f)
	}
	return text(v)
}

func FuzzCompare(f *testing.F) {
	for _, seed := range [][2]string{{`1`, `1.0`}, {`[1, {"a": null}]`, `[1e0, {"a": null}]`}, {`9007199254740993`, `9007199254740992.0`}, {`"a"`, `{}`}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		var values [4]any // each as a number of JSON and as a float64
		for i, document := range []string{a, b} {
			if len(document) > 200 || util.UnmarshalJSON([]byte(document), &values[i]) != nil || json.Unmarshal([]byte(document), &values[2+i]) != nil {
				t.Skip("no JSON, or too much of it")
			}
			if _, err := ast.InterfaceToValue(values[i]); err != nil {
				t.Skip("a number too large for OPA")
			}
		}
		for _, a := range values {
			for _, b := range values {
				checkCompare(t, a, b)
			}
		}
	})
}
