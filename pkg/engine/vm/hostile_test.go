package vm

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// doubled are n lines of which each holds what it makes of the one before twice.
func doubled(n int, first, format string) string {
	var lines strings.Builder
	fmt.Fprintf(&lines, "x0 := %s\n", first)
	for i := range n {
		fmt.Fprintf(&lines, "x%d := %s\n", i+1, strings.ReplaceAll(format, "X", fmt.Sprint("x", i)))
	}
	return lines.String()
}

// nested is x60, an array in which the input is 2^60 times; nestedToo is y60, the same.
// By way of a function: OPA's compiler would take as long for the type of it.
var (
	nested    = doubled(60, `[input]`, `twice(X)`) + "twice(x) := [x, x]\n"
	nestedToo = strings.ReplaceAll(doubled(60, `[input]`, `twice(X)`), "x", "y")
)

// hostile are programs that would take all memory, or all time.
var hostile = []struct{ name, module string }{
	{"a comprehension of pairs", `r := {[x, y, z] | some x in n; some y in n; some z in n}
n := numbers.range(1, 1000)`},
	{"an array of a billion", `r := [1 | some x in n; some y in n; some z in n]
n := numbers.range(1, 1000)`},
	{"an object of a billion", `r := {sprintf("%d/%d/%d", [x, y, z]): x | some x in n; some y in n; some z in n}
n := numbers.range(1, 1000)`},
	{"a billion steps", `r if { some x in n; some y in n; some z in n; x + y + z < 0 }
n := numbers.range(1, 1000)`},
	{"a billion calls", `r if { some x in n; some y in n; some z in n; f(x, y, z) }
f(x, y, z) if x + y + z < 0
n := numbers.range(1, 1000)`},
	{"text doubled by concat", doubled(60, `"ab"`, `concat("", [X, X])`) + "r := count(x60)"},
	{"text doubled by sprintf", doubled(60, `"ab"`, `sprintf("%s%s", [X, X])`) + "r := count(x60)"},
	{"text doubled by replace", doubled(60, `"ab"`, `replace(X, "b", "bab")`) + "r := count(x60)"},
	{"text doubled by json.marshal", doubled(60, `"\\"`, `json.marshal(X)`) + "r := count(x60)"},
	{"a number squared again and again", doubled(60, `9`, `X * X`) + "r := x60"},
	{"an array doubled by array.concat", doubled(60, `[1, 2]`, `array.concat(X, X)`) + "r := count(x60)"},
	{"an array in itself", nested + `r := json.marshal(x60)`},
	{"an array in itself, compared", nested + "r if x60 == y60\n" + nestedToo},
	{"an array in itself, compared again and again", nested + "r := [1 | some x in n; some y in n; x18 == y18]\nn := numbers.range(1, 1000)\n" + nestedToo},
	{"an array in itself, in a set", nested + "r := {[x, x60] | some x in numbers.range(1, 20)}"},
	{"an array in itself, as a key", nested + "r := {[x, x60]: 1 | some x in numbers.range(1, 20)}"},
	{"an array in itself, sorted", nested + "r := sort([x60, y60])\n" + nestedToo},
	{"an array in itself, looked for", nested + "r if x60 in [y60]\n" + nestedToo},
	{"an array in itself, many times", nested + `r := [x60 | some x in numbers.range(1, 1000)]`},
	{"an array in itself, written", nested + `r := sprintf("%v", [x60])`},
	{"an array in itself, walked", nested + `r := [p | walk(x60, [p, _])]`},
	{"an array in itself, as the argument of a function", nested + "r := [f(x60), f(y60)]\nf([[a, b], c]) := c if a == b\n" + nestedToo},
	{"an object in itself", doubled(60, `{"a": input}`, `{"a": X, "b": X}`) + `r := json.marshal(x60)`},
	{"a set in itself", doubled(60, `{input}`, `{[1, X], [2, X]}`) + `r := json.marshal(x60)`},
	{"an object in itself, merged", doubled(60, `{"a": input}`, `{"a": X, "b": X}`) + "r := object.union(x60, y60)\n" + strings.ReplaceAll(doubled(60, `{"a": input}`, `{"a": X, "b": X}`), "x", "y")},
	{"a document copied into itself by patches", "r := json.patch({\"a\": {\"b\": input}}, [p | some i in numbers.range(1, 40); p := {\"op\": \"copy\", \"from\": \"/a\", \"path\": sprintf(\"/a/c%d\", [i])}])"},
	{"a million spaces by sprintf", `r := sprintf(concat("", ["%1000000d" | some x in numbers.range(1, 1000)]), numbers.range(1, 1000))`},
	{"a million spaces by an argument of sprintf", `r := sprintf(concat("", ["%*d" | some x in numbers.range(1, 1000)]), [1000000 | some x in numbers.range(1, 2000)])`},
	{"one argument of sprintf many times", `r := sprintf(concat("", ["%[1]s" | some x in numbers.range(1, 5000)]), [long])
long := concat("", ["abcdefghij" | some x in numbers.range(1, 5000)])`},
	{"an indent by json.marshal_with_options", `r := json.marshal_with_options(numbers.range(1, 5000), {"indent": long, "pretty": true})
long := concat("", ["abcdefghij" | some x in numbers.range(1, 5000)])`},
	{"numbers.range", `r := numbers.range(1, 1000000000)`},
	{"numbers.range_step", `r := numbers.range_step(1, 1e15, 2)`},
	{"bits.lsh", `r := bits.lsh(1, 10000000000)`},
	{"units.parse of a huge number", doubled(30, `units.parse("1e100000Ei")`, `X * X`) + "r := x30"},
	{"strings.render_template that counts", `r := strings.render_template("{{range $i := .n}}{{range $j := $.n}}{{range $k := $.n}}xxxxxxxxxx{{end}}{{end}}{{end}}", {"n": numbers.range(1, 1000)})`},
	{"strings.render_template to a number", `r := strings.render_template("{{range 1000000000}}xxxxxxxxxx{{end}}", {})`},
	{"strings.render_template that calls itself", `r := strings.render_template(concat("", array.concat([sprintf("{{define \"x%d\"}}{{template \"x%d\"}}{{template \"x%d\"}}{{end}}", [i, i + 1, i + 1]) | some i in numbers.range(0, 50)], ["{{define \"x51\"}}x{{end}}{{template \"x0\"}}"])), {})`},
	{"strings.render_template with spaces", `r := strings.render_template(concat("", ["{{printf \"%1000000d\" 1}}" | some x in numbers.range(1, 1000)]), {})`},
	{"strings.replace_n", `r := strings.replace_n({"a": long}, concat("", ["a" | some x in numbers.range(1, 5000)]))
long := concat("", ["abcdefghij" | some x in numbers.range(1, 5000)])`},
	{"regex.replace", `r := regex.replace(long, "", long)
long := concat("", ["abcdefghij" | some x in numbers.range(1, 5000)])`},
	{"regex.find_n", `r := regex.find_n(".", long, -1)
long := concat("", ["abcdefghij" | some x in numbers.range(1, 50000)])`},
	{"regex.find_all_string_submatch_n", `r := regex.find_all_string_submatch_n("((((((((.))))))))", long, -1)
long := concat("", ["abcdefghij" | some x in numbers.range(1, 50000)])`},
	{"regex.split", `r := regex.split("", long)
long := concat("", ["abcdefghij" | some x in numbers.range(1, 50000)])`},
	{"regex.match of a long text", `r := [1 | some i in numbers.range(1, 1000); regex.match(sprintf("(x+x+)+%dy", [i]), long)]
long := concat("", ["xxxxxxxxxx" | some x in numbers.range(1, 50000)])`},
	{"regex.match of a large pattern", `r := regex.match("(a?){1000}(b?){1000}a{1000}", long)
long := concat("", ["aaaaaaaaaa" | some x in numbers.range(1, 50000)])`},
	{"regex.template_match", `r := [1 | some i in numbers.range(1, 1000); regex.template_match("a<(x+x+)+y>", concat("", ["a", long, format_int(i, 10)]), "<", ">")]
long := concat("", ["xxxxxxxxxx" | some x in numbers.range(1, 50000)])`},
	{"glob.match with many stars", `r := [1 | some i in numbers.range(1, 1000); glob.match(sprintf("*a*a*a*a*a*a*a*a*a*a*%db", [i]), [], concat("", ["aaaaaaaaaa" | some x in numbers.range(1, 1000)]))]`},
	{"indexof_n", `r := indexof_n(long, "a")
long := concat("", ["aaaaaaaaaa" | some x in numbers.range(1, 50000)])`},
	{"split", `r := split(long, "")
long := concat("", ["aaaaaaaaaa" | some x in numbers.range(1, 50000)])`},
	{"json.unmarshal", `r := json.unmarshal(concat("", ["[", concat(",", ["1" | some x in numbers.range(1, 100000)]), "]"]))`},
	{"yaml.unmarshal", `r := yaml.unmarshal(concat("", ["[", concat(",", ["1" | some x in numbers.range(1, 100000)]), "]"]))`},
	{"net.cidr_expand", `r := net.cidr_expand("10.0.0.0/8")`},
	{"net.cidr_contains_matches", `r := net.cidr_contains_matches(["10.0.0.0/8" | some x in numbers.range(1, 5000)], ["10.0.0.0/16" | some x in numbers.range(1, 5000)])`},
	{"graph.reachable_paths", `r := graph.reachable_paths({format_int(i, 10): [format_int(i + 1, 10), format_int(i + 2, 10)] | some i in numbers.range(1, 60)}, {"1"})`},
	{"rego.parse_module", `r := rego.parse_module("a.rego", concat("", ["package a\n", concat("\n", ["a := [1,1,1,1,1,1,1,1,1]" | some x in numbers.range(1, 20000)])]))`},
	{"union of many sets", `r := union({s | some i in n; s := {[i, j] | some j in n}})
n := numbers.range(1, 3000)`},
	{"deep input", `r := [p | walk(input.deep, [p, _])]`},
}

