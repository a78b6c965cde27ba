package e2e

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	_ "github.com/memgate/memgate/pkg/cli" // so that go test runs again when the binaries change
)

// TestVersion wants the built binaries to know what they are made of, and to say the
// same whether they answer before or after their packages are initialised.
func TestVersion(t *testing.T) {
	bin := t.TempDir()
	command(t, "go", "build", "-o", bin, root+"/cmd/memgate", root+"/cmd/memgate-webhook")
	for _, name := range []string{"memgate", "memgate-webhook"} {
		want := regexp.MustCompile(`^` + name + ` \S+\ncommit \S+\npack [0-9a-f]{12}\nopa 1\.\d+\.\d+\ngo go1\.\S+\n$`)
		early, err := exec.Command(filepath.Join(bin, name), "version").Output()
		if err != nil || !want.Match(early) {
			t.Errorf("%s version = %q, %v, want a match of %s", name, early, err, want)
		}
		late, err := exec.Command(filepath.Join(bin, name), "version", "--").Output()
		if err != nil || string(late) != string(early) {
			t.Errorf("%s version -- = %q, %v, want %q", name, late, err, early)
		}
	}
}
