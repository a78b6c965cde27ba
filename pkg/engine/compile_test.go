package engine

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/open-policy-agent/frameworks/constraint/pkg/core/templates"
)

const violates = "\nviolation contains {\"msg\": \"x\"} if true\n"

// compileFaults are the faults of a template, each on a line.
func compileFaults(err error) []string {
	var found []string
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			found = append(found, compileFaults(e)...)
		}
		return found
	}
	if err != nil {
		found = append(found, err.Error())
	}
	return found
}

func TestCompileErrors(t *testing.T) {
	for _, tc := range []struct {
		name string
		code []templates.Code
		want []string
	}{
		{"no fault", codeOf("package a"+violates, "package lib.b\nx := 1"), nil},
		{"syntax", codeOf("package a\n\nviolation contains {\"msg\": \"x\"} {"), []string{"rego:3: rego_parse_error: *"}},
		{"two faults", codeOf("package a\nimport data.lib.b\np if q\nr if s" + violates), []string{
			"rego:3: rego_unsafe_var_error: var q is unsafe", "rego:4: rego_unsafe_var_error: var s is unsafe",
		}},
		{"syntax of a lib", codeOf("package a"+violates, "package lib.b", "package lib.c\nx := := 1"), []string{"libs[1]:2: rego_parse_error: *", "libs[1]:2: rego_parse_error: *"}},
		{"a lib does not compile", codeOf("package a"+violates, "package lib.b\nx := 1\n\ny := z"), []string{"libs[0]:4: rego_unsafe_var_error: var z is unsafe"}},
		{"an unknown function", codeOf("package a\np := nosuch(1)" + violates), []string{"rego:2: rego_type_error: undefined function nosuch"}},
		{"types", codeOf("package a\np := startswith(1, \"a\")" + violates), []string{"rego:2: rego_type_error: *"}},
		{"the network", codeOf("package a\np := http.send({\"method\": \"get\", \"url\": \"https://example.org\"})" + violates), []string{"rego:2: rego_type_error: undefined function http.send"}},
		{"the network, in a lib", codeOf("package a"+violates, "package lib.b\np := net.lookup_ip_addr(\"example.org\")"), []string{"libs[0]:2: rego_type_error: undefined function net.lookup_ip_addr"}},
		{"no violation", codeOf("package a\ndeny contains \"x\""), []string{`rego: no rule "violation"`}},
		{"a function", codeOf("package a\n\nviolation(x) := x"), []string{`rego:3: "violation": want a set of objects with "msg": function data.template.violation[r] used as reference, not called`}},
		{"members without msg", codeOf("package a\n\nviolation contains {\"message\": \"x\"}"), []string{`rego:3: "violation": want a set of objects with "msg": undefined ref: r.msg`}},
		{"other data", codeOf("package a\np := data.secrets.x" + violates), []string{"rego: *"}},
		{"a lib of another package", codeOf("package a"+violates, "package other\nx := 1"), []string{"rego: invalid lib prefix: path data.other not found in lib prefixes"}},
		{"nothing", codeOf(""), []string{"rego: rego_parse_error: empty module"}},
		{"nothing in a lib", codeOf("package a"+violates, "# nothing"), []string{"libs[0]: rego_parse_error: empty module"}},
		{"no source", []templates.Code{{Engine: "Rego"}}, []string{"rego: source is missing"}},
		{"a source without rego", []templates.Code{{Engine: "Rego", Source: &templates.Anything{Value: map[string]any{}}}}, []string{"rego: *"}},
		{"a source that is text", []templates.Code{{Engine: "Rego", Source: &templates.Anything{Value: "package a"}}}, []string{"rego: *"}},
		{"another engine", []templates.Code{{Engine: "K8sNativeValidation"}}, []string{ErrNoRego.Error()}},
		{"no code", nil, []string{ErrNoRego.Error()}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := newProgram(tc.code)
			got := compileFaults(err)
			if len(got) != len(tc.want) {
				t.Fatalf("newProgram: %q, want %q", got, tc.want)
			}
			for i, want := range tc.want {
				prefix, any := strings.CutSuffix(want, "*")
				if got[i] != want && !(any && strings.HasPrefix(got[i], prefix)) {
					t.Errorf("newProgram: %q, want %q", got[i], want)
				}
			}
		})
	}
}

func TestCompileErrorPlace(t *testing.T) {
	_, err := newProgram(codeOf("package a"+violates, "package lib.b", "package lib.c\n\n  x := y"))
	var got *CompileError
	if !errors.As(err, &got) {
		t.Fatalf("newProgram: %v, want a *CompileError", err)
	}
	if want := (CompileError{Lib: 1, Line: 3, Column: 8, Text: "rego_unsafe_var_error: var y is unsafe"}); *got != want {
		t.Errorf("newProgram: %#v, want %#v", *got, want)
	}
}

func TestTemplateErrors(t *testing.T) {
	_, err := NewClient(newSet(t, template("Good", always), template("Bad", "package a\nviolation := "), template("Worse", "package a\nx := 1")), Options{})
	var kinds []string
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		var fault *TemplateError
		if !errors.As(e, &fault) {
			t.Fatalf("NewClient: %v, want a *TemplateError", e)
		}
		kinds = append(kinds, fault.Template.Kind)
	}
	if want := []string{"Bad", "Worse"}; !reflect.DeepEqual(kinds, want) {
		t.Errorf("NewClient: templates %q do not compile, want %q", kinds, want)
	}
	if want := `template Worse: rego: no rule "violation"`; !strings.Contains(fmt.Sprint(err), want) {
		t.Errorf("NewClient: %v, want %s in it", err, want)
	}
}
