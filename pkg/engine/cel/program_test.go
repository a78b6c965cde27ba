package cel

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// decoded is a source as a template's YAML gives it.
func decoded(t testing.TB, text string) any {
	t.Helper()
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return value
}

func compiled(t testing.TB, text string) *Program {
	t.Helper()
	p, err := Compile(decoded(t, text))
	if err != nil {
		t.Fatalf("Compile(%s): %v", text, err)
	}
	return p
}

// lines are the texts of errors that are joined.
func lines(errs []error) []string {
	var found []string
	for _, err := range errs {
		found = append(found, err.Error())
	}
	return found
}

func TestCompileErrors(t *testing.T) {
	for _, tc := range []struct{ source, want string }{
		{`null`, `source: got null, want an object`},
		{`[]`, `source: got a list, want an object`},
		{`{}`, `validations: got none, want one at least: nothing would ever be violated`},
		{`{validations: {}}`, `validations: got an object, want a list`},
		{`{validations: [1]}`, `validations[0]: got float64 1, want an object`},
		{`{validations: [{expression: 1}]}`, `validations[0].expression: got float64 1, want a string`},
		{`{validations: [{expression: "true", message: []}]}`, `validations[0].message: got a list, want a string`},
		{`{validations: [{expression: "true"}], failurePolicy: Retry}`, `failurePolicy: got "Retry", want Fail or Ignore`},
		{`{validations: [{expression: "true"}], failurePolicy: ""}`, `failurePolicy: got "", want Fail or Ignore`},
		{`{validations: [{expression: "true"}], generateVAP: "yes"}`, `generateVAP: got string yes, want a boolean`},
		{
			`{validations: [{expression: "true"}], variables: [{name: params, expression: "1"}]}`,
			`variables[0].name: got "params", which Gatekeeper defines itself; want another name`,
		},
		{
			`{validations: [{expression: "true"}], variables: [{name: gatekeeper_internal_x, expression: "1"}]}`,
			`variables[0].name: got "gatekeeper_internal_x", want a name that does not begin with gatekeeper_internal_`,
		},
		{
			`{validations: [{expression: "true"}], matchCondition: [{name: gatekeeper_internal_x, expression: "true"}]}`,
			`matchCondition[0].name: got "gatekeeper_internal_x", want a name that does not begin with gatekeeper_internal_`,
		},
		{
			`{validations: [{expression: "true"}], variables: [{name: a, expression: "1"}, {name: a, expression: "variables.a"}]}`,
			`variables[1].name: got "a" twice, want names that differ`,
		},
		{`{validations: [{expression: "1"}]}`, `validations[0].expression: got a result of type int, want bool`},
		{`{validations: [{expression: "object.spec.x"}]}`, `validations[0].expression: got a result of type dyn, want bool`},
		{`{validations: [{expression: "true"}], matchCondition: [{name: a, expression: "''"}]}`, `matchCondition[0].expression: got a result of type string, want bool`},
		{`{validations: [{expression: "true"}, {expression: "true &&\n  nothing"}]}`, `validations[1].expression:2:3: undeclared reference to 'nothing' (in container '')`},
		{`{validations: [{expression: "request.object == null"}]}`, `validations[0].expression:1:8: undefined field 'object'`},
		{`{validations: [{expression: "namespaceObject.kind == ''"}]}`, `validations[0].expression:1:16: undefined field 'kind'`},
		{`{validations: [{expression: "variables.b == 1"}], variables: [{name: a, expression: "variables.b"}, {name: b, expression: "1"}]}`, `variables[0].expression:1:10: undefined field 'b'`},
		{`{validations: [{expression: "params == null"}]}`, `validations[0].expression:1:1: undeclared reference to 'params' (in container ''): want variables.params`},
		{
			`{validations: [{expression: "authorizer.path('/').check('get').allowed()"}]}`,
			`validations[0].expression:1:1: undeclared reference to 'authorizer' (in container ''): there is no cluster to ask; Gatekeeper's engine has no authorizer either`,
		},
		{`{validations: [{expression: "'a'.matches('(')"}]}`, "validations[0].expression:1:13: invalid matches argument"},
		{`{validations: [{expression: "'a'.find('(') == ''"}]}`, "validations[0].expression: error parsing regexp: missing closing ): `(`"},
		{`{validations: [{expression: "duration('1x') == null"}]}`, "validations[0].expression:1:10: invalid duration argument"},
		{`{validations: [{expression: "[1, 'a'] == []"}]}`, "validations[0].expression:1:5: expected type 'int' but found 'string'"},
		{`{validations: [{expression: "variables.q + 1 == 1"}], variables: [{name: q, expression: "'text'"}]}`, "validations[0].expression:1:13: found no matching overload for '_+_' applied to '(string, int)'"},
	} {
		p, err := Compile(decoded(t, tc.source))
		if p != nil || err == nil {
			t.Errorf("Compile(%s) = %v, %v, want an error", tc.source, p, err)
			continue
		}
		if first, _, _ := strings.Cut(err.Error(), "\n"); first != tc.want {
			t.Errorf("Compile(%s): got error\n%v\nwant first\n%s", tc.source, err, tc.want)
		}
		var fault *Error
		if !errors.As(err, &fault) {
			t.Errorf("Compile(%s): error %v is no *Error", tc.source, err)
		}
	}
}

func TestCompileReportsAllFaults(t *testing.T) {
	_, err := Compile(decoded(t, `{validations: [{expression: "a"}, {expression: "b ||\n c"}], variables: [{name: v, expression: "d"}]}`))
	want := []string{
		"variables[0].expression:1:1: undeclared reference to 'd' (in container '')",
		"validations[0].expression:1:1: undeclared reference to 'a' (in container '')",
		"validations[1].expression:1:1: undeclared reference to 'b' (in container '')",
		"validations[1].expression:2:2: undeclared reference to 'c' (in container '')",
	}
	if err == nil || err.Error() != strings.Join(want, "\n") {
		t.Errorf("Compile: got error\n%v\nwant\n%s", err, strings.Join(want, "\n"))
	}
}

func TestWarnings(t *testing.T) {
	p := compiled(t, `
validations: [{expression: "false", mesage: x, message: m, messageExpression: "variables.params.text"}, {expression: "false", messageExpression: "'"}]
matchConditions: [{name: a, expression: "false"}]
auditAnnotations: []
`)
	want := []string{
		`source: unknown field "auditAnnotations"; have validations, failurePolicy, matchCondition, variables, generateVAP`,
		`source: unknown field "matchConditions"; have validations, failurePolicy, matchCondition, variables, generateVAP`,
		`validations[0]: unknown field "mesage"; have expression, message, messageExpression`,
		`validations[0].messageExpression: got a result of type dyn, want string`,
	}
	got := lines(p.Warnings())
	if len(got) <= len(want) || !slices.Equal(got[:len(want)], want) || !strings.HasPrefix(got[len(want)], "validations[1].messageExpression:1:1: Syntax error") {
		t.Errorf("Warnings(): got\n%s\nwant\n%s\nand a syntax error", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got, want := messagesOf(t, p, Request{}), []string{"m", "failed expression: false"}; !slices.Equal(got, want) {
		t.Errorf("Eval: got messages %q, want %q", got, want)
	}
}
