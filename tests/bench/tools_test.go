package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// script writes a shell script that stands for a tool.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tool")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSameFindings reads the same violation as both tools write it.
func TestSameFindings(t *testing.T) {
	gator := script(t, `cat <<'end'
[{"target": "admission.k8s.gatekeeper.sh", "msg": "is called a", "metadata": {"details": {"n": 1000000}},
  "constraint": {"apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": "Named", "metadata": {"name": "pods"}}, "enforcementAction": "deny",
  "violatingObject": {"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "shop", "name": "a"}}},
 {"msg": "is called pods", "constraint": {"kind": "Named", "metadata": {"name": "pods"}}, "enforcementAction": "deny",
  "violatingObject": {"apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": "Named", "metadata": {"name": "pods"}}}]
end
exit 1
`)
	finding := `{"message": "is called a", "action": "deny", "constraint": {"kind": "Named", "name": "pods"}, "details": {"n": 1e6},
  "object": {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "a"}}`
	for _, tc := range []struct {
		name, output string
		want         []string
		fault        string
	}{
		{"the same", `{"findings": [` + finding + `]}`, nil, ""},
		{"none", `{"findings": []}`, []string{`small, x: memgate: Gatekeeper alone: Named /pods deny: Pod shop/a: is called a {"n":1000000}`}, ""},
		{"twice", `{"findings": [` + finding + "," + finding + `]}`, []string{`small, x: memgate: memgate alone: Named /pods deny: Pod shop/a: is called a {"n":1000000}`}, ""},
		{"not judged", `{"findings": [` + finding + `], "notJudged": [{"text": "broken"}]}`, nil, `1 not judged, the first {"text": "broken"}`},
		{"not expanded, as gator", `{"findings": [` + finding + `], "notJudged": [{"reason":"not expanded","allowed":true}]}`, nil, ""},
		{"no JSON", `pod.yaml: denied`, nil, "invalid character"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			memgate := script(t, "cat <<'end'\n"+tc.output+"\nend\nexit 1\n")
			load := &workload{policies: policies{name: "small"}, name: "x"}
			err := sameFindings(load, "folder", []tool{{"gator", []string{gator}}, {"memgate", []string{memgate}}}, nil)
			if tc.fault == "" && err != nil || tc.fault != "" && (err == nil || !strings.Contains(err.Error(), tc.fault)) {
				t.Errorf("sameFindings: got error %v, want %q", err, tc.fault)
			}
			if !slices.Equal(load.differences, tc.want) {
				t.Errorf("sameFindings: got %q, want %q", load.differences, tc.want)
			}
		})
	}
	if err := outputOf([]string{script(t, "echo no such bundle >&2; exit 2")}, nil, new(any)); err == nil || !strings.Contains(err.Error(), "no such bundle") {
		t.Errorf("outputOf a tool with status 2: got error %v, want one with what it says", err)
	}
}

// TestTools asks memgate whether it has a cache.
func TestTools(t *testing.T) {
	without, with := script(t, "echo '  --engine string'"), script(t, "echo '      --no-cache   compile anew'")
	for _, tc := range []struct {
		memgate, bundle string
		want            []string
	}{
		{without, "", []string{"gator: gator test --enable-k8s-native-validation=false -f p -f m", "memgate: " + without + " check --no-defaults --allow-unjudged=not-expanded --policy p m"}},
		{with, "strict", []string{
			"gator: gator test --enable-k8s-native-validation=false -f p -f m",
			"memgate: " + with + " check --no-defaults --bundle strict m",
			"memgate --no-cache: " + with + " check --no-defaults --bundle strict --no-cache m",
		}},
	} {
		all, err := tools("gator", tc.memgate, "p", tc.bundle)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, tool := range all {
			got = append(got, tool.name+": "+strings.Join(tool.on("m"), " "))
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("tools(%q, %q): got %q, want %q", tc.memgate, tc.bundle, got, tc.want)
		}
	}
}

// TestSections refuses what cannot be measured, and says what is left out.
func TestSections(t *testing.T) {
	t.Setenv(suitesVar, "")
	for _, tc := range []struct{ write, only, want string }{
		{"", "reviews", `-only "reviews": want one of budgets, endless, review, admission, heap, process, rules`},
		{"page.md", "review", "-only review: -write needs all sections"},
	} {
		if err := bench(".", tc.write, tc.only, 1, 1, 1); err == nil || err.Error() != tc.want {
			t.Errorf("bench(only %q, write %q): got error %v, want %s", tc.only, tc.write, err, tc.want)
		}
	}
	got, err := beside(".", "", 1)
	if want := "\n## Beside Gatekeeper and gator\n\nLeft out: MEMGATE_SUITES was not set, and there is nothing to judge by.\n"; err != nil || got != want {
		t.Errorf("beside without suites: got %q, %v, want %q", got, err, want)
	}
}
