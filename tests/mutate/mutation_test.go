package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// module parses rules into a module of package p.
func module(t *testing.T, rules string) *ast.Module {
	t.Helper()
	parsed, err := ast.ParseModuleWithOpts("p.rego", "package p\n\n"+rules, ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestMutations(t *testing.T) {
	for _, tc := range []struct {
		name, rules string
		want        []string // the name of each mutation, and the rule that it makes
	}{
		{
			"one expression", `f(x) if x.a`,
			[]string{
				`f: removed: x.a`, `f(x) = true if { true }`,
				`f: negated: x.a`, `f(x) = true if { not x.a }`,
			},
		},
		{
			"negation", `p if not input.a`,
			[]string{
				`p: removed: not input.a`, `p = true if { true }`,
				`p: negated: not input.a`, `p = true if { input.a }`,
			},
		},
		{
			"comparisons", `p if { 1 < input.a; input.b != 2 }`,
			[]string{
				`p: removed: 1 < input.a`, `p = true if { true; neq(input.b, 2) }`,
				`p: negated: 1 < input.a`, `p = true if { not lt(1, input.a); neq(input.b, 2) }`,
				`p: <= for <: 1 < input.a`, `p = true if { lte(1, input.a); neq(input.b, 2) }`,
				`p: removed: input.b != 2`, `p = true if { lt(1, input.a); true }`,
				`p: negated: input.b != 2`, `p = true if { lt(1, input.a); not neq(input.b, 2) }`,
				`p: == for !=: input.b != 2`, `p = true if { lt(1, input.a); equal(input.b, 2) }`,
			},
		},
		{
			"a comparison in a head", `p := input.a >= 2 if input.b`,
			[]string{
				`p: > for >=: input.a >= 2`, `p := gt(input.a, 2) if { input.b }`,
				`p: removed: input.b`, `p := gte(input.a, 2) if { true }`,
				`p: negated: input.b`, `p := gte(input.a, 2) if { not input.b }`,
			},
		},
		{
			"nothing to negate", `p contains y if { some x in input.a; y := x }`,
			[]string{
				`p: dropped: p`, `p contains y if { some x in input.a; assign(y, x); false }`,
				`p: removed: some x in input.a`, `p contains y if { true; assign(y, x) }`,
				`p: removed: y := x`, `p contains y if { some x in input.a; true }`,
			},
		},
		{
			"a declaration alone", `p if { some x; input.a[x] }`,
			[]string{
				`p: removed: input.a[x]`, `p = true if { some x; true }`,
				`p: negated: input.a[x]`, `p = true if { some x; not input.a[x] }`,
			},
		},
		{
			"a constant and a default", "default p := 1\n\nq := 2",
			[]string{`q: dropped: q`, `q := 2 if { true; false }`},
		},
		{
			"else", `p(x) := 1 if { x } else := 2`,
			[]string{
				`p: removed: x`, `p(x) := 1 if { true } else = 2 if { true }`,
				`p: negated: x`, `p(x) := 1 if { not x } else = 2 if { true }`,
				`p: dropped: else`, `p(x) := 1 if { x } else = 2 if { true; false }`,
			},
		},
		{
			"comprehensions", `p(y) := [x | some x in y; x.a]`,
			[]string{
				`p: dropped: p(y)`, `p(y) := [x | some x in y; x.a] if { true; false }`,
				`p: removed: some x in y`, `p(y) := [x | true; x.a] if { true }`,
				`p: removed: x.a`, `p(y) := [x | some x in y; true] if { true }`,
				`p: negated: x.a`, `p(y) := [x | some x in y; not x.a] if { true }`,
			},
		},
		{
			"a comprehension with nothing to negate", `p := {x.b: 1 | some x in input.a} if input.c`,
			[]string{
				`p: dropped: x.b`, `p := {x.b: 1 | some x in input.a; false} if { input.c }`,
				`p: removed: some x in input.a`, `p := {x.b: 1 | true} if { input.c }`,
				`p: removed: input.c`, `p := {x.b: 1 | some x in input.a} if { true }`,
				`p: negated: input.c`, `p := {x.b: 1 | some x in input.a} if { not input.c }`,
			},
		},
		{
			"every", `p if { every x in input.a { x.b } }`,
			[]string{
				`p: removed: every x in input.a { x.b }`, `p = true if { true }`,
				`p: negated: every x in input.a { x.b }`, `p = true if { not every x in input.a { x.b; [x] } }`,
				`p: removed: x.b`, `p = true if { every x in input.a { true; [x] } }`,
				`p: negated: x.b`, `p = true if { every x in input.a { not x.b; [x] } }`,
			},
		},
		{
			"the same twice, and lines", "p if {\n\tinput.a\n} else if {\n\tinput.a\n\tinput.b[{\n\t\t\"c\": 1,\n\t}]\n}",
			[]string{
				`p: removed: input.a`, `p = true if { true } else = true if { input.a; input.b[{"c": 1}] }`,
				`p: negated: input.a`, `p = true if { not input.a } else = true if { input.a; input.b[{"c": 1}] }`,
				`p: removed: input.a (2)`, `p = true if { input.a } else = true if { true; input.b[{"c": 1}] }`,
				`p: negated: input.a (2)`, `p = true if { input.a } else = true if { not input.a; input.b[{"c": 1}] }`,
				`p: removed: input.b[{ "c": 1, }]`, `p = true if { input.a } else = true if { input.a; true }`,
				`p: negated: input.b[{ "c": 1, }]`, `p = true if { input.a } else = true if { input.a; not input.b[{"c": 1}] }`,
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			parsed := module(t, tc.rules)
			before := parsed.String()
			var got []string
			for i := range mutations(parsed.Copy()) {
				mutant := parsed.Copy()
				m := mutations(mutant)[i]
				m.apply()
				rule := mutant.Rules[len(mutant.Rules)-1]
				got = append(got, m.name(), strings.Join(strings.Fields(rule.String()), " "))
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("mutations(%s):\ngot\n%s\nwant\n%s", tc.rules, strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
			if after := parsed.String(); after != before {
				t.Errorf("mutations(%s): the module itself is changed, to\n%s", tc.rules, after)
			}
		})
	}
}

func TestMutationPlace(t *testing.T) {
	found := mutations(module(t, "p if {\n\tinput.a\n\tinput.b\n}"))
	var got []int
	for _, m := range found {
		got = append(got, m.row, m.col)
	}
	if want := []int{4, 2, 4, 2, 5, 2, 5, 2}; !slices.Equal(got, want) {
		t.Errorf("rows and columns of the mutations: got %v, want %v", got, want)
	}
}

func TestOneLine(t *testing.T) {
	long := strings.Repeat("ä", 101)
	for text, want := range map[string]string{
		"a":          "a",
		"a {\n\t\tb": "a { b",
		long:         long[:200] + "…",
		long[:200]:   long[:200],
	} {
		if got := oneLine(text); got != want {
			t.Errorf("oneLine(%q) = %q, want %q", text, got, want)
		}
	}
}
