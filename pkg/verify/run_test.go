package verify_test

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/verify"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			t.Fatalf("%s:%d differs; -update rewrites it. got\n%s\nwant\n%s", path, i+1, gotLines[i], wantLines[i])
		}
	}
	if len(gotLines) != len(wantLines) {
		t.Errorf("%s: got %d lines, want %d; -update rewrites it", path, len(gotLines), len(wantLines))
	}
}

func client(options engine.Options) func(*policy.Set) (*engine.Client, error) {
	options.Point = policy.OfflinePoint
	return func(set *policy.Set) (*engine.Client, error) { return engine.NewClient(set, options) }
}

// run runs the suites at paths, with times of zero in the result.
func run(t *testing.T, options verify.Options, paths ...string) verify.Result {
	t.Helper()
	suites, err := verify.Find(paths)
	if err != nil {
		t.Fatal(err)
	}
	result := verify.Run(t.Context(), suites, options)
	for i := range result.Suites {
		s := &result.Suites[i]
		s.Seconds = 0
		for j := range s.Tests {
			s.Tests[j].Seconds = 0
			for k := range s.Tests[j].Cases {
				s.Tests[j].Cases[k].Seconds = 0
			}
		}
	}
	return result
}

func text(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func asText(t *testing.T, r verify.Result, verbose bool) string {
	return text(t, func(w io.Writer) error { return verify.WriteText(w, r, verbose) })
}

// TestRun runs the suites of testdata on each evaluator and compares all that they tell.
func TestRun(t *testing.T) {
	for _, name := range []string{engine.VM, engine.Topdown, engine.Verify} {
		t.Run(name, func(t *testing.T) {
			r := run(t, verify.Options{Client: client(engine.Options{Engine: name})}, "testdata/suites/...")
			golden(t, "run.json", text(t, func(w io.Writer) error { return verify.WriteJSON(w, r) }))
		})
	}
}

func TestFormats(t *testing.T) {
	r := run(t, verify.Options{Client: client(engine.Options{Engine: engine.Topdown, Cover: true}), Threshold: 90}, "testdata/suites/...")
	golden(t, "quiet.txt", asText(t, r, false))
	golden(t, "verbose.txt", asText(t, r, true))
	junit := text(t, func(w io.Writer) error { return verify.WriteJUnit(w, r, 90) })
	golden(t, "junit.xml", junit)
	strictJUnit(t, junit, r)
}

// TestFilter runs one suite by several filters and wants the same tests and cases as gator
// runs by them.
func TestFilter(t *testing.T) {
	for _, tc := range []struct{ filter, want string }{
		{"pods//^known$", "RUN pods, RUN known, SKIP nobody, SKIP unknown, SKIP known by the inventory, SKIP deleted by another, SKIP later, SKIP workloads, SKIP parameters, SKIP someday"},
		{"//deployment", "RUN pods, SKIP known, SKIP nobody, SKIP unknown, SKIP known by the inventory, SKIP deleted by another, SKIP later, RUN workloads, RUN deployment, RUN parameters, SKIP someday"},
		{"workloads//", "SKIP pods, RUN workloads, RUN deployment, SKIP parameters, SKIP someday"},
		{"nobody", "RUN pods, SKIP known, RUN nobody, SKIP unknown, SKIP known by the inventory, SKIP deleted by another, SKIP later, SKIP workloads, SKIP parameters, SKIP someday"},
		{"^(workloads|later)$", "RUN pods, SKIP known, SKIP nobody, SKIP unknown, SKIP known by the inventory, SKIP deleted by another, SKIP later, RUN workloads, RUN deployment, SKIP parameters, SKIP someday"},
		{"nothing", "SKIP pods, SKIP workloads, SKIP parameters, SKIP someday"},
	} {
		filter, err := verify.NewFilter(tc.filter)
		if err != nil {
			t.Errorf("NewFilter(%q): %v", tc.filter, err)
			continue
		}
		r := run(t, verify.Options{Client: client(engine.Options{}), Filter: filter}, "testdata/suites/owned")
		var found []string
		for line := range strings.Lines(asText(t, r, true)) {
			if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "=== "); ok {
				found = append(found, strings.Join(strings.Fields(rest), " "))
			}
		}
		if got := strings.Join(found, ", "); got != tc.want {
			t.Errorf("filter %q:\n got %s\nwant %s", tc.filter, got, tc.want)
		}
	}
	for filter, want := range map[string]string{
		"a//b//c": `got "a//b//c", want at most one //`,
		"(":       "got \"(\": error parsing regexp: missing closing ): `(`",
		"a//[":    "got \"a//[\": error parsing regexp: missing closing ]: `[`",
	} {
		if _, err := verify.NewFilter(filter); err == nil || err.Error() != want {
			t.Errorf("NewFilter(%q): %v, want %s", filter, err, want)
		}
	}
}

// TestNothingJudged wants no verdict of suites that judge nothing.
func TestNothingJudged(t *testing.T) {
	filter, err := verify.NewFilter("pods//nothing")
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, verify.Options{Client: client(engine.Options{}), Filter: filter}, "testdata/suites/owned")
	want := verify.Summary{Suites: 1, Tests: verify.Counts{Skipped: 4}, Cases: verify.Counts{Skipped: 8}}
	if r.Summary != want {
		t.Errorf("summary %+v, want %+v", r.Summary, want)
	}
	if got, want := asText(t, r, false), "ok\ttestdata/suites/owned/suite.yaml\t0.000s\n"; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
}

// TestCancel wants cases to fail that could not be judged because the run was ended.
func TestCancel(t *testing.T) {
	suites, err := verify.Find([]string{"testdata/suites/owned"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := verify.Run(ctx, suites, verify.Options{Client: client(engine.Options{})})
	if want := (verify.Counts{Failed: 6, Skipped: 2}); r.Summary.Cases != want {
		t.Errorf("cases %+v, want %+v", r.Summary.Cases, want)
	}
}

// TestPeers wants third-party suites to pass as they do with gator.
func TestPeers(t *testing.T) {
	dir := os.Getenv("MEMGATE_SUITES")
	if dir == "" {
		t.Skip("MEMGATE_SUITES is not set: no third-party suites to run")
	}
	r := run(t, verify.Options{Client: client(engine.Options{Engine: engine.Verify})}, dir+"/...")
	if r.Failed() || r.Summary.Judged == 0 {
		t.Errorf("summary %+v\n%s", r.Summary, asText(t, r, false))
	}
	t.Logf("%+v", r.Summary)
}
