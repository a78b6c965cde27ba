package vm

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// subject is input.object of the tests of traces.
func subject() map[string]any {
	shared, same := map[string]any{"memory": "1Gi"}, map[string]any{"memory": "2Gi"}
	return map[string]any{
		"kind": "Pod",
		"spec": map[string]any{
			"hostNetwork": true,
			"empty":       []any{},
			"same":        map[string]any{"a": same, "b": same, "c": same, "d": same},
			"containers": []any{
				map[string]any{"name": "a", "image": "one", "limits": shared, "add": []any{"X", "Y"}},
				map[string]any{"name": "b", "image": "two", "limits": shared},
				map[string]any{"name": "c"},
			},
		},
	}
}

// readText is a trace of one text: a path a line, from the last, with ? where it is
// missing, in parentheses if it was read aside.
func readText(reads []Read) string {
	if reads == nil {
		return "none"
	}
	var lines []string
	for _, read := range reads {
		var line strings.Builder
		for _, step := range read.Path {
			fmt.Fprintf(&line, ".%v", step)
		}
		if !read.Found {
			line.WriteString("?")
		}
		if read.Aside {
			lines = append(lines, "("+line.String()+")")
		} else {
			lines = append(lines, line.String())
		}
	}
	return strings.Join(lines, " ")
}

func TestTrace(t *testing.T) {
	const spec = "\ncontainers := input.object.spec.containers\n"
	for _, tc := range []struct{ name, module, text, want string }{
		{"field", `r contains {"msg": "m"} if input.object.spec.hostNetwork == true`, "m", ".spec.hostNetwork .spec"},
		{"text as an element", `r contains "m" if input.object.kind == "Pod"`, "m", ".kind"},
		{"not made", `r contains "x" if input.object.kind == "Pod"`, "m", "none"},
		{"nothing read", `r contains "m" if input.y == 1`, "m", ""},
		{"missing, with what would have been read", `r contains "m" if not input.object.spec.security.user.id`, "m", ".spec.security.user.id? .spec"},
		{
			"the round of a loop", `r contains m if { some c in containers; m := sprintf("bad %s", [c.image]) }` + spec, "bad two",
			".spec.containers.1.image .spec.containers.1 .spec.containers .spec",
		},
		{
			"a loop that was over", `r contains "m" if { n := count([c | some c in containers; not c.limits]); n > 0 }` + spec, "m",
			"(.spec.containers.2.limits?) (.spec.containers.2) (.spec.containers.1.limits) (.spec.containers.1) (.spec.containers.0.limits) (.spec.containers.0) .spec.containers .spec",
		},
		{"another clause", "r contains \"x\" if input.object.kind == \"Job\"\nr contains \"m\" if input.object.spec.hostNetwork", "m", ".spec.hostNetwork .spec"},
		{"clauses of a function", "r contains \"m\" if f(input.object)\nf(o) if o.x\nf(o) if o.y\nf(o) if o.kind == \"Pod\"", "m", ".kind .y? .x?"},
		{
			"a rule that was known", "r contains \"m\" if q\nr contains \"n\" if { input.object.kind; q }\nq if input.object.spec.hostNetwork", "n",
			".spec.hostNetwork .spec .kind",
		},
		{
			"a call that was known", `r contains m if { some i in [1, 2]; f(input.object); m := sprintf("%d", [i]) }` + "\nf(o) if { count([c | some c in o.spec.containers]) == 3 }", "2",
			"(.spec.containers.2) (.spec.containers.1) (.spec.containers.0) .spec.containers .spec",
		},
		{
			"a value that a set carries", "r contains m if { some c in found; not c.image; m := concat(\" \", [c.name, \"has none\"]) }\nfound contains c if some c in input.object.spec.containers", "c has none",
			".spec.containers.2.name .spec.containers.2.image? .spec.containers.2 (.spec.containers.1) (.spec.containers.0) .spec.containers .spec",
		},
		{
			"a value that an object carries", `r contains m if { some x in [{"of": c} | some c in containers]; x.of.name == "b"; m := "m" }` + spec, "m",
			".spec.containers.1.name .spec.containers.1 (.spec.containers.2) (.spec.containers.0) .spec.containers .spec",
		},
		{
			"object.get", `r contains "m" if object.get(input.object, ["spec", "pid", "limit"], 0) == 0`, "m", ".spec.pid.limit? .spec",
		},
		{"in", `r contains "m" if "Y" in containers[0].add` + spec, "m", ".spec.containers.0.add.1 .spec.containers.0.add .spec.containers.0 .spec.containers .spec"},
		{"an alias, where it was read", `r contains m if { some c in containers; c.name == "b"; m := c.limits.memory }` + spec, "1Gi", ".spec.containers.1.limits.memory .spec.containers.1.limits .spec.containers.1.name .spec.containers.1 .spec.containers .spec"},
		{"an alias of which nobody knows where it was read", `r contains "m" if object.union({"e": 1}, input.object.spec.same).b.memory`, "m", ".spec.same.d.memory .spec.same.d .spec.same .spec"},
		{"an empty list", `r contains "m" if count(input.object.spec.empty) == 0`, "m", ".spec.empty .spec"},
		{"keys", `r contains k if { some k, _ in containers[0]; k == "add" }` + spec, "add", ".spec.containers.0.add .spec.containers.0 .spec.containers .spec"},
		{"a value by key", `r[c.name] := {"msg": "m"} if { some c in containers; c.name == "c" }` + spec, "m", ".spec.containers.2.name .spec.containers.2 .spec.containers .spec"},
		{"another input", `r contains "m" if q with input as {"object": {"spec": 1}}` + "\nq if input.object.spec", "m", ""},
	} {
		program, rule := ruleOf(t, tc.module)
		object := subject()
		request := Request{Input: map[string]any{"object": object, "y": 1}, Data: Tree{}, Memo: NewMemo(program)}
		reads, err := rule.Trace(t.Context(), request, Trace{Subject: object, Texts: []string{tc.text, tc.text}})
		if err != nil || len(reads) != 2 {
			t.Errorf("%s: Trace gives %d traces, %v, want two", tc.name, len(reads), err)
			continue
		}
		for _, read := range reads {
			if got := readText(read); got != tc.want {
				t.Errorf("%s: %s\nTrace of %q:\ngot  %s\nwant %s", tc.name, tc.module, tc.text, got, tc.want)
			}
		}
	}
}

