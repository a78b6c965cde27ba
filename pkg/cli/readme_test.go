package cli_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the README's command output")

const root = "../.."

// readmeBlock is a command of the README whose output is shown below it.
var readmeBlock = regexp.MustCompile("(?s)(<!-- (?:demo|help) -->\n```console\n\\$ bin/([^\n]+)\n)(.*?)```")

// TestReadme wants the README to show what its commands print, to the letter; -update
// rewrites it.
func TestReadme(t *testing.T) {
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", bin, "./cmd/...")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	path := filepath.Join(root, "README.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	got := readmeBlock.ReplaceAllStringFunc(string(text), func(block string) string {
		blocks++
		parts := readmeBlock.FindStringSubmatch(block)
		args := strings.Fields(parts[2])
		cmd := exec.Command(filepath.Join(bin, args[0]), args[1:]...)
		cmd.Dir = root
		out, err := cmd.CombinedOutput()
		if _, exited := err.(*exec.ExitError); err != nil && !exited {
			t.Fatal(err)
		}
		return parts[1] + string(out) + "```"
	})
	if blocks != 3 {
		t.Errorf("%d commands with output in the README, want 3", blocks)
	}
	if got == string(text) {
		return
	}
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("README.md is stale; run: go test ./pkg/cli -run TestReadme -update\nwant\n%s", got)
}
