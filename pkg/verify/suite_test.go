package verify_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/verify"
)

const head = "apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\n"

// write puts files below a directory, which becomes the working one.
func write(t testing.TB, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFind(t *testing.T) {
	const pod = "apiVersion: v1\nkind: Pod\n"
	write(t, map[string]string{
		"a/suite.yaml":      pod + "---\n" + head + "---\n" + head,
		"a/b/suite.yml":     head,
		"a/b/suite.json":    `{"apiVersion": "test.gatekeeper.sh/v1alpha1", "kind": "Suite"}`,
		"a/b/suite.txt":     head,
		"a-b/suite.yaml":    head,
		"a-b/chart.yaml":    "{{ if .x }}\n" + pod + "{{ end }}\n",
		"broken/suite.yaml": head + "kind: Suite\n",
		"typed/suite.yaml":  head + "tests:\n- name: yes\n  skip: 1\n  cases: {}\n- 5\n- cases: [{object: [a], inventory: [{}], assertions: [{violations: [], message: 1}]}]\nskip: \"no\"\n",
		"none/pod.yaml":     pod,
	})
	for _, tc := range []struct {
		paths string
		want  string
		err   string
	}{
		{paths: "a", want: "a/suite.yaml a/suite.yaml"},
		{paths: "a/", want: "a/suite.yaml a/suite.yaml"},
		{paths: "a/...", want: "a/b/suite.json a/b/suite.yml a/suite.yaml a/suite.yaml"},
		{paths: "a-b a/... a", want: "a-b/suite.yaml a/b/suite.json a/b/suite.yml a/suite.yaml a/suite.yaml"},
		{paths: "a/b/suite.txt", want: "a/b/suite.txt"},
		{paths: "none", want: ""},
		{paths: "none/pod.yaml", want: ""},
		{paths: "missing a/b", want: "a/b/suite.json a/b/suite.yml", err: "missing: no such file or directory"},
		{paths: "-", err: "-: standard input is not read here, want a file or a directory"},
		{paths: "missing/...", err: "missing: no such file or directory"},
		{paths: "a/suite.yaml/...", err: "a/suite.yaml/...: a/suite.yaml is a file, want a directory"},
		{paths: "broken", err: `broken/suite.yaml:3:1: duplicate key "kind", first at line 2`},
		{paths: "typed", err: strings.Join([]string{
			`typed/suite.yaml:9:1: skip: got "no", want true or false`,
			`typed/suite.yaml:7:3: tests[1]: got the number 5, want a mapping`,
			`typed/suite.yaml:4:3: tests[0].name: got the boolean true, want a text, in quotes`,
			`typed/suite.yaml:5:3: tests[0].skip: got the number 1, want true or false`,
			`typed/suite.yaml:6:3: tests[0].cases: got a mapping, want a list`,
			`typed/suite.yaml:8:12: tests[2].cases[0].object: got a list, want a text, in quotes`,
			`typed/suite.yaml:8:37: tests[2].cases[0].inventory[0]: got a mapping, want the path of a file`,
			`typed/suite.yaml:8:56: tests[2].cases[0].assertions[0].violations: got a list, want a number, yes or no`,
			`typed/suite.yaml:8:72: tests[2].cases[0].assertions[0].message: got the number 1, want a text, in quotes`,
		}, "\n")},
	} {
		suites, err := verify.Find(strings.Fields(tc.paths))
		var files []string
		for _, s := range suites {
			files = append(files, s.File)
		}
		if got := strings.Join(files, " "); got != tc.want {
			t.Errorf("Find(%s): got %q, want %q", tc.paths, got, tc.want)
		}
		got := ""
		if err != nil {
			got = err.Error()
		}
		gotLines, wantLines := strings.Split(got, "\n"), strings.Split(tc.err, "\n")
		slices.Sort(gotLines)
		slices.Sort(wantLines)
		if !slices.Equal(gotLines, wantLines) {
			t.Errorf("Find(%s): error\n%s\nwant\n%s", tc.paths, strings.Join(gotLines, "\n"), strings.Join(wantLines, "\n"))
		}
	}
	t.Chdir("a")
	for _, path := range []string{"...", "./..."} {
		if suites, err := verify.Find([]string{path}); err != nil || len(suites) != 4 {
			t.Errorf("Find(%s): %d suites, %v; want 4", path, len(suites), err)
		}
	}
}

func TestUnknownFields(t *testing.T) {
	write(t, map[string]string{"suite.yaml": head + `
metadata: {name: a}
test: []
tests:
- name: a
  namespace: b
  cases:
  - object: a
    assertion: []
    assertions: [{violation: 0}]
`})
	suites, err := verify.Find([]string{"suite.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	want := `suite.yaml:5:1: test: unknown field, which has no effect; have apiVersion, kind, metadata, skip, tests
suite.yaml:8:3: tests[0].namespace: unknown field, which has no effect; have name, template, constraint, expansion, cases, invalid, skip
suite.yaml:11:5: tests[0].cases[0].assertion: unknown field, which has no effect; have name, object, inventory, assertions, skip
suite.yaml:12:19: tests[0].cases[0].assertions[0].violation: unknown field, which has no effect; have violations, message
`
	got := ""
	for _, f := range suites[0].Unknown {
		got += f.Error() + "\n"
	}
	if got != want {
		t.Errorf("unknown fields: got\n%swant\n%s", got, want)
	}
}

// owned is a test of the template in testdata with one case of an object.
func owned(t *testing.T, object, inventory, assertions string) verify.Result {
	t.Helper()
	files := map[string]string{
		"suite.yaml": head + fmt.Sprintf("tests:\n- name: t\n  template: template.yaml\n  constraint: constraint.yaml\n  cases:\n  - {name: c, object: object.yaml, inventory: [%s], assertions: %s}\n",
			strings.Join(map[bool][]string{true: {"inventory.yaml"}}[inventory != ""], ""), assertions),
		"object.yaml": object, "inventory.yaml": inventory,
	}
	for _, name := range []string{"template.yaml", "constraint.yaml"} {
		text, err := os.ReadFile(filepath.Join("testdata/suites/owned", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	write(t, files)
	return run(t, verify.Options{Client: client(engine.Options{})}, "suite.yaml")
}

// TestObjects wants each object to fail its case for the reason that is wanted, or to
// pass it.
func TestObjects(t *testing.T) {
	review := func(fields string) string {
		return "apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\n" + fields
	}
	const pod = `{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: b}}`
	for _, tc := range []struct{ name, object, inventory, want string }{
		{"one violation", pod, "", ""},
		{"a request", review("request: {operation: CREATE, name: a, object: " + pod + "}"), "", ""},
		{"a request of another version", strings.Replace(review("request: {name: a, object: "+pod+"}"), "/v1", "/v1beta1", 1), "", ""},
		{"an update of the old object alone", review("request: {operation: UPDATE, name: a, object: " + strings.Replace(pod, "Pod", "Job", 1) + ", oldObject: " + pod + "}"), "", ""},
		{"an inventory that is a list", pod, "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Namespace, metadata: {name: b}}]}", ""},
		{"nothing", "# nothing\n", "", "suite.yaml:8:15: object.yaml: it holds no manifest"},
		{"no manifest", "kind: Pod\n", "", "object.yaml:1:1: found a mapping without apiVersion, want a mapping with apiVersion and kind"},
		{"a response", review("response: {allowed: true}"), "", "object.yaml:1:1: request: got nothing, want an AdmissionRequest"},
		{"a request that is none", review("request: no"), "", "object.yaml:3:1: request: got the boolean false, want an AdmissionRequest"},
		{"an unknown field", review("requests: {}\nrequest: {}"), "", "object.yaml:3:1: requests: unknown field; have apiVersion, kind, request, response"},
		{"an empty request", review("request: {operation: CREATE}"), "", "object.yaml:3:1: request: want an object or an oldObject"},
		{"an object without a kind", review("request: {object: {metadata: {name: a}}}"), "", "object.yaml:3:11: request.object: want an object with a kind"},
		{"an object that is none", review("request: {oldObject: [a]}"), "", "object.yaml:3:11: request.oldObject: want an object with a kind"},
		{"an operation that is no text", review("request: {operation: [DELETE], object: " + pod + "}"), "", "object.yaml:3:11: request.operation: got a list, want a text"},
		{"a delete without an old object", review("request: {operation: DELETE, object: " + pod + "}"), "", "object.yaml:3:1: request: operation is DELETE and oldObject is missing"},
		{"an inventory without a name", pod, "{apiVersion: v1, kind: Namespace}", `inventory.yaml:1:1: reference data: object "" of kind "Namespace" and apiVersion "v1": want all three`},
		{"an inventory with an item that is none", pod, "{apiVersion: v1, kind: List, items: [5]}", "inventory.yaml:1:38: item 0 of the List is no object with apiVersion and kind"},
		{"an inventory that cannot be read", pod, "apiVersion: v1\nkind: a\nkind: b\n", `inventory.yaml:3:1: duplicate key "kind", first at line 2`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := owned(t, tc.object, tc.inventory, "[{violations: 1}]").Suites[0].Tests[0]
			got := ""
			for _, f := range slices.Concat(c.Faults, c.Cases[0].Faults) {
				got += f.Error()
			}
			if got != tc.want {
				t.Errorf("%s\nwith the inventory %s\n got %s\nwant %s", tc.object, tc.inventory, got, tc.want)
			}
		})
	}
}

func TestAssertions(t *testing.T) {
	const pod = `{apiVersion: v1, kind: Pod, metadata: {name: a}}`
	for _, tc := range []struct{ assertions, want string }{
		{"[{}]", ""},
		{"[{violations: yes}]", ""},
		{`[{violations: "yes"}]`, ""},
		{"[{violations: 1}]", ""},
		{"[{violations: 1, message: no owner}]", ""},
		{"[{violations: no, message: ^no owner}]", ""},
		{`[{violations: "no"}]`, `got 1 violation, want none; messages: "Pod \"a\" has no owner"`},
		{"[{violations: 0}]", `got 1 violation, want none; messages: "Pod \"a\" has no owner"`},
		{"[{violations: 2}]", `got 1 violation, want 2; messages: "Pod \"a\" has no owner"`},
		{"[{violations: no, message: owner$}]", `got 1 violation that match "owner$", want none; messages: "Pod \"a\" has no owner"`},
		{"[{message: ^owner}, {violations: 0}]", `got 0 violations that match "^owner", want one at least; messages: "Pod \"a\" has no owner"` + "\n" + `got 1 violation, want none; messages: "Pod \"a\" has no owner"`},
		{"[{violations: -1}]", "violations: got -1, want a number from 0, yes or no"},
		{`[{violations: "1"}]`, `violations: got "1", want a number, yes or no`},
		{"[]", "assertions: want one at least, such as violations: no"},
	} {
		t.Run(tc.assertions, func(t *testing.T) {
			var texts []string
			for _, f := range owned(t, pod, "", tc.assertions).Suites[0].Tests[0].Cases[0].Faults {
				texts = append(texts, f.Text)
			}
			if got := strings.Join(texts, "\n"); got != tc.want {
				t.Errorf("assertions %s:\n got %s\nwant %s", tc.assertions, got, tc.want)
			}
		})
	}
}

// FuzzFind wants no text to bring Find down, and every fault to have a place.
func FuzzFind(f *testing.F) {
	f.Add(head + "tests: [{name: a, template: t, constraint: c, cases: [{object: o, assertions: [{violations: 1, message: a}]}]}]\n")
	f.Add(head + "tests: {a: b}\nskip: 1\n---\n" + head + "tests: [{cases: [1, {assertions: [{violations: x}]}]}]")
	f.Add(`{"apiVersion": "test.gatekeeper.sh/v1alpha1", "kind": "Suite", "tests": [null, {"cases": [{"inventory": [1]}]}]}`)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		name := filepath.Join(dir, fmt.Sprintf("%d.yaml", os.Getpid()))
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		suites, err := verify.Find([]string{name})
		if err != nil && !strings.HasPrefix(err.Error(), filepath.ToSlash(name)+":") {
			t.Errorf("Find of %q: error without a place: %v", text, err)
		}
		verify.Run(t.Context(), suites, verify.Options{Client: client(engine.Options{})})
	})
}

// TestSecondDocument wants what gator passes over in silence to be noted, once.
func TestSecondDocument(t *testing.T) {
	template, err := os.ReadFile("testdata/suites/owned/template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const constraint = "---\n{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Owned, metadata: {name: owned}}\n"
	const one = "  template: template.yaml\n  constraint: constraint.yaml\n  cases: [{name: c, object: pod.yaml, assertions: [{violations: 1}]}]\n"
	write(t, map[string]string{
		"suite.yaml":      head + "tests:\n- name: a\n" + one + "- name: b\n" + one,
		"template.yaml":   string(template),
		"constraint.yaml": constraint + constraint,
		"pod.yaml":        "{apiVersion: v1, kind: Pod, metadata: {name: a}}",
	})
	r := run(t, verify.Options{Client: client(engine.Options{})}, ".")
	want := []verify.Fault{{File: "constraint.yaml", Line: 4, Column: 1, Text: "passed over: a test reads the first document of its constraint"}}
	if r.Failed() || !slices.Equal(r.Notes, want) {
		t.Errorf("failed %t, notes %v, want %v", r.Failed(), r.Notes, want)
	}
}
