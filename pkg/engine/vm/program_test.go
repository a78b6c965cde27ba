package vm

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
)

var (
	seedOfPrograms = flag.Uint64("seed", 1, "seed of random programs")
	programs       = flag.Int("programs", 1500, "number of random programs")
)

// TestRandomPrograms writes small programs at random and wants topdown's answer for
// each, or a declaration that there is none.
func TestRandomPrograms(t *testing.T) {
	random := rand.New(rand.NewPCG(*seedOfPrograms, 1))
	counts := map[string]int{}
	for range *programs / part {
		module := writer{Rand: random}.module()
		compiler, err := ast.CompileModulesWithOpt(map[string]string{"p.rego": module}, ast.CompileOpts{ParserOptions: ast.ParserOptions{RegoVersion: ast.RegoV1}})
		if err != nil {
			counts["does not compile"]++
			continue
		}
		query := ast.MustParseBody("x = data.p")
		compiled, err := compiler.QueryCompiler().Compile(query)
		if err != nil {
			t.Fatal(err)
		}
		policy, err := Plan(t.Context(), compiler, query)
		if err != nil {
			counts["no plan"]++
			continue
		}
		program, err := Compile(policy, Options{})
		if err != nil {
			t.Fatalf("%s\n%v", module, err)
		}
		for range 3 {
			input := ast.MustParseTerm(writer{Rand: random}.document(3))
			plain, err := FromAST(input.Value)
			if err != nil {
				t.Fatal(err)
			}
			store := inmem.NewFromObject(map[string]any{})
			txn := storage.NewTransactionOrDie(t.Context(), store)
			results, wantErr := topdown.NewQuery(compiled).WithCompiler(compiler).WithStore(store).WithTransaction(txn).WithInput(input).Run(t.Context())
			store.Abort(t.Context(), txn)
			want := "undefined"
			if len(results) == 1 {
				want = results[0]["x"].Value.String()
			}
			got := "undefined"
			found, err := program.Eval(t.Context(), Request{Input: plain, Data: map[string]any{}})
			var unsupported *Unsupported
			switch {
			case errors.As(err, &unsupported) && unsupported.Cause != "panic":
				counts["left to topdown"]++
				if wantErr != nil {
					counts["of these, errors of topdown"]++
				}
				continue
			case err != nil:
				t.Fatalf("%s\ninput: %v\n%v", module, input, err)
			case len(found) == 1:
				value, _ := Get(found[0], "x")
				got = text(value)
			}
			if topdown.IsError(wantErr) && strings.Contains(wantErr.Error(), "eval_internal_error") {
				counts["topdown fails"]++
				continue
			}
			counts["equal"]++
			if wantErr != nil || got != want {
				t.Fatalf("%s\ninput: %v\ngot  %s\nwant %s, %v", module, input, got, want, wantErr)
			}
		}
	}
	t.Logf("%v", counts)
}

// A writer writes Rego: variables are the names in scope. It writes no numbers that are
// equal and have different texts, because which of them an indexed comprehension of
// topdown gives back is a matter of its index; and it compares no variable for equality
// with what holds it, on which topdown recurses without end.
type writer struct {
	*rand.Rand
	scope []string
	names *int
}

func (w writer) one(words ...string) string { return words[w.IntN(len(words))] }

