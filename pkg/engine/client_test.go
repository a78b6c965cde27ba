package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/refdata"
	"github.com/memgate/memgate/pkg/review"
)

func TestReview(t *testing.T) {
	policies := []string{
		template("Always", always),
		constraint("Always", "all", `{}`),
		constraint("Always", "audit", `{enforcementAction: scoped, scopedEnforcementActions: [{action: deny, enforcementPoints: [{name: audit.gatekeeper.sh}]}]}`),
		constraint("Always", "named", `{enforcementAction: warn, match: {name: api}}`),
		constraint("Always", "here", `{enforcementAction: scoped, scopedEnforcementActions: [{action: warn, enforcementPoints: [{name: "*"}]}, {action: deny, enforcementPoints: [{name: gator.gatekeeper.sh}]}], parameters: {size: 1000000}}`),
		constraint("Always", "selected", `{enforcementAction: dryrun, match: {namespaceSelector: {matchLabels: {a: b}}}}`),
		template("Never", "package never\n\nviolation contains {\"msg\": \"x\"} if input.review.name == \"other\"\n"),
		constraint("Never", "never", `{}`),
		strings.Replace(template("Native", always), "engine: Rego", "engine: Other", 1),
		constraint("Native", "native", `{}`),
		constraint("Native", "unmatched", `{match: {kinds: [{kinds: [Node]}]}}`),
	}
	c := newClient(t, Options{Point: policy.OfflinePoint}, policies...)
	want := `Always/all [deny] judged; saw web map[]
Always/audit [] not enforced
Always/here [deny warn] judged; saw web map[size:1000000]
Always/named [warn] not matched by name
Always/selected [dryrun] not judged: namespace unknown: namespace unknown: Namespace "shop" of Pod "web" is not among the input (spec.match.namespaceSelector)
Native/native [deny] not judged: engine not supported: the template has neither Rego nor CEL code
Native/unmatched [deny] not matched by kinds
Never/never [deny] judged
`
	if got := tellAll(c.Review(t.Context(), reviewOf(t, pod))); got != want {
		t.Errorf("Review:\n%swant:\n%s", got, want)
	}
	if got := len(c.Constraints()); got != 8 {
		t.Errorf("%d Constraints(), want 8", got)
	}
	if got := c.Review(t.Context(), reviewOf(t, pod))[2].Action(); got != policy.Deny {
		t.Errorf("Action of [deny warn] = %q, want deny", got)
	}
}

// An error of one constraint is its own.
func TestEvaluationError(t *testing.T) {
	const rego = `package a

size := "large" if input.parameters.large

size := "small" if input.parameters.small

violation contains {"msg": size, "details": {"parameters": input.parameters}}

violation contains {"msg": input.parameters.msg}
`
	c := newClient(t, Options{}, template("A", rego),
		constraint("A", "both", "{parameters: {large: true, small: true}}"),
		constraint("A", "large", "{parameters: {large: true}}"),
		constraint("A", "number", "{parameters: {small: true, msg: 3}}"),
		template("B", always), constraint("B", "b", "{}"))
	want := `A/both [deny] not judged: evaluation error: template:5: eval_conflict_error: rule data.template.size produced conflicting values:
  "large" at template:3
  "small" at template:5
A/large [deny] judged; large map[parameters:map[large:true]]
A/number [deny] not judged: evaluation error: violation: msg: got 3, want a string
B/b [deny] judged; saw web map[]
`
	outcomes := c.Review(t.Context(), reviewOf(t, pod))
	if got := tellAll(outcomes); got != want {
		t.Errorf("Review:\n%swant:\n%s", got, want)
	}
	var fault *EvalError
	if !errors.As(outcomes[0].Err, &fault) {
		t.Errorf("Err = %#v, want an *EvalError", outcomes[0].Err)
	}
}

