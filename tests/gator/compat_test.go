package gator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// An input is what both tools are given.
type input struct {
	files []string
	stdin string // sent through a pipe
	flags []string
}

// An answer is what a tool makes of an input.
type answer struct {
	Status int
	Text   []string // lines, sorted
	JSON   []string // a result each, sorted
	YAML   []string // the same
	// Order is the action and the message of each result, in the order of the JSON: what
	// gator sorts by.
	Order  []string
	errors string // of the run as text
}

// ask runs a tool once for each format.
func (in input) ask(t *testing.T, tool ...string) answer {
	t.Helper()
	var a answer
	for _, format := range []string{"text", "json", "yaml"} {
		args := slices.Concat(tool[1:], in.flags)
		for _, file := range in.files {
			args = append(args, "-f", file)
		}
		if format != "text" {
			args = append(args, "-o", format)
		}
		status, stdout, stderr := runIn(t, "", in.stdin, tool[0], args...)
		switch {
		case format == "text":
			a.Status, a.errors = status, stderr
			a.Text = strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
			slices.Sort(a.Text)
		case status != a.Status:
			t.Errorf("%s %q: status %d, and %d as text", tool[0], args, status, a.Status)
		case stdout == "": // an error
		case format == "json":
			a.JSON, a.Order = results(t, stdout, json.Unmarshal)
		case format == "yaml":
			a.YAML, _ = results(t, stdout, yaml.Unmarshal)
		}
	}
	return a
}

// runIn runs a command in a directory, and returns its exit status.
func runIn(t *testing.T, dir, stdin, tool string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.Command(tool, args...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, strings.NewReader(stdin), &out, &errs
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// results are those of a report, each as JSON with sorted keys, in the order of these.
func results(t *testing.T, text string, unmarshal func([]byte, any) error) (found, order []string) {
	t.Helper()
	var all []map[string]any
	if err := unmarshal([]byte(text), &all); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	for _, fields := range all {
		sortActions(fields)
		text, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, string(text))
		order = append(order, fmt.Sprint(fields["enforcementAction"], " ", fields["msg"]))
	}
	slices.Sort(found)
	return found, order
}

// sortActions sorts the scoped actions of a result, whose order gator leaves to chance.
func sortActions(value any) {
	fields, _ := value.(map[string]any)
	for key, value := range fields {
		switch key {
		case "result": // of YAML
			sortActions(value)
		case "scopedActions", "scopedenforcementactions":
			slices.SortFunc(value.([]any), func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
		}
	}
}

// compare wants the same answer of gator and of memgate, which gets more flags, and returns
// it.
func compare(t *testing.T, memgate string, in input, more ...string) answer {
	t.Helper()
	gator, err := gatorTool()
	if err != nil {
		t.Fatal(err)
	}
	want := in.ask(t, gator, "test")
	got := in.ask(t, slices.Concat([]string{memgate, "check", "--gator-compat"}, more)...)
	for _, part := range []struct {
		name      string
		got, want []string
	}{
		{"status", []string{fmt.Sprint(got.Status)}, []string{fmt.Sprint(want.Status)}},
		{"text", got.Text, want.Text},
		{"JSON", got.JSON, want.JSON},
		{"YAML", got.YAML, want.YAML},
	} {
		if diff := oneSided(part.got, part.want); diff != "" {
			t.Errorf("%q %q: %s: memgate and gator differ (- gator's alone, + memgate's alone):\n%s\nmemgate says:\n%s\ngator says:\n%s",
				in.flags, in.files, part.name, diff, got.errors, want.errors)
		}
	}
	if !slices.Equal(got.Order, want.Order) {
		t.Errorf("%q %q: the order of memgate is\n%s\nwant that of gator\n%s", in.flags, in.files, strings.Join(got.Order, "\n"), strings.Join(want.Order, "\n"))
	}
	return want
}

// oneSided are the lines that are in one of two lists only, as often as they are.
func oneSided(got, want []string) string {
	var lines []string
	for _, line := range got {
		if i := slices.Index(want, line); i >= 0 {
			want = slices.Concat(want[:i], want[i+1:])
			continue
		}
		lines = append(lines, "+ "+line)
	}
	for _, line := range want {
		lines = append(lines, "- "+line)
	}
	return strings.Join(lines, "\n")
}

// suite is a Suite, as far as its files matter.
type suite struct {
	Tests []struct {
		Name, Template, Constraint, Expansion string
		Cases                                 []struct {
			Object    string
			Inventory []string
		}
	}
}

// TestCompatSuites asks about the templates, constraints and objects of suites, a test of
// them at a time.
func TestCompatSuites(t *testing.T) {
	memgate := memgateTool(t)
	paths := glob(t, "pkg/verify/testdata/suites/[mo]*/suite.yaml") // not those of faults
	if dir := os.Getenv("MEMGATE_SUITES"); dir != "" {
		third, err := filepath.Glob(filepath.Join(dir, "*", "*", "suite.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, third...)
	} else {
		t.Log("MEMGATE_SUITES is not set: third-party suites are not compared")
	}
	asked, found := 0, 0
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var s suite
		if err := yaml.Unmarshal(text, &s); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, test := range s.Tests {
			var in input
			add := func(name string) {
				file := filepath.Join(filepath.Dir(path), name)
				if name != "" && !slices.Contains(in.files, file) {
					in.files = append(in.files, file)
				}
			}
			add(test.Template)
			add(test.Constraint)
			add(test.Expansion)
			for _, c := range test.Cases {
				add(c.Object)
				for _, name := range c.Inventory {
					add(name)
				}
			}
			asked++
			// What is not judged for want of a namespace is a difference of its own.
			found += len(compare(t, memgate, in, "--allow-unjudged=namespace-unknown").JSON)
		}
	}
	t.Logf("%d tests of %d suites, %d results", asked, len(paths), found)
	if found == 0 {
		t.Error("gator finds nothing in any suite: nothing is compared")
	}
}
