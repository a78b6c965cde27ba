package source_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/memgate/memgate/pkg/source"
)

// TestPatches finds the files that a kustomization names as patches, wherever it stands.
func TestPatches(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"base/kustomization.yaml": "resources: [deployment.yaml, both.yaml]\npatchesStrategicMerge:\n- merge.yaml\n- |\n  kind: Deployment\n- both.yaml\n",
		"base/deployment.yaml":    "",
		"base/merge.yaml":         "",
		"base/both.yaml":          "",
		"overlays/prod/kustomization.yml": "resources: [../../base]\npatches:\n- path: ../../shared/limits.yaml\n- patch: '- op: remove'\n- target: {kind: Deployment}\n  path: patches/args.yaml\n" +
			"patchesJson6902: [{path: json.yaml}]\n",
		"overlays/prod/patches/args.yaml": "",
		"overlays/prod/json.yaml":         "",
		"overlays/prod/extra.yaml":        "",
		"shared/limits.yaml":              "",
		"broken/kustomization.yaml":       "patches: [",
		"broken/pod.yaml":                 "",
		"odd/Kustomization":               "patches: pod.yaml",
		"odd/pod.yaml":                    "",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for _, tc := range []struct {
		path string
		want map[string]string // kustomization, by patch
	}{
		{".", map[string]string{
			"base/merge.yaml":                 "base/kustomization.yaml",
			"overlays/prod/json.yaml":         "overlays/prod/kustomization.yml",
			"overlays/prod/patches/args.yaml": "overlays/prod/kustomization.yml",
			"shared/limits.yaml":              "overlays/prod/kustomization.yml",
		}},
		{"overlays/prod/patches/args.yaml", map[string]string{"overlays/prod/patches/args.yaml": "overlays/prod/patches/../kustomization.yml"}},
		{"base/deployment.yaml", nil},
		{"shared/limits.yaml", nil}, // nothing near it tells
	} {
		files, faults, err := source.Find([]string{tc.path}, nil)
		if err != nil || len(faults) > 0 {
			t.Fatalf("Find(%q): %v, %v", tc.path, faults, err)
		}
		found := 0
		for _, file := range files {
			if file.Patch != "" {
				found++
			}
			if want := tc.want[file.Name]; filepath.Clean(file.Patch) != filepath.Clean(want) {
				t.Errorf("Find(%q): %s is a patch of %q, want of %q", tc.path, file.Name, file.Patch, want)
			}
		}
		if found != len(tc.want) {
			t.Errorf("Find(%q): %d patches, want %d", tc.path, found, len(tc.want))
		}
	}
}

// TestOddKustomizations wants a kustomization that is a pipe, a directory or very large to
// be passed over, and nothing to wait for it.
func TestOddKustomizations(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dir := range []string{"pipe", "directory/kustomization.yaml", "large"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo("pipe/kustomization.yaml", 0o644); err != nil {
		t.Fatal(err)
	}
	text := "patches: [{path: pod.yaml}]\n# " + strings.Repeat("x", 1<<20) + "\n"
	if err := os.WriteFile("large/kustomization.yaml", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"pipe", "directory", "large"} {
		pod := dir + "/pod.yaml"
		if err := os.WriteFile(pod, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		files, _, err := source.Find([]string{pod}, nil)
		if err != nil || len(files) != 1 || files[0].Patch != "" {
			t.Errorf("Find(%q): %+v, %v, want a file that is no patch", pod, files, err)
		}
	}
}
