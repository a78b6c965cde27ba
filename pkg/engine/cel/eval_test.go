package cel

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func messagesOf(t *testing.T, p *Program, r Request) []string {
	t.Helper()
	found, err := p.Eval(context.Background(), r)
	if err != nil {
		t.Fatalf("Eval: %v", err)
	}
	var texts []string
	for _, v := range found {
		texts = append(texts, v.Message)
	}
	return texts
}

// request is a review as package review makes it of an update.
func request(t *testing.T) Request {
	t.Helper()
	return Request{
		Review: decoded(t, `
uid: u1
kind: {group: apps, version: v1, kind: Deployment}
resource: {group: apps, version: v1, resource: deployments}
requestKind: {group: extensions, version: v1beta1, kind: Deployment}
subResource: scale
name: web
namespace: shop
operation: UPDATE
userInfo: {username: eve, groups: [guests]}
dryRun: true
options: {kind: UpdateOptions}
object: {metadata: {name: web}, spec: {replicas: 2}}
oldObject: {metadata: {name: web}, spec: {replicas: 1}}
namespaceObject:
  kind: Namespace
  metadata: {name: shop, labels: {team: a}, annotations: {}, generation: 3, managedFields: [{manager: kubectl}]}
  status: {phase: Active, conditions: [{type: Ready, message: ""}]}
`).(map[string]any),
		Constraint: decoded(t, `{kind: K, metadata: {name: c}, spec: {parameters: {max: 3}}}`).(map[string]any),
	}
}

func TestVariables(t *testing.T) {
	for _, holds := range []string{
		"object.spec.replicas == 2.0 && oldObject.spec.replicas == 1.0",
		"variables.anyObject == object",
		"variables.params == {'max': 3.0}",
		"variables.constraint.metadata.name == 'c'",
		"request.kind.kind == 'Deployment' && request.kind.group == 'apps' && request.resource.resource == 'deployments'",
		"request.requestKind == request.kind && request.requestResource == request.resource", // whatever the client asked for
		"request.subResource == 'scale' && request.requestSubResource == 'scale'",
		"request.name == 'web' && request.namespace == 'shop' && request.operation == 'UPDATE'",
		"request.userInfo.username == 'eve' && request.userInfo.groups == ['guests'] && !has(request.userInfo.uid)",
		"request.dryRun && request.options.kind == 'UpdateOptions'",
		"dyn(request).uid == '' && dyn(request).object == null && dyn(request).oldObject == null",
		"namespaceObject.metadata.name == 'shop' && namespaceObject.metadata.labels == {'team': 'a'} && namespaceObject.metadata.generation == 3",
		"!has(namespaceObject.metadata.annotations) && !has(namespaceObject.spec.finalizers) && namespaceObject.status.phase == 'Active'",
		"!has(dyn(namespaceObject).kind) && !has(dyn(namespaceObject).metadata.managedFields)",
		"namespaceObject.status.conditions.all(c, c.type == 'Ready' && c.status == '' && !has(c.message))",
	} {
		p, err := Compile(map[string]any{
			"variables":   []any{map[string]any{"name": "constraint", "expression": "params"}},
			"validations": []any{map[string]any{"expression": holds}},
		})
		if err != nil {
			t.Errorf("Compile(%s): %v", holds, err)
			continue
		}
		if found, err := p.Eval(context.Background(), request(t)); len(found) > 0 || err != nil {
			t.Errorf("%s: got %v, %v, want no violation", holds, found, err)
		}
	}
}

