package engine

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/memgate/memgate/pkg/engine/vm"
)

func TestUnknownEngine(t *testing.T) {
	_, err := NewClient(newSet(t), Options{Engine: "wasm"})
	if want := `engine "wasm": want topdown, vm or verify`; err == nil || err.Error() != want {
		t.Errorf("NewClient: got error %v, want %s", err, want)
	}
}

// TestEngines wants the same outcomes from every engine, and counts where the VM had
// none of its own.
func TestEngines(t *testing.T) {
	policies := []string{
		template("A", always), constraint("A", "a", "{parameters: {size: 1000000, rate: 0.5}}"),
		template("Numbers", `package a

violation contains {"msg": sprintf("%v %v", [input.review.object.size, input.parameters.size]), "details": {"sum": input.review.object.size + input.parameters.size, "list": [input.review.object.size, {1, 2}]}}
`), constraint("Numbers", "a", "{parameters: {size: 1000000}}"),
		template("Conflict", `package a

size := 1 if input.review.name

size := 2 if input.review.name

violation contains {"msg": "size", "details": size}
`), constraint("Conflict", "a", "{}"),
		template("Data", `package a

violation contains {"msg": name} if {
	some name
	data.inventory.cluster["v1"].Node[name].spec
}
`), constraint("Data", "a", "{}"),
		template("Silent", "package a\n\nviolation contains object.union({\"details\": 1}, input.parameters) if true\n"), constraint("Silent", "a", "{}"),
		template("Number", "package a\n\nviolation contains {\"msg\": x} if some x in [1, \"one\", \"one\"]\n"), constraint("Number", "a", "{}"),
	}
	want := ""
	for _, engine := range []string{"", Topdown, VM, Verify} {
		c := newClient(t, Options{Engine: engine}, policies...)
		for _, node := range []string{`{apiVersion: v1, kind: Node, metadata: {name: b}, spec: {}}`, `{apiVersion: v1, kind: Node, metadata: {name: a}, spec: {}}`} {
			if err := c.AddData(t.Context(), object(t, node)); err != nil {
				t.Fatal(err)
			}
		}
		got := tellAll(c.Review(t.Context(), reviewOf(t, `{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}, size: 1000000}`)))
		if engine == "" {
			want = got
		}
		if got != want {
			t.Errorf("engine %q gives\n%swant\n%s", engine, got, want)
		}
		wantFallbacks := map[string]int{"conflict": 1}
		if engine == Topdown {
			wantFallbacks = nil
		}
		if got := c.Fallbacks(); !reflect.DeepEqual(got, wantFallbacks) {
			t.Errorf("engine %q: Fallbacks() = %v, want %v", engine, got, wantFallbacks)
		}
	}
	for _, part := range []string{"1e+06 1000000", "sum:2000000", "b map[]", "eval_conflict_error"} {
		if !strings.Contains(want, part) {
			t.Errorf("outcomes without %q:\n%s", part, want)
		}
	}
}

// TestVerify wants a difference between the evaluators to be an error, not a verdict.
func TestVerify(t *testing.T) {
	c := newClient(t, Options{Engine: Verify}, template("A", always), constraint("A", "a", "{}"),
		template("B", "package b\n\nviolation contains {\"msg\": \"other\"}\n"), constraint("B", "b", "{}"))
	c.entries[0].program.plan, c.entries[0].program.rule = c.entries[1].program.plan, c.entries[1].program.rule
	outcomes := c.Review(t.Context(), reviewOf(t, pod))
	want := "the evaluators differ: topdown gives [{Message:saw web Details:map[]}], vm gives [{Message:other Details:map[]}]"
	if o := outcomes[0]; o.Status != NotJudged || o.Err == nil || o.Err.Error() != want {
		t.Errorf("outcome = %s, want not judged: %s", told(o), want)
	}
	if o := outcomes[1]; o.Status != Judged || len(o.Violations) != 1 {
		t.Errorf("outcome = %s, want one violation", told(o))
	}
}

// TestReviewLimits wants a constraint that needs too much not to be judged, and those
// after it neither: the limit is one of the review.
func TestReviewLimits(t *testing.T) {
	const wide = `package a

violation contains {"msg": "wide"} if count({[x, y, z] | some x in numbers.range(1, 100); some y in numbers.range(1, 100); some z in [1, 2]}) > 0
`
	for _, options := range []Options{{Engine: VM, Steps: 20_000}, {Engine: VM, Bytes: 1 << 20}, {Engine: Verify, Steps: 20_000}} {
		c := newClient(t, options, template("A", always), constraint("A", "a", "{}"), template("B", wide), constraint("B", "b", "{}"))
		outcomes := c.Review(t.Context(), reviewOf(t, pod))
		if o := outcomes[0]; o.Status != Judged {
			t.Errorf("%+v: outcome = %s, want judged", options, told(o))
		}
		if o := outcomes[1]; o.Status != NotJudged || !errors.Is(o.Err, ErrLimit) || Reason(o.Err) != ReasonLimit {
			t.Errorf("%+v: outcome = %s, want not judged: %v", options, told(o), ErrLimit)
		}
	}
}

