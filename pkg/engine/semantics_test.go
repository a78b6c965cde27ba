package engine

import (
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/review"
)

// TestSemantics has, by name, what templates rely on in Gatekeeper and what is easily lost
// when they are evaluated otherwise. Every engine gives the same; tests/conformance
// compares with Gatekeeper's own.
func TestSemantics(t *testing.T) {
	const plain = `{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}, size: 1000000, large: 1000730000, list: [3, 1, 2]}`
	say := func(body string) string {
		return "package a\n\nviolation contains {\"msg\": msg} if {\n" + body + "\n}\n"
	}
	for _, tc := range []struct {
		name       string
		rego       string // v1, unless it begins with v0
		parameters string
		object     string // plain if empty
		data       string
		want       string // messages, or the status and the error
	}{
		{name: "numbers of reviews are floats", rego: say(`msg := sprintf("%v %v", [input.review.object.size, input.review.object.large])`), want: "1e+06 1.00073e+09"},
		{name: "numbers of parameters are as written", rego: say(`msg := sprintf("%v %v", [input.parameters.size, input.parameters.share])`), parameters: "{size: 1000000, share: 0.5}", want: "1000000 0.5"},
		{
			name: "numbers of the inventory print as their JSON", data: "{apiVersion: v1, kind: Node, metadata: {name: node1}, size: 1000730000}",
			rego: say(`msg := sprintf("%v", [data.inventory.cluster["v1"].Node.node1.size])`), want: "1.00073e+09",
		},
		{
			name: "the shape of a review",
			rego: say(`msg := sprintf("%q %v %q %v %v %v %v %v", [input.review.uid, input.review.resource, input.review.operation, input.review.userInfo, input.review.oldObject, input.review.options, input.review.namespaceObject, sort(object.keys(input.review))])`),
			want: `"" {"group": "", "resource": "", "version": ""} "" {} null null {} ["kind", "name", "namespace", "namespaceObject", "object", "oldObject", "operation", "options", "resource", "uid", "userInfo"]`,
		},
		{name: "a name only where there is one", rego: say(`msg := sprintf("%v", [[key | some key in ["name", "namespace"]; input.review[key]]])`), object: "{apiVersion: v1, kind: Pod, metadata: {generateName: web-}}", want: "[]"},
		{name: "errors of built-ins are undefined", rego: say(`x := object.get({"a": to_number("x")}, "a", 1); msg := sprintf("%v", [x])`), want: ""},
		{name: "negated errors of built-ins hold", rego: say(`not to_number("x"); msg := "no number"`), want: "no number"},
		{name: "sets and objects iterate in order", rego: say(`msg := sprintf("%v %v", [[x | some x in {3, 1, 2}], [k | some k, _ in {"b": 1, "a": 2}]])`), want: `[1, 2, 3] ["a", "b"]`},
		{name: "violation as an object: its keys", rego: "package a\n\nviolation := {{\"msg\": \"key\"}: {\"msg\": \"value\"}}\n", want: "key"},
		{name: "violation as a set that is complete", rego: "package a\n\nviolation := {{\"msg\": \"b\"}, {\"msg\": \"a\"}}\n", want: "a|b"},
		{name: "without msg there is no violation", rego: "package a\n\nviolation contains {\"message\": \"x\", \"msg\": input.review.missing}\n\nviolation contains object.union({\"details\": 1}, input.parameters) if true\n", want: ""},
		{name: "msg that is no text fails the constraint", rego: "package a\n\nviolation contains {\"msg\": x} if some x in [1]\n", want: "not judged: violation: msg: got 1, want a string"},
		{name: "equal details and msg are one", rego: "package a\n\nviolation contains {\"msg\": \"x\", \"details\": {}, \"n\": n} if some n in [1, 2]\n", want: "x"},
		{name: "other details make two", rego: "package a\n\nviolation contains {\"msg\": \"x\", \"details\": {\"n\": n}} if some n in [1, 2]\n", want: "x|x"},
		{name: "nothing but review and parameters is seen", rego: say(`msg := sprintf("%v", [sort(object.keys(input))])`), want: `["parameters", "review"]`},
		{name: "parameters are an object where there are none", rego: say(`input.parameters == {}; msg := "empty"`), want: "empty"},
		{name: "the inventory is empty, not undefined", rego: say(`msg := sprintf("%v", [data.inventory])`), want: "{}"},
		{name: "time stands still", rego: say(`a := time.now_ns(); count([1 | some _ in numbers.range(1, 1000)]) == 1000; b := time.now_ns(); a == b; msg := "still"`), want: "still"},
		{name: "random numbers are drawn once", rego: say(`rand.intn("a", 1000000) == rand.intn("a", 1000000); msg := "same"`), want: "same"},
		{name: "Rego v0", rego: "v0package a\n\nviolation[{\"msg\": msg}] {\n  msg := sprintf(\"%v\", [input.review.object.list[_]])\n}\n", want: "1|2|3"},
		{name: "default rules and else", rego: "package a\n\ndefault size := 0\n\nsize := 1 if input.review.missing\n\nlabel := \"one\" if size == 1 else := \"none\"\n\nviolation contains {\"msg\": label} if true\n", want: "none"},
		{name: "with", rego: "package a\n\nname := input.review.name\n\nviolation contains {\"msg\": n} if n := name with input.review.name as \"other\"\n", want: "other"},
		{name: "every", rego: say(`every x in input.review.object.list { x > 0 }; msg := "all"`), want: "all"},
		{name: "null is no absence", rego: say(`input.review.object.nothing == null; msg := "null"`), object: "{apiVersion: v1, kind: Pod, metadata: {name: a}, nothing: null}", want: "null"},
		{name: "false is a value", rego: say(`x := input.review.object.flag; msg := sprintf("%v", [x])`), object: "{apiVersion: v1, kind: Pod, metadata: {name: a}, flag: false}", want: "false"},
		{
			name: "two values of a rule are an error in OPA's words", rego: "package a\n\np := 1 if true\n\np := 2 if true\n\nviolation contains {\"msg\": \"x\", \"details\": p}\n",
			want: "not judged: template:5: eval_conflict_error: rule data.template.p produced conflicting values",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			made := template("A", tc.rego)
			if v0, old := strings.CutPrefix(tc.rego, "v0"); old {
				made = strings.Replace(template("A", v0), "version: v1", "version: v0", 1)
			}
			text := tc.object
			if text == "" {
				text = plain
			}
			spec := "{}"
			if tc.parameters != "" {
				spec = "{parameters: " + tc.parameters + "}"
			}
			for _, engine := range []string{VM, Topdown, Verify} {
				c := newClient(t, Options{Point: policy.OfflinePoint, Engine: engine}, made, constraint("A", "a", spec))
				if tc.data != "" {
					if err := c.AddData(t.Context(), object(t, tc.data)); err != nil {
						t.Fatal(err)
					}
				}
				o := c.Review(t.Context(), review.New(object(t, text), review.Options{}))[0]
				var messages []string
				for _, v := range o.Violations {
					messages = append(messages, v.Message)
				}
				got := strings.Join(messages, "|")
				if o.Status == NotJudged {
					got = "not judged: " + o.Err.Error()
				}
				if got != tc.want && (o.Status != NotJudged || !strings.HasPrefix(got, tc.want)) {
					t.Errorf("%s: got %s, want %s", engine, got, tc.want)
				}
			}
		})
	}
}