func TestOperations(t *testing.T) {
	only := strings.Replace(template("Only", always), "target: admission.k8s.gatekeeper.sh,", "target: admission.k8s.gatekeeper.sh, operations: [UPDATE, DELETE],", 1)
	star := strings.Replace(template("Star", always), "target: admission.k8s.gatekeeper.sh,", `target: admission.k8s.gatekeeper.sh, operations: ["*"],`, 1)
	for _, tc := range []struct {
		point, operation, want string
	}{
		{policy.WebhookPoint, "CREATE", "Only/a [deny] not enforced\nStar/a [deny] judged; saw web map[]\n"},
		{policy.WebhookPoint, "UPDATE", "Only/a [deny] judged; saw web map[]\nStar/a [deny] judged; saw web map[]\n"},
		{policy.OfflinePoint, "CREATE", "Only/a [deny] judged; saw web map[]\nStar/a [deny] judged; saw web map[]\n"},
	} {
		c := newClient(t, Options{Point: tc.point}, only, constraint("Only", "a", "{}"), star, constraint("Star", "a", "{}"))
		r, err := review.FromRequest(map[string]any{"operation": tc.operation, "name": "web", "object": object(t, pod)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := tellAll(c.Review(t.Context(), r)); got != tc.want {
			t.Errorf("Review of %s at %s:\n%swant:\n%s", tc.operation, tc.point, got, tc.want)
		}
	}
}

// Reference data that is incomplete stops what reads it, and nothing else.
func TestReviewWithoutAllData(t *testing.T) {
	const reads = `package a

violation contains {"msg": name} if data.inventory.cluster["v1"].Node[name]
`
	c := newClient(t, Options{RefdataLimit: 80}, template("Always", always), constraint("Always", "a", "{}"), template("Reads", reads), constraint("Reads", "a", "{}"))
	first := `{apiVersion: v1, kind: Node, metadata: {name: first}}`
	if err := c.AddData(t.Context(), object(t, first)); err != nil {
		t.Fatal(err)
	}
	want := "Always/a [deny] judged; saw web map[]\nReads/a [deny] judged; first map[]\n"
	if got := tellAll(c.Review(t.Context(), reviewOf(t, pod))); got != want {
		t.Errorf("Review:\n%swant:\n%s", got, want)
	}
	if err := c.AddData(t.Context(), object(t, strings.Replace(first, "first", "second", 1))); !errors.Is(err, refdata.ErrLimit) {
		t.Errorf("AddData beyond the limit: %v, want refdata.ErrLimit", err)
	}
	want = "Always/a [deny] judged; saw web map[]\nReads/a [deny] not judged: reference data missing: reference data limit reached: 61 bytes are in use, cluster/v1/Node/second needs 62, the limit is 80\n"
	if got := tellAll(c.Review(t.Context(), reviewOf(t, pod))); got != want {
		t.Errorf("Review:\n%swant:\n%s", got, want)
	}
}

func TestNamespaceObject(t *testing.T) {
	c := newClient(t, Options{}, template("A", "package a\n\nviolation contains {\"msg\": json.marshal(input.review.namespaceObject)}\n"), constraint("A", "a", "{}"))
	for namespace, want := range map[string]string{
		"": `{}`,
		`{apiVersion: v1, kind: Namespace, metadata: {name: shop, generation: 1000000}}`: `{"apiVersion":"v1","kind":"Namespace","metadata":{"generation":1e+06,"name":"shop"}}`,
	} {
		var options review.Options
		if namespace != "" {
			options.Namespace = object(t, namespace)
		}
		outcomes := c.Review(t.Context(), review.New(object(t, pod), options))
		if got := outcomes[0].Violations[0].Message; got != want {
			t.Errorf("namespaceObject of %q = %s, want %s", namespace, got, want)
		}
	}
}

const endless = `package endless

violation contains {"msg": "never"} if {
	some i in numbers.range(1, 100000)
	some j in numbers.range(1, 100000)
	i * j == input.parameters.none
}
`

// The end of the context ends an evaluation that would take hours, and what comes after.
func TestReviewStops(t *testing.T) {
	c := newClient(t, Options{}, template("Endless", endless), constraint("Endless", "a", "{parameters: {none: -1}}"), template("Last", always), constraint("Last", "a", "{}"))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	want := "Endless/a [deny] not judged: evaluation error: evaluation stopped: context deadline exceeded\nLast/a [deny] not judged: evaluation error: evaluation stopped: context deadline exceeded\n"
	for _, when := range []string{"while it runs", "before it starts"} {
		outcomes := c.Review(ctx, reviewOf(t, pod))
		if got := tellAll(outcomes); got != want {
			t.Errorf("Review whose context ends %s:\n%swant:\n%s", when, got, want)
		}
		if !errors.Is(outcomes[0].Err, context.DeadlineExceeded) {
			t.Errorf("Err = %v, want context.DeadlineExceeded in it", outcomes[0].Err)
		}
	}
	stop, cause := context.WithCancelCause(t.Context())
	cause(errors.New("shutting down"))
	if got, want := c.Review(stop, reviewOf(t, pod))[0].Err.Error(), "evaluation stopped: shutting down"; got != want {
		t.Errorf("Err = %q, want %q", got, want)
	}
}

func TestViolationPath(t *testing.T) {
	for _, tc := range []struct {
		details any
		want    []any
	}{
		{map[string]any{"path": []any{"spec", "containers", json.Number("0"), "image"}}, []any{"spec", "containers", 0, "image"}},
		{map[string]any{"path": []any{}}, []any{}},
		{map[string]any{"path": []any{"a", json.Number("1.5")}}, nil},
		{map[string]any{"path": []any{"a", nil}}, nil},
		{map[string]any{"path": []any{"a", []any{"b"}}}, nil},
		{map[string]any{"path": "spec.containers"}, nil},
		{map[string]any{}, nil},
		{[]any{"path"}, nil},
		{nil, nil},
	} {
		if got := (Violation{Details: tc.details}).Path(); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("Path() of details %v = %#v, want %#v", tc.details, got, tc.want)
		}
	}
	// As rules return it.
	c := newClient(t, Options{}, template("A", `package a

violation contains {"msg": "x", "details": {"path": array.concat(["spec", "containers"], [i, c.name])}} if some i, c in input.review.object.spec.containers
`), constraint("A", "a", "{}"))
	o := c.Review(t.Context(), reviewOf(t, `{apiVersion: v1, kind: Pod, spec: {containers: [{}, {name: b}]}}`))[0]
	if got, want := o.Violations[0].Path(), []any{"spec", "containers", 1, "b"}; len(o.Violations) != 1 || !reflect.DeepEqual(got, want) {
		t.Errorf("Path() of %v = %v, want %v", o.Violations, got, want)
	}
}

// Details are the caller's: what a rule passes on from the inventory is a copy, and its
// numbers are written as those of a review.
func TestDetailsAreCopied(t *testing.T) {
	c := newClient(t, Options{}, template("A", `package a

violation contains {"msg": "x", "details": data.inventory}
`), constraint("A", "a", "{}"))
	if err := c.AddData(t.Context(), object(t, `{apiVersion: v1, kind: Node, metadata: {name: node1}, status: {pods: 1000000, list: [0.5, 1]}}`)); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"cluster": map[string]any{"v1": map[string]any{"Node": map[string]any{"node1": map[string]any{
		"apiVersion": "v1", "kind": "Node", "metadata": map[string]any{"name": "node1"},
		"status": map[string]any{"pods": json.Number("1e+06"), "list": []any{json.Number("0.5"), json.Number("1")}},
	}}}}}
	for range 2 {
		details := c.Review(t.Context(), reviewOf(t, pod))[0].Violations[0].Details
		if !reflect.DeepEqual(details, want) {
			t.Fatalf("details = %#v, want %#v", details, want)
		}
		clear(details.(map[string]any)["cluster"].(map[string]any))
	}
}

