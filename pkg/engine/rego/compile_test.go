package rego

import (
	"errors"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/policy"
)

const violates = "\nviolation contains {\"msg\": \"x\"} if true\n"

// codeOf is Rego v1 as a template holds it.
func codeOf(module string, libs ...string) []policy.Code {
	source := map[string]any{"rego": module, "version": "v1"}
	if len(libs) > 0 {
		list := make([]any, len(libs))
		for i, lib := range libs {
			list[i] = lib
		}
		source["libs"] = list
	}
	return []policy.Code{{Engine: "Rego", Source: source}}
}

func compile(code []policy.Code) (*Program, error) {
	source, err := SourceOf(code)
	if err != nil {
		return nil, err
	}
	return Compile(source)
}

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
		code []policy.Code
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
		{"no source", []policy.Code{{Engine: "Rego"}}, []string{"rego: source is missing"}},
		{"a source without rego", []policy.Code{{Engine: "Rego", Source: map[string]any{}}}, []string{"rego: *"}},
		{"a source that is text", []policy.Code{{Engine: "Rego", Source: "package a"}}, []string{"rego: *"}},
		{"another engine", []policy.Code{{Engine: "K8sNativeValidation"}}, []string{ErrNoRego.Error()}},
		{"no code", nil, []string{ErrNoRego.Error()}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := compile(tc.code)
			got := compileFaults(err)
			if len(got) != len(tc.want) {
				t.Fatalf("compile: %q, want %q", got, tc.want)
			}
			for i, want := range tc.want {
				prefix, any := strings.CutSuffix(want, "*")
				if got[i] != want && !(any && strings.HasPrefix(got[i], prefix)) {
					t.Errorf("compile: %q, want %q", got[i], want)
				}
			}
		})
	}
}

func TestCompileErrorPlace(t *testing.T) {
	_, err := compile(codeOf("package a"+violates, "package lib.b", "package lib.c\n\n  x := y"))
	var got *CompileError
	if !errors.As(err, &got) {
		t.Fatalf("compile: %v, want a *CompileError", err)
	}
	if want := (CompileError{Lib: 1, Line: 3, Column: 8, Text: "rego_unsafe_var_error: var y is unsafe"}); *got != want {
		t.Errorf("compile: %#v, want %#v", *got, want)
	}
}