// TestHostile wants each to be stopped soon after the limit, whenever it is run.
func TestHostile(t *testing.T) {
	limits := Limits{Steps: 2_000_000, Bytes: 16 << 20}
	input := map[string]any{"deep": any("bottom")}
	for range 10_000 {
		input["deep"] = map[string]any{"down": input["deep"]}
	}
	for _, tc := range hostile {
		t.Run(tc.name, func(t *testing.T) {
			_, rule := ruleOf(t, tc.module)
			for range 2 {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				got, err := rule.Eval(t.Context(), Request{Input: input, Data: map[string]any{}, Budget: &Budget{Limits: limits}})
				runtime.ReadMemStats(&after)
				if !errors.Is(err, ErrLimit) {
					t.Errorf("got %.100s, error %.200v, want %v", fmt.Sprint(got), err, ErrLimit)
				}
				if taken := int64(after.TotalAlloc - before.TotalAlloc); taken > 16*limits.Bytes {
					t.Errorf("took %d bytes with a limit of %d", taken, limits.Bytes)
				}
			}
		})
	}
}

// TestAfterLimit wants an evaluation that was stopped to be nothing to those after it, of
// the same program and review.
func TestAfterLimit(t *testing.T) {
	program, rule := ruleOf(t, `
r := [known, count([x | some x in numbers.range(1, input.parameters.n); some y in known; x == y])]
known := [x | some x in numbers.range(1, 3)]
`)
	memo := NewMemo(program)
	defer memo.Release()
	for _, n := range []int{10_000_000, 2, 10_000_000, 5} {
		got, err := rule.Eval(t.Context(), Request{
			Input:  NewObject("parameters", NewObject("n", n)),
			Data:   map[string]any{},
			Memo:   memo,
			Budget: &Budget{Limits: Limits{Steps: 10_000, Bytes: 1 << 20}},
		})
		switch want := fmt.Sprintf("[[1, 2, 3], %d]", min(n, 3)); {
		case n > 5 && !errors.Is(err, ErrLimit):
			t.Errorf("n = %d: got error %v, want %v", n, err, ErrLimit)
		case n <= 5 && (err != nil || text(got) != want):
			t.Errorf("n = %d: got %v, %v, want %s", n, got, err, want)
		}
	}
}