func TestReason(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want string
	}{
		{review.ErrNamespace, ReasonNamespace},
		{fmt.Errorf("a: %w", review.ErrNamespace), ReasonNamespace},
		{refdata.ErrLimit, ReasonRefdata},
		{ErrNoCode, ReasonEngine},
		{&EvalError{errors.New("conflict")}, ReasonEvaluation},
		{context.Canceled, ReasonEvaluation},
	} {
		if got := Reason(tc.err); got != tc.want {
			t.Errorf("Reason(%v) = %q, want %q", tc.err, got, tc.want)
		}
	}
}

// Reviews run beside one another and beside changes of the data.
func TestConcurrentReviews(t *testing.T) {
	const reads = `package a

violation contains {"msg": name, "details": data.inventory} if data.inventory.cluster["v1"].Node[name].fixed
`
	c := newClient(t, Options{}, template("Always", always), constraint("Always", "a", "{}"), template("Reads", reads), constraint("Reads", "a", "{}"))
	if err := c.AddData(t.Context(), object(t, `{apiVersion: v1, kind: Node, fixed: true, metadata: {name: first}}`)); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	r := reviewOf(t, pod)
	var workers sync.WaitGroup
	for w := range 4 {
		workers.Go(func() {
			for i := range 25 {
				outcomes := c.Review(ctx, r)
				if len(outcomes) != 2 || len(outcomes[0].Violations) != 1 || len(outcomes[1].Violations) != 1 || outcomes[1].Violations[0].Message != "first" {
					t.Errorf("Review %d of worker %d: %s", i, w, tellAll(outcomes))
				}
				if _, err := json.Marshal(outcomes[1].Violations); err != nil {
					t.Error(err)
				}
			}
		})
		workers.Go(func() {
			for i := range 25 {
				node := map[string]any{"apiVersion": "v1", "kind": "Node", "metadata": map[string]any{"name": fmt.Sprintf("n%d-%d", w, i)}}
				if err := c.AddData(ctx, node); err != nil {
					t.Error(err)
				}
				_ = c.Namespace(ctx, "shop")
				_ = c.NeedsData()
			}
		})
	}
	workers.Wait()
	if got := c.Data().Len(); got != 101 {
		t.Errorf("%d objects of data, want 101", got)
	}
}