func TestVariablesOfOtherReviews(t *testing.T) {
	for _, tc := range []struct {
		name, holds string
		request     Request
	}{
		{"DELETE", "object == null && oldObject.kind == 'Pod' && variables.anyObject.kind == 'Pod'", Request{Review: map[string]any{
			"operation": "DELETE", "object": map[string]any{"kind": "Pod"}, "oldObject": map[string]any{"kind": "Pod"},
		}}},
		{"offline", "request.operation == '' && !request.dryRun && request.options == null && !has(request.name) && !has(request.namespace)", Request{Review: map[string]any{"operation": ""}}},
		{"unknown operation", "request.operation == ''", Request{Review: map[string]any{"operation": "PATCH"}}},
		{"no Namespace", "namespaceObject == null && !has(namespaceObject.metadata)", Request{Review: map[string]any{"namespaceObject": map[string]any{}}}},
		{"no constraint", "variables.params == {'a': 1}", Request{Parameters: map[string]any{"a": int64(1)}}},
		{"no parameters", "variables.params == null", Request{Constraint: map[string]any{"spec": map[string]any{}}, Parameters: map[string]any{}}},
		{"no spec", "variables.params == null && !has(variables.params.x)", Request{Constraint: map[string]any{}}},
		{"null parameters", "variables.params == null", Request{Constraint: map[string]any{"spec": map[string]any{"parameters": nil}}}},
		{"integer", "type(object.a) == int && type(object.b) == double && object.a / 2 == 1", Request{Review: map[string]any{"object": map[string]any{"a": int64(3), "b": 3.0}}}},
	} {
		p, err := Compile(map[string]any{"validations": []any{map[string]any{"expression": tc.holds}}})
		if err != nil {
			t.Errorf("%s: Compile(%s): %v", tc.name, tc.holds, err)
			continue
		}
		if found, err := p.Eval(context.Background(), tc.request); len(found) > 0 || err != nil {
			t.Errorf("%s: %s: got %v, %v, want no violation", tc.name, tc.holds, found, err)
		}
	}
}

// TestVariableTypes asks for what the API server knows of the type of a variable: that of
// Kubernetes' own types is forgotten, that of list elements is not.
func TestVariableTypes(t *testing.T) {
	const source = `{variables: [{name: q, expression: "quantity('1')"}, {name: l, expression: "[['a']]"}], validations: [{expression: "%"}]}`
	for expression, want := range map[string]string{
		"variables.q == 1 || true":             "",
		"variables.q.add(1).asInteger() == 2":  "",
		"variables.l.all(l, l.all(e, e == 1))": "validations[0].expression:1:31: found no matching overload for '_==_' applied to '(string, int)'",
	} {
		_, err := Compile(decoded(t, strings.Replace(source, "%", expression, 1)))
		if got := errorText(err); got != want {
			t.Errorf("Compile with validation %s: got error %q, want %q", expression, got, want)
		}
	}
}

func TestMessages(t *testing.T) {
	p := compiled(t, `
validations:
- {expression: " false\n"}
- {expression: "false", message: " text\n"}
- {expression: "false", message: " "}
- {expression: "false", message: text, messageExpression: "' evaluated '"}
- {expression: "false", message: text, messageExpression: "' '"}
- {expression: "false", message: text, messageExpression: "'two\\nlines'"}
- {expression: "false", message: text, messageExpression: "string(object.missing)"}
- {expression: "false", messageExpression: "string(object.missing)"}
- {expression: "false", message: text, messageExpression: "lists.range(513).map(i, '0123456789').join()"}
- {expression: "false", message: text, messageExpression: "lists.range(512).map(i, '0123456789').join()"}
- {expression: "true", message: none, messageExpression: "'none'"}
- {expression: "variables.params.a == 1", messageExpression: "'%d of %s'.format([variables.params.a, variables.anyObject.kind])"}
`)
	want := []string{
		"failed expression: false", "text", "failed expression: false", "evaluated", "text", "text", "text", "failed expression: false",
		"text", strings.Repeat("0123456789", 512), "2 of Pod",
	}
	r := Request{Review: map[string]any{"object": map[string]any{"kind": "Pod"}}, Parameters: map[string]any{"a": int64(2)}}
	if got := messagesOf(t, p, r); !slices.Equal(got, want) {
		t.Errorf("Eval: got messages\n%q\nwant\n%q", got, want)
	}
}

