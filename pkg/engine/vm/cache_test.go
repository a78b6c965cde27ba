package vm

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestCache wants results to be kept for short arguments, and no more of them than there
// is place for.
func TestCache(t *testing.T) {
	_, rule := ruleOf(t, "r := [regex.replace(input, \"a+\", \"b\"), units.parse(\"1Ki\"), glob.match(\"*\", [\".\"], input)]")
	for i := range mostCached + 10 {
		input := fmt.Sprintf("xaa%d", i%(mostCached+5))
		for range 2 {
			got, err := rule.Eval(t.Context(), Request{Input: input, Data: map[string]any{}})
			if want := fmt.Sprintf(`["xb%d", 1024, true]`, i%(mostCached+5)); err != nil || text(got) != want {
				t.Fatalf("input %q: got %v, %v, want %s", input, got, err, want)
			}
		}
	}
	if n := len(cache.byKey); n > mostCached {
		t.Errorf("the cache has %d entries, want at most %d", n, mostCached)
	}
	for _, tc := range []struct {
		args []any
		want bool
	}{
		{[]any{"a", 1, nil, []any{"b", "c"}}, true},
		{[]any{strings.Repeat("a", longestKey)}, false},
		{[]any{map[string]any{}}, false},
		{[]any{[]any{[]any{}}}, false},
		{[]any{make([]any, few+1)}, false},
		{[]any{0.5}, false},
	} {
		if _, got := cacheKey(nil, "f", tc.args); got != tc.want {
			t.Errorf("cacheKey(%v): %v, want %v", tc.args, got, tc.want)
		}
	}
	one, _ := cacheKey(nil, "f", []any{"a", "b"})
	other, _ := cacheKey(nil, "f", []any{"asb", ""})
	list, _ := cacheKey(nil, "f", []any{[]any{"a", "b"}})
	if string(one) == string(other) || string(one) == string(list) {
		t.Errorf("the same key for other arguments: %q, %q, %q", one, other, list)
	}
}

// TestGuards wants functions with huge results not to be called.
func TestGuards(t *testing.T) {
	for _, call := range []string{
		`net.cidr_expand("10.0.0.0/8")`,
		`net.cidr_expand("::/0")`,
		`bits.lsh(1, 100000000)`,
		`numbers.range(1, 1e15)`,
		`numbers.range_step(1, 1000000000, 2)`,
		`strings.replace_n({"a": input}, input)`,
		`regex.replace(input, "a", input)`,
		`replace(input, "a", input)`,
		`concat(input, split(input, ""))`,
	} {
		_, rule := ruleOf(t, "r := "+call)
		_, err := rule.Eval(t.Context(), Request{Input: strings.Repeat("a", 5000), Data: map[string]any{}, Budget: &Budget{Limits: Limits{Bytes: 4 << 20}}})
		if !errors.Is(err, ErrLimit) {
			t.Errorf("%s: got error %v, want %v", call, err, ErrLimit)
		}
	}
}

// TestOffline wants no schema to be fetched.
func TestOffline(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a schema was fetched") }))
	defer server.Close()
	for _, call := range []string{`json.match_schema({}, {"$ref": input})`, `json.verify_schema({"$ref": input})`} {
		_, rule := ruleOf(t, "r := "+call)
		if _, err := rule.Eval(t.Context(), Request{Input: server.URL, Data: map[string]any{}}); err != nil {
			t.Errorf("%s: %v", call, err)
		}
	}
}

// TestConstants wants literals without variables to be made once, and never changed.
func TestConstants(t *testing.T) {
	for _, tc := range []struct {
		module string
		once   bool
	}{
		{`r := {"a", "b", ["c", 1, null]}`, true},
		{`r := {"a": {"b": [true]}, 1: {2}}`, true},
		{`r := {}`, true},
		{`r := {"a", input}`, false},
		{`r := {"a" | input}`, false},
		{`r contains "a"`, false},
	} {
		_, rule := ruleOf(t, tc.module)
		var found [2]any
		for i := range found {
			value, err := rule.Eval(t.Context(), Request{Input: "x", Data: map[string]any{}})
			if err != nil {
				t.Fatalf("%s: %v", tc.module, err)
			}
			found[i] = value
		}
		if got := found[0] == found[1]; got != tc.once {
			t.Errorf("%s: made once: %v, want %v", tc.module, got, tc.once)
		}
		if text(found[0]) != text(found[1]) {
			t.Errorf("%s: got %s, then %s", tc.module, text(found[0]), text(found[1]))
		}
	}
	// A rule whose value is such a literal does not become another when a second rule
	// adds to it.
	_, rule := ruleOf(t, `
r[x].b := {"one": 1} if x := input.x
r[x].c := {} if x := input.x
r[x].b.two := 2 if x := input.y
`)
	for range 2 {
		got, err := rule.Eval(t.Context(), Request{Input: map[string]any{"x": "k"}, Data: map[string]any{}})
		if want := `{"k": {"b": {"one": 1}, "c": {}}}`; err != nil || text(got) != want {
			t.Errorf("got %v, %v, want %s", got, err, want)
		}
		_, err = rule.Eval(t.Context(), Request{Input: map[string]any{"x": "k", "y": "k"}, Data: map[string]any{}})
		var unsupported *Unsupported
		if !errors.As(err, &unsupported) {
			t.Errorf("a rule that adds to the value of another: got %v, want it left to topdown", err)
		}
	}
}