func (w writer) module() string {
	w.names = new(int)
	var b strings.Builder
	b.WriteString("package p\n")
	for range 1 + w.IntN(2) {
		fmt.Fprintf(&b, "f(x) := y if { %s; y := %s }\n", w.in("x").body(1), w.in("x").term(1))
	}
	if w.IntN(2) == 0 {
		fmt.Fprintf(&b, "f(%s) := %s\n", w.scalar(), w.scalar())
	}
	if w.IntN(2) == 0 {
		fmt.Fprintf(&b, "g(x, y) if { %s }\n", w.in("x", "y").body(1))
		fmt.Fprintf(&b, "g(x, y) if { %s }\n", w.in("x", "y").body(1))
	} else {
		b.WriteString("g(x, y) if x == y\n")
	}
	if w.IntN(2) == 0 {
		fmt.Fprintf(&b, "default q := %s\n", w.scalar())
	}
	fmt.Fprintf(&b, "q := v if { %s; v := %s } else := %s if { %s }\n", w.body(2), w.term(1), w.scalar(), w.body(1))
	for range 1 + w.IntN(3) {
		text, scope := w.bodyOf(3)
		fmt.Fprintf(&b, "r contains %s if { %s }\n", writer{w.Rand, scope, w.names}.term(2), text)
	}
	for range w.IntN(3) {
		text, scope := w.bodyOf(2)
		v := writer{w.Rand, scope, w.names}
		fmt.Fprintf(&b, "o[%s] := %s if { %s }\n", v.known(), v.term(1), text)
	}
	for range w.IntN(2) {
		text, scope := w.bodyOf(2)
		v := writer{w.Rand, scope, w.names}
		fmt.Fprintf(&b, "e[%s] contains %s if { %s }\n", v.known(), v.term(1), text)
		fmt.Fprintf(&b, "t.sub[%s] := %s if { %s }\n", v.known(), v.term(1), text)
		fmt.Fprintf(&b, "t.fixed := %s if { %s }\n", v.term(1), text)
	}
	for i := range w.IntN(3) { // what uses the other rules
		text, scope := w.in("r", "o", "q").bodyOf(3)
		v := writer{w.Rand, scope, w.names}
		fmt.Fprintf(&b, "c%d := %s if { %s }\n", i, v.term(2), text)
		fmt.Fprintf(&b, "l%d := [%s | %s]\n", i, v.simple(), text)
		fmt.Fprintf(&b, "n%d contains [x, y] if { some x, y in %s; not %s }\n", i, w.one("r", "o", "q"), w.in("x", "y").known())
		fmt.Fprintf(&b, "k%d if { %s[%s] }\n", i, w.one("r", "o", "q"), w.known())
		fmt.Fprintf(&b, "w%d := v if { v := %s with input as %s }\n", i, w.one("r", "o", "q", "f(1)"), w.document(2))
	}
	return b.String()
}

func (w writer) in(names ...string) writer {
	return writer{w.Rand, append(w.scope[:len(w.scope):len(w.scope)], names...), w.names}
}

func (w writer) fresh() string {
	*w.names++
	return fmt.Sprint("v", *w.names)
}

func (w writer) scalar() string {
	return w.one("null", "true", "false", "0", "1", "2", "3", "0.5", "-1", "1000000", "1e+21", `""`, `"a"`, `"b"`, `"a/b"`, `"1"`)
}

// document is a JSON value.
func (w writer) document(depth int) string {
	if depth == 0 {
		return w.scalar()
	}
	switch w.IntN(5) {
	case 0, 1:
		return fmt.Sprintf(`{"a": %s, "b": %s}`, w.document(depth-1), w.document(depth-1))
	case 2:
		return fmt.Sprintf("[%s, %s]", w.document(depth-1), w.document(depth-1))
	case 3:
		return fmt.Sprintf(`{"a": [%s, %s, %s], "b": {"a": %s}}`, w.document(depth-1), w.document(depth-1), w.scalar(), w.document(depth-1))
	}
	return w.scalar()
}

// known is a variable, or something of the input.
func (w writer) known() string {
	if len(w.scope) > 0 && w.IntN(3) > 0 {
		return w.scope[w.IntN(len(w.scope))]
	}
	return w.one("input.a", "input.b", "input.a.b", "input.b[0]", "input.a[1]", "input", "input.a.a")
}