// TestVMCancelled wants the end of the context to end the VM.
func TestVMCancelled(t *testing.T) {
	c := newClient(t, Options{Engine: VM}, template("A", "package a\n\nviolation contains {\"msg\": \"wide\"} if count([1 | some x in numbers.range(1, 5000); some y in numbers.range(1, 5000); x == y]) > 0\n"), constraint("A", "a", "{}"))
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	reason := errors.New("enough")
	go cancel(reason)
	if o := c.Review(ctx, reviewOf(t, pod))[0]; o.Status != NotJudged || !errors.Is(o.Err, reason) {
		t.Errorf("outcome = %s, want not judged: %v", told(o), reason)
	}
}

// TestVMConcurrent reviews on many goroutines; the race detector looks on.
func TestVMConcurrent(t *testing.T) {
	policies := []string{
		template("A", always), constraint("A", "one", "{parameters: {list: [1, 2, {a: b}]}}"), constraint("A", "two", "{}"),
		template("B", "package b\n\nviolation contains {\"msg\": m} if { some k, v in input.review.object; m := sprintf(\"%v=%v\", [k, v]) }\n"), constraint("B", "b", "{}"),
		// Literals are made once, for all.
		template("C", "package c\n\nviolation contains {\"msg\": \"literal\", \"details\": {\"path\": [\"spec\"], \"level\": \"deny\", \"set\": {2, 1}, \"empty\": {}}} if input.review.name in {\"web\", \"other\"}\n"), constraint("C", "c", "{}"),
	}
	c := newClient(t, Options{Engine: VM}, policies...)
	r := reviewOf(t, pod)
	want := tellAll(newClient(t, Options{}, policies...).Review(t.Context(), r))
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for range 30 {
				if got := tellAll(c.Review(t.Context(), r)); got != want {
					t.Errorf("got\n%swant\n%s", got, want)
				}
			}
		})
	}
	workers.Wait()
}

// TestSnapshot wants the reference data as the VM reads it.
func TestSnapshot(t *testing.T) {
	c := newClient(t, Options{}, template("A", "package a\np if data.inventory.cluster[\"v1\"].Node"+violates), constraint("A", "a", "{}"))
	if err := c.AddData(t.Context(), object(t, `{apiVersion: v1, kind: Node, metadata: {name: a}}`)); err != nil {
		t.Fatal(err)
	}
	data, done, err := snapshotOf(t.Context(), c.data.OPA())
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	var node vm.Node = data
	if got := vm.Members(node); !reflect.DeepEqual(got, []any{"inventory"}) || node.Len() != 1 {
		t.Errorf("members of data: %v, %d; want inventory alone", got, node.Len())
	}
	inventory, _ := node.Get("inventory")
	cluster, _ := vm.Get(inventory, "cluster")
	if got := vm.Members(cluster); !reflect.DeepEqual(got, []any{"v1"}) {
		t.Errorf("members of data.inventory.cluster: %v, want v1", got)
	}
	if _, found := node.Get("other"); found {
		t.Error("data.other is there")
	}
}

// TestUnplanned wants a template that OPA cannot plan to be left to topdown, and those
// that are compiled with it to have plans of their own.
func TestUnplanned(t *testing.T) {
	const (
		lib      = "package lib.shared\n\nname := input.review.name\n"
		planned  = "package a\n\nimport data.lib.shared\n\nviolation contains {\"msg\": shared.name}\n"
		recourse = `package b

import data.lib.shared

part.a := 1

part.b := part.a

part[x] := 2 if x := shared.name

violation contains {"msg": sprintf("%v", [part.b])}
`
	)
	policies := []string{template("A", planned, lib), constraint("A", "a", "{}"), template("B", recourse, lib), constraint("B", "b", "{}")}
	c := newClient(t, Options{Engine: VM}, policies...)
	got := tellAll(c.Review(t.Context(), reviewOf(t, pod)))
	if want := tellAll(newClient(t, Options{}, policies...).Review(t.Context(), reviewOf(t, pod))); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got, want := c.Fallbacks(), map[string]int{"plan": 1}; !reflect.DeepEqual(got, want) {
		t.Errorf("Fallbacks() = %v, want %v", got, want)
	}
}
