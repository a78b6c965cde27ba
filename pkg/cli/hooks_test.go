package cli_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// TestHooks runs the entries that pre-commit finds in this repository as it would: with
// the names of files appended.
func TestHooks(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, ".pre-commit-hooks.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var hooks []struct {
		ID     string `json:"id"`
		Entry  string `json:"entry"`
		Serial bool   `json:"require_serial"`
	}
	if err := yaml.Unmarshal(text, &hooks); err != nil {
		t.Fatal(err)
	}
	workflow := filepath.Join(t.TempDir(), "workflow.yaml")
	if err := os.WriteFile(workflow, []byte("on: push\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, hook := range hooks {
		if !hook.Serial {
			t.Errorf("%s: require_serial is not set: files would be split among runs", hook.ID)
		}
		for file, want := range map[string]int{workflow: 0, filepath.Join(root, "examples/runc.yaml"): 1} {
			words := append(strings.Fields(hook.Entry), file)
			out, err := exec.Command(words[0], words[1:]...).CombinedOutput()
			got := 0
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				got = exit.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("%s: %s: exit status %d, want %d\n%s", hook.ID, strings.Join(words, " "), got, want, out)
			}
		}
	}
	if len(hooks) != 2 {
		t.Errorf("%d hooks, want memgate and memgate-system", len(hooks))
	}
}
