package source_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/source"
)

func TestExcludeAndGlob(t *testing.T) {
	tree(t, "a.yaml", "a.gen.yaml", "deploy/a.yaml", "deploy/b.yml", "deploy/readme.md", "deploy/x/c.json", "deploy/x/y/d.yaml", "vendor/e.yaml", "charts/vendor/f.yaml", "[odd].yaml", ".git/g.yaml")
	symlink(t, "..", "deploy/x/up")
	for _, tc := range []struct {
		paths   []string
		exclude []string
		files   []string
		leftOut []source.LeftOut
	}{
		{[]string{"."}, []string{"vendor", "*.gen.yaml", "deploy/x/"}, []string{"[odd].yaml", "a.yaml", "deploy/a.yaml", "deploy/b.yml"}, []source.LeftOut{
			{"a.gen.yaml", "*.gen.yaml"}, {"charts/vendor/", "vendor"}, {"deploy/x/", "deploy/x/"}, {"vendor/", "vendor"},
		}},
		{[]string{"vendor/e.yaml", "vendor", "a.yaml"}, []string{"./vendor/**"}, []string{"a.yaml"}, []source.LeftOut{{"vendor/e.yaml", "./vendor/**"}, {"vendor/", "./vendor/**"}}},
		{[]string{"deploy"}, []string{"x/**", "no/such", "**/d.yaml", "**/up"}, []string{"deploy/a.yaml", "deploy/b.yml", "deploy/x/c.json"}, []source.LeftOut{
			{"deploy/x/up/", "**/up"}, {"deploy/x/y/d.yaml", "**/d.yaml"},
		}},
		{[]string{"deploy/*.y*ml", "./deploy/**/*.yaml"}, []string{"up"}, []string{"deploy/a.yaml", "deploy/b.yml", "deploy/x/y/d.yaml"}, []source.LeftOut{{"deploy/x/up/", "up"}}},
		{[]string{"*/x"}, []string{"up"}, []string{"deploy/x/c.json", "deploy/x/y/d.yaml"}, []source.LeftOut{{"deploy/x/up/", "up"}}},
		{[]string{"{a,z}.yaml", "a.yaml", "[odd].yaml"}, nil, []string{"[odd].yaml", "a.yaml"}, nil}, // a file of that name wins
		{[]string{"**/a.yaml", "**/g.yaml", "**/a.yaml"}, nil, nil, nil},
	} {
		found, err := source.Options{Exclude: tc.exclude}.Find(tc.paths, nil)
		var got []string
		for _, file := range found.Files {
			got = append(got, file.Name)
		}
		slices.Sort(got)
		if tc.files == nil {
			want := "**/g.yaml: no such file, and as a glob it matches neither a manifest nor a directory"
			if err == nil || err.Error() != want || !slices.Equal(got, []string{"a.yaml", "deploy/a.yaml"}) {
				t.Errorf("Find(%q) = %q, %v, want an error: %s", tc.paths, got, err, want)
			}
			continue
		}
		if err != nil || !slices.Equal(got, tc.files) || !reflect.DeepEqual(found.LeftOut, tc.leftOut) {
			t.Errorf("Find(%q) without %q = %q, left out %v, %v\nwant %q, %v", tc.paths, tc.exclude, got, found.LeftOut, err, tc.files, tc.leftOut)
		}
	}
	for _, glob := range []string{"", "[a", "{a"} {
		_, err := source.Options{Exclude: []string{glob}}.Find([]string{"."}, nil)
		if err == nil || !strings.HasPrefix(err.Error(), "exclude: ") {
			t.Errorf("Find without %q: error %v, want one of the glob", glob, err)
		}
	}
	if _, err := (source.Options{}).Find([]string{"deploy/[a"}, nil); err == nil || !strings.HasPrefix(err.Error(), "path: ") {
		t.Errorf(`Find("deploy/[a"): error %v, want one of the glob`, err)
	}
}

