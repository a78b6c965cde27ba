package gator

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

var implied = regexp.MustCompile(`^\[Implied by memgate-\w+\] `)

// TestExpansion wants gator to find in workloads that it expands what the rules find in the
// workloads themselves, each once.
func TestExpansion(t *testing.T) {
	policies := map[string][]string{}
	for _, bundle := range []string{"baseline", "expansion"} {
		build := exec.Command("go", "tool", "-modfile=tools/go.mod", "kustomize", "build", "bundles/"+bundle)
		build.Dir = root
		text, err := run(build)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), bundle+".yaml")
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		policies[bundle] = append(glob(t, "templates/*.yaml"), file)
	}
	examples := slices.Concat(
		glob(t, "policies/shm/memory_emptydir_*/examples/deny.yaml"),
		glob(t, "policies/mlock/ipc_lock_*/examples/deny.yaml"),
		glob(t, "policies/memory/daemonset_memory_limit/examples/deny.yaml"),
	)
	messages := func(bundle string) (found []string, expanded int) {
		results, err := byGator(policies[bundle], examples)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			message := implied.ReplaceAllString(r.Message, "")
			if message != r.Message {
				expanded++
			}
			found = append(found, r.Constraint+": "+message)
		}
		slices.Sort(found)
		return found, expanded
	}
	want, _ := messages("baseline")
	got, expanded := messages("expansion")
	if !slices.Equal(got, want) {
		t.Errorf("with bundle expansion gator finds\n%q\nwant what it finds with baseline\n%q", got, want)
	}
	if expanded == 0 || expanded == len(got) {
		t.Errorf("%d of %d findings are in Pods that were made of workloads, want some, and some in Pods", expanded, len(got))
	}
	t.Logf("%d findings, %d of them by expansion", len(got), expanded)
}
