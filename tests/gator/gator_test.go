package gator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

const (
	root       = "../.."
	opaVersion = "v1.17.1" // of Gatekeeper v3.23.1
)

// gatorTool is gator as this module's go.mod pins it. The go command keeps the binary.
var gatorTool = sync.OnceValues(func() (string, error) {
	out, err := run(exec.Command("go", "tool", "-n", "gator"))
	return strings.TrimSpace(string(out)), err
})

// memgateTool is memgate built from the root module.
func memgateTool(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "memgate")
	if _, err := run(exec.Command("go", "build", "-C", root, "-o", path, "./cmd/memgate")); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs a command and returns its standard output; the error has the other one.
func run(cmd *exec.Cmd) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.Bytes(), fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, stderr.Bytes())
	}
	return stdout.Bytes(), nil
}

func TestGatorHasItsOwnOPA(t *testing.T) {
	tool, err := gatorTool()
	if err != nil {
		t.Fatal(err)
	}
	out, err := run(exec.Command("go", "version", "-m", tool))
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) > 2 && fields[1] == "github.com/open-policy-agent/opa" {
			got = fields[2]
		}
	}
	if got != opaVersion {
		t.Errorf("gator is built with OPA %q, want %s", got, opaVersion)
	}
}

// A result is a violation as both tools tell it. Objects are named as far as both do.
type result struct {
	Object     string // apiVersion kind namespace/name
	Constraint string // kind/name
	Action     string
	Message    string
	Details    string // JSON
}

func (r result) String() string {
	return fmt.Sprintf("%s: %s %s: %s %s", r.Object, r.Action, r.Constraint, r.Message, r.Details)
}

// identity is what both tools say of an object or a constraint.
type identity struct {
	APIVersion string
	Kind       string
	Namespace  string
	Name       string
	Metadata   struct{ Namespace, Name string }
}

func (i identity) String() string {
	return fmt.Sprintf("%s %s %s/%s", i.APIVersion, i.Kind, i.Namespace+i.Metadata.Namespace, i.Name+i.Metadata.Name)
}

// byGator is what gator finds in files by policies. It reviews the policies as well:
// what it finds there is left out, because memgate does not.
func byGator(policies, files []string) ([]result, error) {
	tool, err := gatorTool()
	if err != nil {
		return nil, err
	}
	args := []string{"test", "--enable-k8s-native-validation=false", "-o", "json"}
	for _, file := range slices.Concat(policies, files) {
		args = append(args, "-f", file)
	}
	out, err := run(exec.Command(tool, args...))
	var found []struct {
		Msg               string
		Metadata          struct{ Details json.RawMessage }
		Constraint        identity
		EnforcementAction string
		ViolatingObject   identity
	}
	if fault := json.Unmarshal(out, &found); fault != nil {
		return nil, fmt.Errorf("%w: %w", fault, err)
	}
	var results []result
	for _, f := range found {
		if isPolicy(f.ViolatingObject) {
			continue
		}
		results = append(results, result{
			Object: f.ViolatingObject.String(), Constraint: f.Constraint.Kind + "/" + f.Constraint.Metadata.Name,
			Action: f.EnforcementAction, Message: f.Msg, Details: canonical(f.Metadata.Details),
		})
	}
	return sorted(results), nil
}

func isPolicy(object identity) bool {
	group, _, _ := strings.Cut(object.APIVersion, "/")
	return group == "templates.gatekeeper.sh" || group == "constraints.gatekeeper.sh"
}