// TestTraceEnds traces what needs more than it may: what was made until then is told.
func TestTraceEnds(t *testing.T) {
	long := make([]any, mostNoted)
	for i := range long {
		long[i] = i
	}
	object := map[string]any{"long": long, "kind": "Pod"}
	_, rule := ruleOf(t, "r := n if { count(q) == 1; n := sum([x | some x in input.object.long]) }\nq := {m | input.object.kind == \"Pod\"; m := \"m\"}")
	for _, tc := range []struct {
		name   string
		budget *Budget
	}{
		{"the bound of a trace", nil},
		{"the limit of the request", &Budget{Limits: Limits{Steps: 5000}}},
	} {
		reads, err := rule.Trace(t.Context(), Request{Input: map[string]any{"object": object}, Data: Tree{}, Budget: tc.budget}, Trace{object, []string{"m", "n"}})
		if !errors.Is(err, ErrLimit) || len(reads) != 2 || readText(reads[0]) != ".kind" || reads[1] != nil {
			t.Errorf("%s: Trace = %v, %v, want .kind, none, and ErrLimit", tc.name, reads, err)
		}
	}
}

// TestTraceLeavesEvalAlone evaluates the program of a trace, before and after it.
func TestTraceLeavesEvalAlone(t *testing.T) {
	_, rule := ruleOf(t, `r contains c.name if some c in input.object.spec.containers`)
	object := subject()
	request := Request{Input: map[string]any{"object": object}, Data: Tree{}}
	for range 2 {
		if got, err := rule.Eval(t.Context(), request); err != nil || text(got) != `{"a", "b", "c"}` {
			t.Errorf("Eval = %v, %v, want the names", got, err)
		}
		if reads, err := rule.Trace(t.Context(), request, Trace{object, []string{"b"}}); err != nil || readText(reads[0]) == "none" {
			t.Errorf("Trace = %v, %v, want reads", reads, err)
		}
	}
}

// TestTraceTellsSoMuch traces as many texts as there are elements, each of which has read
// all of them.
func TestTraceTellsSoMuch(t *testing.T) {
	const elements = 1500
	list, texts := make([]any, elements), make([]string, elements)
	for i := range list {
		texts[i] = fmt.Sprintf("bad n%d", i)
		list[i] = map[string]any{"name": fmt.Sprintf("n%d", i)}
	}
	object := map[string]any{"list": list}
	_, rule := ruleOf(t, "r contains m if { some c in found; m := concat(\" \", [\"bad\", c.name]) }\nfound contains c if some c in input.object.list")
	reads, err := rule.Trace(t.Context(), Request{Input: map[string]any{"object": object}, Data: Tree{}}, Trace{object, texts})
	if err != nil {
		t.Fatal(err)
	}
	told, most, without := 0, 0, 0
	for _, read := range reads {
		told, most = told+len(read), max(most, len(read))
		if read == nil {
			without++
		}
	}
	if most != mostReads || told < mostTold || told >= mostTold+mostReads || without == 0 || without == elements {
		t.Errorf("Trace of %d texts tells %d reads, at most %d for a text and none for %d; want %d, %d, and some", elements, told, most, without, mostTold, mostReads)
	}
}
