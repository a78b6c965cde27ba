package e2e

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	_ "github.com/memgate/memgate/pkg/cli" // so that go test runs again when the binaries change
)

// TestVersion wants built binaries to know what they are made of: from the linker, where
// they say so before and after their packages are initialised, or from what Go notes.
func TestVersion(t *testing.T) {
	for _, tc := range []struct{ how, ldflags string }{
		{"by make build", "-X github.com/memgate/memgate/pkg/version.number=v9.9.9 -X github.com/memgate/memgate/pkg/version.commit=0123abc -X github.com/memgate/memgate/pkg/version.opa=1.0.0"},
		{"by go install", ""},
	} {
		bin := t.TempDir()
		command(t, "go", "build", "-ldflags", tc.ldflags, "-o", bin, root+"/cmd/memgate", root+"/cmd/memgate-webhook")
		for _, name := range []string{"memgate", "memgate-webhook"} {
			want := regexp.MustCompile(`^` + name + ` \S+\ncommit \S+\npack [0-9a-f]{12}\nopa 1\.\d+\.\d+\ngo go1\.\S+\n$`)
			if tc.ldflags != "" {
				want = regexp.MustCompile(`^` + name + ` v9\.9\.9\ncommit 0123abc\npack [0-9a-f]{12}\nopa 1\.0\.0\ngo go1\.\S+\n$`)
			}
			early, err := exec.Command(filepath.Join(bin, name), "version").Output()
			if err != nil || !want.Match(early) {
				t.Errorf("built %s: %s version = %q, %v, want a match of %s", tc.how, name, early, err, want)
			}
			late, err := exec.Command(filepath.Join(bin, name), "version", "--").Output()
			if err != nil || string(late) != string(early) {
				t.Errorf("built %s: %s version -- = %q, %v, want %q", tc.how, name, late, err, early)
			}
		}
	}
}