func TestMatchConditions(t *testing.T) {
	for _, tc := range []struct {
		name, conditions, policy string
		want                     []Violation
		wantErr                  string
	}{
		{"all hold", `[{name: a, expression: "true"}, {name: b, expression: "object.b == 1"}]`, "Fail", []Violation{{"m", map[string]any{}}}, ""},
		{"one does not", `[{name: a, expression: "true"}, {name: b, expression: "object.b == 2"}]`, "Fail", nil, ""},
		{"one fails", `[{name: a, expression: "object.missing == 1"}, {name: b, expression: "true"}]`, "Fail", nil, "matchCondition[0].expression: no such key: missing"},
		{"one fails, one does not hold", `[{name: a, expression: "object.missing == 1"}, {name: b, expression: "false"}]`, "Fail", nil, ""},
		{"one fails and is ignored", `[{name: a, expression: "object.missing == 1"}]`, "Ignore", nil, "matchCondition[0].expression: no such key: missing (failurePolicy is Ignore)"},
		{"no Namespace in there", `[{name: a, expression: "namespaceObject == null && variables.ns == null"}]`, "Fail", []Violation{{"m", map[string]any{}}}, ""},
	} {
		p := compiled(t, `{validations: [{expression: "namespaceObject == null", message: m}], variables: [{name: ns, expression: "namespaceObject"}], matchCondition: `+tc.conditions+`, failurePolicy: `+tc.policy+`}`)
		r := Request{Review: map[string]any{"object": map[string]any{"b": int64(1)}, "namespaceObject": map[string]any{"metadata": map[string]any{"name": "n"}}}}
		got, err := p.Eval(context.Background(), r)
		if !reflect.DeepEqual(got, tc.want) || errorText(err) != tc.wantErr {
			t.Errorf("%s: Eval = %v, %v, want %v, %v", tc.name, got, err, tc.want, tc.wantErr)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestEvaluationErrors(t *testing.T) {
	const source = `
variables: [{name: v, expression: "object.missing"}, {name: w, expression: "variables.v + 1"}]
validations:
- {expression: "object.a == 1", message: a}
- {expression: "variables.w == 2"}
- {expression: "object.a == 2"}
- {expression: "has(variables.w)"}
- {expression: "variables.w == 2 || true"}
`
	want := []Violation{{"a", map[string]any{}}}
	const texts = "validations[1].expression: variables[1].expression: variables[0].expression: no such key: missing\n" +
		"validations[3].expression: variables[1].expression: variables[0].expression: no such key: missing"
	r := Request{Review: map[string]any{"object": map[string]any{"a": int64(2)}}}
	got, err := compiled(t, source).Eval(context.Background(), r)
	if !reflect.DeepEqual(got, want) || errorText(err) != texts {
		t.Errorf("Eval = %v, error\n%v\nwant %v, error\n%s", got, err, want, texts)
	}
	if errors.Is(err, ErrIgnored) {
		t.Errorf("Eval: error %v is ErrIgnored, want it under failurePolicy Ignore only", err)
	}
	got, err = compiled(t, source+"failurePolicy: Ignore").Eval(context.Background(), r)
	if !reflect.DeepEqual(got, want) || !errors.Is(err, ErrIgnored) {
		t.Errorf("under failurePolicy Ignore: Eval = %v, %v, want %v and ErrIgnored", got, err, want)
	}
	var fault *Error
	if !errors.As(err, &fault) || fault.Path != "validations[1].expression" {
		t.Errorf("Eval: got first *Error %v, want one of validations[1].expression", fault)
	}
	broken := Request{Review: map[string]any{"namespaceObject": map[string]any{"metadata": map[string]any{"labels": map[string]any{"a": int64(1)}}}}}
	_, err = compiled(t, `{validations: [{expression: "namespaceObject.metadata.name == ''"}]}`).Eval(context.Background(), broken)
	if got, want := errorText(err), `validations[0].expression: namespaceObject.metadata.labels["a"]: got int64 1, want a string`; got != want {
		t.Errorf("with a label that is a number: Eval: got error %q, want %q", got, want)
	}
}

// items is a review whose object has so many items.
func items(n int) Request {
	list := make([]any, n)
	for i := range list {
		list[i] = int64(i)
	}
	return Request{Review: map[string]any{"object": map[string]any{"items": list}}}
}

const square = "object.items.all(a, object.items.all(b, a + b >= 0))"

func TestLimits(t *testing.T) {
	for _, tc := range []struct {
		name, source string
		items        int
		want         string
	}{
		{"cheap", `{validations: [{expression: "` + square + `"}]}`, 50, ""},
		{"one expression", `{validations: [{expression: "` + square + `"}]}`, 500, "validations[0].expression: cost limit exceeded"},
		{"together", `{validations: [{expression: "` + square + `"}, {expression: "` + square + `"}, {expression: "` + square + `"}]}`, 250, "validations[2].expression: cost limit exceeded"},
		{"a variable", `{validations: [{expression: "variables.v"}], variables: [{name: v, expression: "` + square + ` && ` + square + `"}]}`, 400, "validations[0].expression: cost limit exceeded"},
		{"a variable read twice", `{validations: [{expression: "variables.v"}, {expression: "variables.v"}, {expression: "variables.v"}], variables: [{name: v, expression: "` + square + ` ? true : false"}]}`, 250, ""},
		{"match conditions", `{matchCondition: [{name: a, expression: "` + square + `"}, {name: b, expression: "` + square + `"}], validations: [{expression: "true"}]}`, 250, ""},
		{"a message", `{validations: [{expression: "!` + square + `", message: m, messageExpression: "string(` + square + `) + string(` + square + `)"}]}`, 250, "validations[0].messageExpression: cost limit exceeded"},
		{"a message nobody reads", `{validations: [{expression: "` + square + `", message: m, messageExpression: "string(` + square + `) + string(` + square + `)"}]}`, 250, ""},
		{"lists.range", `{validations: [{expression: "lists.range(object.items.size() * 100000).size() > 0"}]}`, 11, "validations[0].expression: lists.range: size 1100000 exceeds maximum allowed (1000000)"},
	} {
		_, err := compiled(t, tc.source).Eval(context.Background(), items(tc.items))
		if got := errorText(err); tc.want == "" && got != "" || !strings.HasPrefix(got, tc.want) {
			t.Errorf("%s: Eval with %d items: got error %q, want %q", tc.name, tc.items, got, tc.want)
		}
		if got, want := errors.Is(err, ErrLimit), strings.Contains(tc.want, "cost limit"); got != want {
			t.Errorf("%s: Eval: error %v is ErrLimit: %t, want %t", tc.name, err, got, want)
		}
	}
}

func TestContext(t *testing.T) {
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	for _, source := range []string{
		`{validations: [{expression: "true"}]}`,
		`{validations: [{expression: "variables.v || true"}], variables: [{name: v, expression: "` + square + `"}], failurePolicy: Ignore}`,
		`{validations: [{expression: "true"}], matchCondition: [{name: a, expression: "true"}]}`,
	} {
		if found, err := compiled(t, source).Eval(ctx, items(10)); found != nil || !errors.Is(err, cause) {
			t.Errorf("Eval of %s in a context that has ended = %v, %v, want its cause", source, found, err)
		}
	}
}

// TestContextEnds ends the context in the middle of an expression that takes far longer.
func TestContextEnds(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	p := compiled(t, `{validations: [{expression: "`+square+`"}]}`)
	if found, err := p.Eval(ctx, items(300)); found != nil || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Eval in a context that ends meanwhile = %v, %v, want %v", found, err, context.DeadlineExceeded)
	}
}

func TestConcurrentUse(t *testing.T) {
	p := compiled(t, `{validations: [{expression: "variables.size > 5", messageExpression: "string(variables.size)"}], variables: [{name: size, expression: "object.items.size()"}]}`)
	var workers sync.WaitGroup
	for n := range 10 {
		workers.Go(func() {
			for range 50 {
				found, err := p.Eval(context.Background(), items(n))
				if (len(found) == 0) != (n > 5) || err != nil || len(found) == 1 && found[0].Message != string(rune('0'+n)) {
					t.Errorf("Eval with %d items = %v, %v", n, found, err)
				}
			}
		})
	}
	workers.Wait()
}
