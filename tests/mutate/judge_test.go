package main

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const (
	lib = `package lib.size

large(n) if n > 10

zero(n) if n == 0
`
	libTest = `package lib.size_test

import data.lib.size

test_large if size.large(11)
`
	rule = `package policies.a.r

import data.lib.size

violation contains n if {
	some n in input.numbers
	size.large(n)
	not size.zero(n)
}
`
	ruleTest = `package policies.a.r_test

import data.policies.a.r

test_violation if {
	found := r.violation with input as {"numbers": [10, 12]}
	found == {12}
}
`
)

// files are a tree with a lib, and a rule that uses it, but for what replaced has.
func files(replaced map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{"policies/a/r/examples/deny.yaml": {Data: []byte("{}")}}
	for name, text := range map[string]string{
		"policies/lib/size.rego":      lib,
		"policies/lib/size_test.rego": libTest,
		"policies/a/r/r.rego":         rule,
		"policies/a/r/r_test.rego":    ruleTest,
	} {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	for name, text := range replaced {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func judge(fsys fstest.MapFS, chosen string) ([]string, error) {
	t, err := readTree(fsys)
	if err != nil {
		return nil, err
	}
	verdicts, err := t.judge(context.Background(), regexp.MustCompile(chosen))
	var lines []string
	for _, v := range verdicts {
		lines = append(lines, v.String())
	}
	return lines, err
}

func TestJudge(t *testing.T) {
	got, err := judge(files(nil), "")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"policies/a/r/r.rego:6:2: violation: removed: some n in input.numbers [the compiler]",
		"policies/a/r/r.rego:7:2: violation: removed: size.large(n) [test_violation]",
		"policies/a/r/r.rego:7:2: violation: negated: size.large(n) [test_violation]",
		"policies/a/r/r.rego:8:2: violation: removed: not size.zero(n)",
		"policies/a/r/r.rego:8:2: violation: negated: not size.zero(n) [test_violation]",
		"policies/lib/size.rego:3:13: large: removed: n > 10 [test_violation]",
		"policies/lib/size.rego:3:13: large: negated: n > 10 [test_large]",
		"policies/lib/size.rego:3:13: large: >= for >: n > 10 [test_violation]",
		"policies/lib/size.rego:5:12: zero: removed: n == 0 [test_violation]",
		"policies/lib/size.rego:5:12: zero: negated: n == 0 [test_violation]",
		"policies/lib/size.rego:5:12: zero: != for ==: n == 0 [test_violation]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("judge:\ngot\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestJudgeChosen(t *testing.T) {
	got, err := judge(files(nil), "^policies/lib/")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range got {
		if !strings.HasPrefix(line, "policies/lib/size.rego:") {
			t.Errorf("judge with ^policies/lib/: got %s, want no other file", line)
		}
	}
	if len(got) != 6 {
		t.Errorf("judge with ^policies/lib/: got %d mutants, want 6", len(got))
	}
}

// TestJudgeErrors wants a mutant that is an error at run time to count as noticed, and one
// that no test reaches to survive.
func TestJudgeErrors(t *testing.T) {
	got, err := judge(files(map[string]string{
		"policies/a/r/r.rego":      "package policies.a.r\n\nf(1) := 1\n\nf(x) := 2 if x != 1\n\ng if input.unused\n",
		"policies/a/r/r_test.rego": "package policies.a.r_test\n\nimport data.policies.a.r\n\ntest_f if [r.f(1), r.f(2)] == [1, 2]\n",
	}), "r.rego")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"policies/a/r/r.rego:3:1: f: dropped: f(1) [test_f]",
		"policies/a/r/r.rego:5:14: f: removed: x != 1 [test_f]", // two values: an error
		"policies/a/r/r.rego:5:14: f: negated: x != 1 [test_f]",
		"policies/a/r/r.rego:5:14: f: == for !=: x != 1 [test_f]",
		"policies/a/r/r.rego:7:6: g: removed: input.unused",
		"policies/a/r/r.rego:7:6: g: negated: input.unused",
	}
	if !slices.Equal(got, want) {
		t.Errorf("judge:\ngot\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestJudgeFaults(t *testing.T) {
	for _, tc := range []struct{ name, file, text, want string }{
		{"a test that fails", "policies/a/r/r_test.rego", strings.Replace(ruleTest, "{12}", "{13}", 1), "policies/a/r/r_test.rego: test_violation fails without any mutation, want it to pass"},
		{"a file without tests", "policies/lib/new.rego", "package lib.new\n\nx := 1\n", "policies/lib/new.rego: no test reaches it, want some in policies/lib/new_test.rego"},
		{"a file of no tests", "policies/lib/size_test.rego", "package lib.size_test\n\nimport data.lib.size\n", "policies/lib/size_test.rego: no test in it"},
		{"no Rego", "policies/lib/size.rego", "package", "policies/lib/size.rego:1"},
		{"a name that is not known", "policies/lib/size_test.rego", libTest + "\ntest_x if unknown\n", "policies/lib/size_test.rego:7: rego_unsafe_var_error: var unknown is unsafe"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := judge(files(map[string]string{tc.file: tc.text}), "")
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("judge: got error %v, want %s", err, tc.want)
			}
		})
	}
}

// TestFavourites wants the last three in front, the last one first.
func TestFavourites(t *testing.T) {
	tests := []test{{query: "a"}, {query: "b"}, {query: "c"}, {query: "d"}, {query: "e"}}
	var f favourites
	for _, query := range []string{"d", "b", "e", "c", "b"} {
		f.add(query)
	}
	var got []string
	for _, test := range f.first(tests) {
		got = append(got, test.query)
	}
	if want := []string{"b", "c", "e", "a", "d"}; !slices.Equal(got, want) {
		t.Errorf("first: got %q, want %q", got, want)
	}
}
