package source_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/memgate/memgate/pkg/source"
)

// tree makes files below a new directory and changes to it.
func tree(t *testing.T, names ...string) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

func symlink(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

func TestFind(t *testing.T) {
	tree(t, "b/x.yaml", "b/a.YML", "b/c.Json", "b/readme.md", "b/sub/y.yaml", "b/.git/config.yaml", "b/.github/w.yaml", "plain", "z.yaml")
	symlink(t, "b", "link")
	symlink(t, "nowhere", "b/dangling.yaml")
	symlink(t, "nowhere", "b/dangling.md")
	symlink(t, "../..", "b/sub/up")
	for _, tc := range []struct {
		paths  []string
		files  []string
		faults []string
	}{
		{[]string{"z.yaml"}, []string{"z.yaml"}, nil},
		{[]string{"plain"}, []string{"plain"}, nil},
		{
			[]string{"b"},
			[]string{"b/.github/w.yaml", "b/a.YML", "b/c.Json", "z.yaml", "b/sub/y.yaml", "b/x.yaml"},
			[]string{"b/dangling.yaml: no such file or directory"},
		},
		{[]string{"z.yaml", "./z.yaml", "-", "-"}, []string{"z.yaml", "-"}, nil},
		{
			[]string{"link", "b"}, // the same directory, once
			[]string{"link/.github/w.yaml", "link/a.YML", "link/c.Json", "z.yaml", "link/sub/y.yaml", "link/x.yaml"},
			[]string{"link/dangling.yaml: no such file or directory"},
		},
	} {
		files, faults, err := source.Find(tc.paths, strings.NewReader(""))
		if err != nil {
			t.Errorf("Find(%q): %v", tc.paths, err)
		}
		var names, texts []string
		for _, file := range files {
			names = append(names, strings.TrimPrefix(file.Name, "b/sub/up/"))
		}
		for _, fault := range faults {
			texts = append(texts, fault.Error())
		}
		if !slices.Equal(trimUp(names), tc.files) || !slices.Equal(texts, tc.faults) {
			t.Errorf("Find(%q) = %q, %q, want %q, %q", tc.paths, names, texts, tc.files, tc.faults)
		}
	}
}

// trimUp takes away the detour by the link to the parent directory.
func trimUp(names []string) []string {
	for i, name := range names {
		names[i] = strings.TrimPrefix(name, "link/sub/up/")
	}
	return names
}

func TestFindMissing(t *testing.T) {
	tree(t, "a.yaml")
	files, _, err := source.Find([]string{"none.yaml", "a.yaml", "gone/"}, nil)
	want := "none.yaml: no such file or directory\ngone/: no such file or directory"
	if err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
	if len(files) != 1 {
		t.Errorf("got %d files, want the one that exists", len(files))
	}
}

// TestFindWithoutStdin wants "-" to be an error where nothing comes from there.
func TestFindWithoutStdin(t *testing.T) {
	tree(t, "a.yaml")
	files, _, err := source.Find([]string{"a.yaml", "-"}, nil)
	if want := "-: standard input is not read here, want a file or a directory"; err == nil || err.Error() != want || len(files) != 1 {
		t.Errorf("Find: %d files, error %v, want one file and %s", len(files), err, want)
	}
}

func TestTwice(t *testing.T) {
	tree(t, "a.yaml")
	files, _, err := source.Find([]string{"a.yaml", "-"}, strings.NewReader("from stdin"))
	if err != nil {
		t.Fatal(err)
	}
	copies, remove := source.Twice(files)
	for round := range 2 {
		for i, want := range []string{"a.yaml", "from stdin"} {
			in, err := copies[i].Open()
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(in)
			if err != nil || string(got) != want {
				t.Errorf("round %d, %s: got %q, %v, want %q", round, copies[i].Name, got, err, want)
			}
			if err := in.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if err := remove(); err != nil {
		t.Error(err)
	}
	if _, err := copies[1].Open(); err == nil {
		t.Error("standard input can be opened after remove; want its copy to be gone")
	}
}

// TestTwiceBroken wants an input that breaks off to be an error each time, and what is
// known of a file to be known of its copy.
func TestTwiceBroken(t *testing.T) {
	tree(t, "a.yaml")
	broken := io.MultiReader(strings.NewReader("kind: Pod"), iotest.ErrReader(errors.New("cut off")))
	files, _, err := source.Find([]string{"a.yaml", "-"}, broken)
	if err != nil {
		t.Fatal(err)
	}
	files[1].Patch = "kustomization.yaml"
	copies, remove := source.Twice(files)
	if got := copies[1]; got.Real != files[1].Real || got.Patch != files[1].Patch {
		t.Errorf("Twice(%+v) = %+v, want the same but for how it is opened", files[1], got)
	}
	for round := range 2 {
		in, err := copies[1].Open()
		if err == nil || err.Error() != "-: cut off" {
			t.Errorf("round %d: Open() = %v, %v, want the error: -: cut off", round, in, err)
		}
	}
	if err := remove(); err != nil {
		t.Error(err)
	}
}