// byMemgate is what memgate finds, which must have judged everything. It reads the
// policies as manifests, too, because they are reference data to gator, and fills in
// nothing that gator does not.
func byMemgate(tool string, policies, files []string) ([]result, error) {
	args := []string{"check", "-o", "json", "--no-defaults"}
	for _, file := range policies {
		args = append(args, "--policy", file)
	}
	out, err := run(exec.Command(tool, slices.Concat(args, policies, files)...))
	if exit := (*exec.ExitError)(nil); err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	var report struct {
		Findings []struct {
			Action, Message    string
			Constraint, Object identity
			Details            json.RawMessage
		}
		NotJudged []json.RawMessage
		Summary   struct{ Judged int }
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	if len(report.NotJudged) > 0 || report.Summary.Judged == 0 {
		return nil, fmt.Errorf("memgate judged %d, and did not judge %s", report.Summary.Judged, report.NotJudged)
	}
	var results []result
	for _, f := range report.Findings {
		if isPolicy(f.Object) {
			continue
		}
		results = append(results, result{
			Object: f.Object.String(), Constraint: f.Constraint.Kind + "/" + f.Constraint.Name,
			Action: f.Action, Message: f.Message, Details: canonical(f.Details),
		})
	}
	return sorted(results), nil
}

// needsNamespace reports whether a result depends on the labels of the namespace. gator
// test never hands them to templates (input.review.namespaceObject): the one exception.
func needsNamespace(r result) bool {
	return strings.HasPrefix(r.Constraint, "MemgateIpcLockNamespacePsa/") && !strings.HasPrefix(r.Object, "v1 Namespace ")
}

// canonical is JSON with sorted keys and numbers as float64; {} for none at all.
func canonical(text json.RawMessage) string {
	var value any
	if len(text) == 0 || json.Unmarshal(text, &value) != nil {
		value = map[string]any{}
	}
	sorted, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(sorted)
}

func sorted(results []result) []result {
	slices.SortFunc(results, func(a, b result) int { return strings.Compare(a.String(), b.String()) })
	return results
}

var kindOf = regexp.MustCompile(`(?m)^ +names:\n +kind: (\w+)$`)

// bare writes a constraint without parameters for every template.
func bare(t *testing.T, templates []string) string {
	t.Helper()
	var b strings.Builder
	for _, path := range templates {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		kind := kindOf.FindSubmatch(text)
		if kind == nil {
			t.Fatalf("%s: no kind under names", path)
		}
		fmt.Fprintf(&b, "---\n{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: %s, metadata: {name: bare}, spec: {}}\n", kind[1])
	}
	path := filepath.Join(t.TempDir(), "bare.yaml")
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// rendered is a bundle as kustomize renders it.
func rendered(t *testing.T, dir string) string {
	t.Helper()
	build := exec.Command("go", "tool", "-modfile=tools/go.mod", "kustomize", "build", dir)
	build.Dir = root
	text, err := build.Output()
	if err != nil {
		t.Fatalf("kustomize build %s: %v", dir, err)
	}
	path := filepath.Join(t.TempDir(), "rendered.yaml")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// TestRules compares the verdicts of all templates on the examples of all rules: by
// constraints without parameters, and by each bundle that is built into memgate. A run
// takes the examples of several rules, because most of its time is for the templates.
func TestRules(t *testing.T) {
	templates := glob(t, "templates/*.yaml")
	examples := map[string][]string{} // by rule
	for _, path := range glob(t, "policies/*/*/examples/*.yaml") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "kind: AdmissionReview") {
			continue // to gator test an object like others, to memgate the request that it is
		}
		rule := filepath.Base(filepath.Dir(filepath.Dir(path)))
		examples[rule] = append(examples[rule], path)
	}
	if len(templates) == 0 || len(examples) == 0 {
		t.Fatalf("%d templates, examples of %d rules: nothing is compared", len(templates), len(examples))
	}
	bundles := map[string]string{"bare": bare(t, templates)}
	// The other bundles hold the same constraints with other actions.
	bundles["baseline"] = rendered(t, "bundles/baseline")
	memgate := memgateTool(t)
	if _, err := gatorTool(); err != nil {
		t.Fatal(err)
	}
	for _, bundle := range slices.Sorted(maps.Keys(bundles)) {
		t.Run(bundle, func(t *testing.T) {
			t.Parallel()
			violations := 0
			policies := append([]string{bundles[bundle]}, templates...)
			for rules := range slices.Chunk(slices.Sorted(maps.Keys(examples)), 12) {
				var files []string
				for _, rule := range rules {
					files = append(files, examples[rule]...)
				}
				want, err := byGator(policies, files)
				if err != nil {
					t.Errorf("%s: %v", rules, err)
					continue
				}
				got, err := byMemgate(memgate, policies, files)
				if err != nil {
					t.Errorf("%s: %v", rules, err)
					continue
				}
				violations += len(want)
				got = slices.DeleteFunc(got, needsNamespace)
				want = slices.DeleteFunc(want, func(r result) bool {
					if needsNamespace(r) {
						t.Errorf("gator knows namespaces now, so that they need no exception: %s", r)
					}
					return false
				})
				if diff := difference(got, want); diff != "" {
					t.Errorf("%s: memgate and gator differ (- gator's alone, + memgate's alone):\n%s", rules, diff)
				}
			}
			t.Logf("%d templates, examples of %d rules, %d violations", len(templates), len(examples), violations)
			if violations == 0 {
				t.Error("gator finds no violation in any example: nothing is compared")
			}
		})
	}
}

// difference is what is in one of two sorted lists only, as often as it is.
func difference(got, want []result) string {
	count := map[result]int{}
	for _, r := range want {
		count[r]--
	}
	for _, r := range got {
		count[r]++
	}
	var lines []string
	for r, n := range count {
		for range n {
			lines = append(lines, "+ "+r.String())
		}
		for range -n {
			lines = append(lines, "- "+r.String())
		}
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[2:], b[2:]) })
	return strings.Join(lines, "\n")
}