func (w writer) term(depth int) string {
	if depth <= 0 || w.IntN(3) == 0 {
		return w.one(w.scalar(), w.known(), w.known())
	}
	d := depth - 1
	switch w.IntN(16) {
	case 0:
		return fmt.Sprintf("[%s, %s]", w.term(d), w.term(d))
	case 1:
		return fmt.Sprintf("{%s: %s, \"k\": %s}", w.one(`"a"`, "1", w.known()), w.term(d), w.term(d))
	case 2:
		return fmt.Sprintf("{%s, %s}", w.term(d), w.term(d))
	case 3:
		text, scope := w.bodyOf(2)
		return fmt.Sprintf("[%s | %s]", writer{w.Rand, scope, w.names}.simple(), text)
	case 4:
		text, scope := w.bodyOf(2)
		return fmt.Sprintf("{%s | %s}", writer{w.Rand, scope, w.names}.simple(), text)
	case 5:
		text, scope := w.bodyOf(1)
		return fmt.Sprintf("{%s: %s | %s}", writer{w.Rand, scope, w.names}.known(), writer{w.Rand, scope, w.names}.simple(), text)
	case 6:
		return fmt.Sprintf("count(%s)", w.term(d))
	case 7:
		return fmt.Sprintf("object.get(%s, %s, %s)", w.known(), w.one(`"a"`, `["a", "b"]`, `["a", 0]`), w.scalar())
	case 8:
		return fmt.Sprintf(`sprintf("%s", [%s, %s])`, w.one("%v %v", "%d %s", "%q %v"), w.term(d), w.known())
	case 9:
		return fmt.Sprintf("array.concat(%s, %s)", w.known(), w.known())
	case 10:
		return fmt.Sprintf("%s %s %s", w.known(), w.one("+", "-", "*", "/", "%"), w.one("1", "2", w.known()))
	case 11:
		return fmt.Sprintf("%s(%s)", w.one("to_number", "type_name", "is_string", "is_array", "lower", "sum", "max", "min", "sort", "json.marshal", "object.keys"), w.known())
	case 12:
		return fmt.Sprintf("%s[%s]", w.known(), w.one("0", `"a"`, w.known()))
	case 13:
		return fmt.Sprintf("split(%s, %s)", w.known(), w.one(`"/"`, `""`))
	case 14:
		return fmt.Sprintf("object.union(%s, %s)", w.known(), w.known())
	}
	return w.known()
}

// simple is a term without operators, which a comprehension begins with.
func (w writer) simple() string {
	if w.IntN(2) == 0 {
		return fmt.Sprintf("[%s, %s]", w.known(), w.known())
	}
	return w.known()
}

func (w writer) body(n int) string {
	text, _ := w.bodyOf(n)
	return text
}

// bodyOf is a body, with what is in scope at its end.
func (w writer) bodyOf(n int) (text string, scope []string) {
	var lines []string
	for range 1 + w.IntN(n+1) {
		line, names := w.expr(n)
		lines = append(lines, line)
		w = w.in(names...)
	}
	return strings.Join(lines, "; "), w.scope
}

func (w writer) expr(depth int) (text string, names []string) {
	switch w.IntN(16) {
	case 0, 1:
		v := w.fresh()
		return fmt.Sprintf("%s := %s", v, w.term(depth)), []string{v}
	case 2, 3, 4:
		v := w.fresh()
		return fmt.Sprintf("some %s in %s", v, w.one("input", w.known(), w.term(1))), []string{v}
	case 5, 6:
		k, v := w.fresh(), w.fresh()
		return fmt.Sprintf("some %s, %s in %s", k, v, w.one("input", w.known())), []string{k, v}
	case 7:
		return fmt.Sprintf("%s %s %s", w.known(), w.one("!=", "<", "<=", ">", ">="), w.term(1)), nil
	case 8:
		return fmt.Sprintf("%s%s == %s", w.one("", "not "), w.known(), w.term(0)), nil
	case 9:
		return fmt.Sprintf("not %s", w.known()), nil
	case 10:
		v := w.fresh()
		return fmt.Sprintf("every %s in %s { %s != %s }", v, w.known(), v, w.term(0)), nil
	case 11:
		a, b := w.fresh(), w.fresh()
		return fmt.Sprintf("%s = [%s, %s]", w.known(), a, b), []string{a, b}
	case 12:
		k := w.fresh()
		return fmt.Sprintf("some %s; %s[%s] == %s", k, w.one("input", "input.a", "input.b"), k, w.term(0)), []string{k}
	case 13:
		return fmt.Sprintf("%s in %s", w.known(), w.term(1)), nil
	case 14:
		if depth < 2 {
			return w.known(), nil // no functions within functions
		}
		v := w.fresh()
		return w.one(fmt.Sprintf("%s := f(%s)", v, w.known()), fmt.Sprintf("%s := f(%s) with input as %s", v, w.known(), w.document(2)), fmt.Sprintf("%s := f(1) with input.a as %s", v, w.known())), []string{v}
	}
	if depth < 2 {
		return w.known(), nil
	}
	return fmt.Sprintf("g(%s, %s)", w.known(), w.term(0)), nil
}