// TestLeftOutByGit wants what is left out to be named with its pattern, and what is named,
// tracked, or in a repository of its own to be read.
func TestLeftOutByGit(t *testing.T) {
	tree(t, "a.yaml", "out/b.yaml", "out/deep/c.yaml", "out/notes.txt", "kept.gen.yaml", "d.gen.yaml", "sub/e.gen.yaml", "sub/f.yaml", "other/d.gen.yaml", "node/x.js")
	for name, text := range map[string]string{".gitignore": "# built\nout/\n*.gen.yaml\nnode\n*.txt\n", "sub/.gitignore": "!e.gen.yaml\n/f.yaml\n"} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	git(t, "init", "-q")
	git(t, "init", "-q", "other")
	git(t, "add", "-f", "kept.gen.yaml", "out/deep/c.yaml")
	for _, tc := range []struct {
		path    string
		files   []string
		leftOut []source.LeftOut
	}{
		{".", []string{"a.yaml", "kept.gen.yaml", "other/d.gen.yaml", "out/deep/c.yaml", "sub/e.gen.yaml"}, []source.LeftOut{
			{"d.gen.yaml", ".gitignore:3"}, {"node/", ".gitignore:4"}, {"out/b.yaml", ".gitignore:2"}, {"sub/f.yaml", "sub/.gitignore:2"},
		}},
		{"sub", []string{"sub/e.gen.yaml"}, []source.LeftOut{{"sub/f.yaml", "sub/.gitignore:2"}}},
		{"out", []string{"out/b.yaml", "out/deep/c.yaml"}, nil},
		{"d.gen.yaml", []string{"d.gen.yaml"}, nil},
		{"*.gen.yaml", []string{"kept.gen.yaml"}, []source.LeftOut{{"d.gen.yaml", ".gitignore:3"}}},
	} {
		found, err := source.Options{}.Find([]string{tc.path}, nil)
		var got []string
		for _, file := range found.Files {
			got = append(got, file.Name)
		}
		if err != nil || !slices.Equal(got, tc.files) || !reflect.DeepEqual(found.LeftOut, tc.leftOut) {
			t.Errorf("Find(%q) = %q, left out %v, %v\nwant %q, %v", tc.path, got, found.LeftOut, err, tc.files, tc.leftOut)
		}
	}
	// A very large .gitignore hides nothing, and neither does an index that cannot be read.
	if err := os.WriteFile("sub/.gitignore", []byte("f.yaml\n#"+strings.Repeat("x", 256<<10)+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := names(t, source.Options{}, "sub"); !slices.Contains(got, "sub/f.yaml") {
		t.Errorf("with a large .gitignore, %q are read, want all", got)
	}
	if err := os.WriteFile(".git/index", []byte("DIRC?"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := names(t, source.Options{}, "."); !slices.Contains(got, "d.gen.yaml") || !slices.Contains(got, "out/b.yaml") {
		t.Errorf("with a broken index, %q are read, want all", got)
	}
}

// TestWorktree wants a linked working tree to have its own index, and the exclusions of
// its repository.
func TestWorktree(t *testing.T) {
	tree(t, "main/a.yaml")
	t.Chdir("main")
	git(t, "init", "-q")
	git(t, "add", ".")
	git(t, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "a")
	git(t, "worktree", "add", "-q", "../linked")
	if err := os.WriteFile(".git/info/exclude", []byte("*.yaml\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir("../linked")
	if err := os.WriteFile("b.yaml", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	found, err := source.Options{}.Find([]string{"."}, nil)
	if want := []source.LeftOut{{"b.yaml", ".git/info/exclude:1"}}; err != nil || len(found.Files) != 1 || !reflect.DeepEqual(found.LeftOut, want) {
		t.Errorf("Find in a linked working tree: %v, left out %v, %v, want a.yaml, %v", found.Files, found.LeftOut, err, want)
	}
}

// TestKustomizationsThatHideOthers wants a kustomization to be built whatever names it that
// is not built itself.
func TestKustomizationsThatHideOthers(t *testing.T) {
	for _, tc := range []struct {
		name    string
		files   map[string]string // texts, by name
		exclude []string
		want    []string
	}{
		{"a component alone", map[string]string{"part": "kind: Component\nresources: [../prod]", "prod": ""}, nil, []string{"prod"}},
		{"a component in use", map[string]string{"part": "kind: Component\nresources: [../base]", "base": "", "prod": "components: [../part]"}, nil, []string{"prod"}},
		{"components in a row", map[string]string{"a": "kind: Component\ncomponents: [../b]", "b": "kind: Component\nresources: [../prod]", "prod": ""}, nil, []string{"prod"}},
		{"itself", map[string]string{"prod": "resources: [.]"}, nil, []string{"prod"}},
		{"each other", map[string]string{"a": "resources: [../b]", "b": "resources: [../a, ../c]", "c": ""}, nil, []string{"a"}},
		{"what uses itself", map[string]string{"dev": "resources: [., ../prod]", "prod": ""}, nil, []string{"dev"}},
		{"itself by a component", map[string]string{"part": "kind: Component\nresources: [../prod]", "prod": "components: [../part]"}, nil, []string{"prod"}},
		{"one that is left out", map[string]string{"dev": "resources: [../prod]", "prod": ""}, []string{"dev/kustomization.yaml"}, []string{"prod"}},
		{"too large to look into", map[string]string{"prod": "# " + strings.Repeat("x", 1<<20)}, nil, []string{"prod"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			for dir, text := range tc.files {
				if err := os.Mkdir(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(dir+"/kustomization.yaml", []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			found, err := source.Options{Kustomize: true, Exclude: tc.exclude}.Find([]string{"."}, nil)
			var got []string
			for _, file := range found.Files {
				if file.Kustomization {
					got = append(got, filepath.Dir(file.Name))
				}
			}
			if err != nil || !slices.Equal(got, tc.want) {
				t.Errorf("to be built are %q, %v, want %q", got, err, tc.want)
			}
		})
	}
}

func TestKustomizationsToBuild(t *testing.T) {
	files := map[string]string{
		"base/kustomization.yaml":      "resources: [a.yaml]",
		"base/a.yaml":                  "",
		"prod/kustomization.yml":       "resources: [../base]\ncomponents: [../part]",
		"part/kustomization.yaml":      "kind: Component",
		"alone/Kustomization":          "resources: [b.yaml]",
		"alone/b.yaml":                 "",
		"loose/kustomization.yaml":     "kind: Component",
		"flux/kustomization.yaml":      "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization",
		"broken/kustomization.yaml":    "resources: [",
		"old/kustomization.yaml":       "bases: [../older]",
		"older/kustomization.yaml":     "",
		"elsewhere/kustomization.yaml": "resources: [../../outside]",
	}
	names := []string{}
	for name := range files {
		names = append(names, name)
	}
	tree(t, names...)
	for name, text := range files {
		if err := os.WriteFile(filepath.FromSlash(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		paths []string
		want  []string
	}{
		{[]string{"."}, []string{"alone/Kustomization", "broken/kustomization.yaml", "elsewhere/kustomization.yaml", "old/kustomization.yaml", "prod/kustomization.yml"}},
		{[]string{"base"}, []string{"base/kustomization.yaml"}},
		{[]string{"base", "prod"}, []string{"base/kustomization.yaml", "prod/kustomization.yml"}}, // both are asked for
		{[]string{"base/kustomization.yaml", "base/a.yaml"}, nil},                                 // named: as they are written
		{[]string{"**/*.yaml"}, nil},
		{[]string{"pro*"}, []string{"prod/kustomization.yml"}},
	} {
		found, err := source.Options{Kustomize: true}.Find(tc.paths, nil)
		var got []string
		for _, file := range found.Files {
			if file.Kustomization {
				got = append(got, file.Name)
			}
		}
		if err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("Find(%q): to be built are %q, %v, want %q", tc.paths, got, err, tc.want)
		}
	}
	if found, err := (source.Options{}).Find([]string{"alone", "prod"}, nil); err != nil || len(found.Files) != 2 || found.Files[1].Kustomization {
		t.Errorf("Find without Kustomize: %+v, %v, want two files, none to be built", found.Files, err)
	}
}

// A kustomization that is not built by itself uses nothing, whatever it names.
func TestKustomizationsThatUseNothing(t *testing.T) {
	for name, tc := range map[string]struct {
		text    string
		exclude []string
		want    []string
	}{
		"a component":     {"kind: Component\nresources: [../prod]", nil, []string{"prod/kustomization.yaml"}},
		"one left out":    {"resources: [../prod]", []string{"other/kustomization.yaml"}, []string{"prod/kustomization.yaml"}},
		"one that is big": {"resources: [../prod] #" + strings.Repeat("#", 1<<20), nil, []string{"other/kustomization.yaml", "prod/kustomization.yaml"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			tree(t, "prod/kustomization.yaml", "other/kustomization.yaml")
			if err := os.WriteFile(filepath.FromSlash("other/kustomization.yaml"), []byte(tc.text), 0o644); err != nil {
				t.Fatal(err)
			}
			found, err := source.Options{Kustomize: true, Exclude: tc.exclude}.Find([]string{"."}, nil)
			var got []string
			for _, file := range found.Files {
				if file.Kustomization {
					got = append(got, file.Name)
				}
			}
			if err != nil || !slices.Equal(got, tc.want) {
				t.Errorf("Find: to be built are %q, %v, want %q", got, err, tc.want)
			}
		})
	}
}
