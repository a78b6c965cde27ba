package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const survivor = "policies/a/r/r.rego: violation: removed: not size.zero(n)"

func TestRun(t *testing.T) {
	counts := func(survived, listed string) string {
		return "11 mutants: 9 killed by a test, 1 by the compiler, " + survived + " survived, " + listed + " of them listed\n"
	}
	for _, tc := range []struct {
		name, list string
		args       []string
		status     int
		stdout     string
		stderr     string // a part of it
	}{
		{"listed", survivor + "\n\tnothing large is zero\n", nil, 0, counts("1", "1"), ""},
		{"not listed", "", nil, 1, "policies/a/r/r.rego:8:2: violation: removed: not size.zero(n)\n" + counts("1", "0"), ""},
		{
			"stale", survivor + "\n\twhy\npolicies/a/r/r.rego: violation: negated: not size.zero(n)\n\twhy\n",
			nil, 1, "policies/a/r/r.rego:8:2: violation: negated: not size.zero(n) [test_violation]: listed as a survivor, and does not survive\n" + counts("1", "1"), "",
		},
		{
			"one file, each printed", "",
			[]string{"-rule", "r.rego$", "-v"},
			1,
			`policies/a/r/r.rego:6:2: violation: removed: some n in input.numbers [the compiler]
policies/a/r/r.rego:7:2: violation: removed: size.large(n) [test_violation]
policies/a/r/r.rego:7:2: violation: negated: size.large(n) [test_violation]
policies/a/r/r.rego:8:2: violation: removed: not size.zero(n)
policies/a/r/r.rego:8:2: violation: negated: not size.zero(n) [test_violation]

policies/a/r/r.rego:8:2: violation: removed: not size.zero(n)
5 mutants: 3 killed by a test, 1 by the compiler, 1 survived, 0 of them listed
`, "",
		},
		{"no such file", "", []string{"-rule", "none"}, 2, "", `policies: no file matches -rule "none"`},
		{"no regular expression", "", []string{"-rule", "("}, 2, "", `-rule "(": `},
		{"no such flag", "", []string{"-x"}, 2, "", "flag provided but not defined: -x"},
		{"a list without a reason", survivor, nil, 2, "", "tests/mutate/survivors.txt:1: "},
		{"no list", survivor, []string{"-survivors", "missing.txt"}, 2, "", "missing.txt"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.CopyFS(".", files(nil)); err != nil {
				t.Fatal(err)
			}
			list := filepath.FromSlash("tests/mutate/survivors.txt")
			if err := os.MkdirAll(filepath.Dir(list), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(list, []byte(tc.list), 0o666); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			status := run(context.Background(), tc.args, &stdout, &stderr)
			if status != tc.status || stdout.String() != tc.stdout || !strings.Contains(stderr.String(), tc.stderr) {
				t.Errorf("run(%q): got status %d, stdout\n%s\nstderr\n%s\nwant status %d, stdout\n%s\nstderr with\n%s",
					tc.args, status, stdout.String(), stderr.String(), tc.status, tc.stdout, tc.stderr)
			}
		})
	}
}
