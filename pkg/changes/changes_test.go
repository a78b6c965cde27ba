package changes_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/memgate/memgate/pkg/changes"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/review"
)

// objects are those of a document, in the namespace "n" if they name none.
func objects(document *manifest.Object) []*manifest.Object {
	items, _ := review.Items(document)
	for i, item := range items {
		items[i] = review.InNamespace(item, "n")
	}
	return items
}

func since(t *testing.T, rev string, paths ...string) *changes.Changes {
	t.Helper()
	c, err := changes.Since(t.Context(), paths, rev, changes.Options{Objects: objects})
	if err != nil {
		t.Fatalf("Since(%q, %q) = %v, want no error", paths, rev, err)
	}
	return c
}

// changed are the names of the changed objects of a file.
func changed(t *testing.T, c *changes.Changes, file string) []string {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close() //nolint:errcheck // read only
	documents, err := manifest.Read(file, in)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, document := range documents {
		for _, object := range objects(document) {
			if c.Has(file, object) {
				names = append(names, object.Name())
			}
		}
	}
	return names
}

// pods are a stream of Pods, "name" or "name=image".
func pods(pods ...string) string {
	var text strings.Builder
	for _, pod := range pods {
		name, image, _ := strings.Cut(pod, "=")
		fmt.Fprintf(&text, "apiVersion: v1\nkind: Pod\nmetadata:\n  name: %s\nspec:\n  containers:\n  - {name: a, image: %q}\n---\n", name, image)
	}
	return text.String()
}

// What a revision says about a file, and what a file system does, are two things.
func TestTouched(t *testing.T) {
	r := newRepository(t)
	r.write("a.yaml", pods("a"))
	r.commit()
	if err := os.Chtimes(r.path("a.yaml"), time.Unix(0, 0), time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(r.path("a.yaml"), 0o777); err != nil {
		t.Fatal(err)
	}
	if got := changed(t, since(t, "HEAD", r.dir), r.path("a.yaml")); got != nil {
		t.Errorf("Has for a file with another time and mode: %q, want none", got)
	}
}

func TestNames(t *testing.T) {
	r, outside := newRepository(t), t.TempDir()
	r.write("deploy/a.yaml", pods("a"))
	r.write("deploy/b.yaml", pods("b"))
	r.write("top.yaml", pods("c"))
	r.commit()
	r.write("deploy/b.yaml", pods("b", "d"))
	if err := os.Symlink(r.dir, filepath.Join(outside, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(outside, "top.yaml"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	t.Chdir(r.path("deploy"))
	for _, tc := range []struct {
		paths []string
		file  string
		want  bool
	}{
		{nil, "a.yaml", false},
		{nil, "./b.yaml", true},
		{[]string{"-"}, "../top.yaml", false},
		{[]string{"."}, "../deploy/a.yaml", false},
		{[]string{"a.yaml", "b.yaml"}, "b.yaml", true},
		{[]string{".."}, r.path("deploy/a.yaml"), false},
		{[]string{"../**/{a,b}/*.yaml"}, "a.yaml", false},
		{[]string{filepath.Join(outside, "link", "deploy", "a.yaml")}, filepath.Join(outside, "link", "deploy", "a.yaml"), false},
		{nil, filepath.Join(outside, "link", "deploy", "b.yaml"), true},
		{nil, filepath.Join(outside, "top.yaml"), true},
		{nil, "missing.yaml", true},
		{nil, ".", true},
		{nil, "-", true},
	} {
		c := since(t, "main", tc.paths...)
		if got := c.HasFile(tc.file); got != tc.want {
			t.Errorf("Since(%q).HasFile(%q) = %v, want %v", tc.paths, tc.file, got, tc.want)
		}
	}
	c := since(t, "main")
	for _, tc := range []struct {
		object string
		want   bool
	}{
		{"b", false}, // as in the old version of a file that differs
		{"d", true},
		{"a", true}, // the file that has it does not differ, and is not read
	} {
		documents, err := manifest.Read("-", strings.NewReader(pods(tc.object)))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Has("-", objects(documents[0])[0]); got != tc.want {
			t.Errorf(`Has("-", Pod %s) = %v, want %v`, tc.object, got, tc.want)
		}
	}
}

// What main got after the branch was made is no change of the branch.
func TestMergeBase(t *testing.T) {
	r := newRepository(t)
	r.write("a.yaml", pods("a"))
	r.write("b.yaml", pods("b"))
	r.commit()
	base := r.git("rev-parse", "HEAD")
	r.git("checkout", "--quiet", "-b", "feature")
	r.write("b.yaml", pods("b=2"))
	r.commit()
	r.git("checkout", "--quiet", "main")
	r.write("a.yaml", pods("a=2"))
	r.commit()
	r.git("tag", "--annotate", "--message=m", "v1")
	r.git("checkout", "--quiet", "feature")
	for _, rev := range []string{"main", "v1", "main~0", r.git("rev-parse", "--short", "main"), "main^{tree}~0"} {
		c, err := changes.Since(t.Context(), []string{r.dir}, rev, changes.Options{Objects: objects})
		if strings.Contains(rev, "tree") {
			if err == nil {
				t.Errorf("Since(%q) = %v, want an error", rev, c.Base())
			}
			continue
		}
		if err != nil {
			t.Fatalf("Since(%q) = %v, want no error", rev, err)
		}
		if got := c.Base(); got != base {
			t.Errorf("Since(%q).Base() = %s, want %s", rev, got, base)
		}
		if a, b := c.HasFile(r.path("a.yaml")), c.HasFile(r.path("b.yaml")); a || !b {
			t.Errorf("Since(%q): HasFile(a.yaml) = %v, HasFile(b.yaml) = %v, want false, true", rev, a, b)
		}
	}
}

// A hook runs with GIT_DIR, GIT_INDEX_FILE and at the top, in a linked working tree, too.
func TestHook(t *testing.T) {
	r := newRepository(t)
	r.write("deploy/a.yaml", pods("a"))
	r.write("deploy/b.yaml", pods("b"))
	r.commit()
	linked := repository{t, filepath.Join(t.TempDir(), "linked")}
	r.git("worktree", "add", "--quiet", linked.dir)
	for _, tree := range []repository{r, linked} {
		tree.write("deploy/b.yaml", pods("b=2"))
		t.Chdir(tree.dir)
		test := func(environment string) {
			c := since(t, "HEAD", "deploy/b.yaml", "deploy/a.yaml")
			if a, b := c.HasFile("deploy/a.yaml"), c.HasFile("deploy/b.yaml"); a || !b {
				t.Errorf("%s: HasFile(deploy/a.yaml) = %v, HasFile(deploy/b.yaml) = %v, want false, true", environment, a, b)
			}
		}
		test("by hand")
		t.Setenv("GIT_DIR", tree.git("rev-parse", "--git-dir"))
		t.Setenv("GIT_INDEX_FILE", filepath.Join(os.Getenv("GIT_DIR"), "index"))
		test("GIT_DIR=" + os.Getenv("GIT_DIR"))
		os.Unsetenv("GIT_DIR")        //nolint:errcheck // t.Setenv brings it back
		os.Unsetenv("GIT_INDEX_FILE") //nolint:errcheck // as above
	}
}

func TestSubmodule(t *testing.T) {
	sub, r := newRepository(t), newRepository(t)
	sub.write("a.yaml", pods("a"))
	sub.commit()
	r.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", sub.dir, "lib/sub")
	// A tree that asks for its submodules to be passed over is not obeyed.
	r.git("config", "--file", r.path(".gitmodules"), "submodule.lib/sub.ignore", "all")
	r.commit()
	inside := r.path("lib/sub/a.yaml")
	if since(t, "HEAD", r.dir).HasFile(inside) {
		t.Errorf("HasFile(%q) = true in an unchanged submodule, want false", inside)
	}
	r.write("lib/sub/b.yaml", pods("b"))
	if got, want := changed(t, since(t, "HEAD", r.dir), inside), []string{"a"}; !slices.Equal(got, want) {
		t.Errorf("Has(%q) for the objects %q in a changed submodule, want %q", inside, got, want)
	}
	if since(t, "HEAD", inside).HasFile(inside) {
		t.Errorf("HasFile(%q) = true from inside the submodule, want false", inside)
	}
}

func TestSettings(t *testing.T) {
	r := newRepository(t)
	r.write("deploy/é.yaml", pods("a"))
	r.write("b.yaml", pods("b"))
	r.commit()
	r.write("deploy/é.yaml", pods("a=2"))
	r.write("mark", "#!/bin/sh\necho ran >'"+r.path("ran")+"'\ncat\n")
	if err := os.Chmod(r.path("mark"), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"diff.relative": "true", "diff.renames": "copies", "diff.external": r.path("mark"), "diff.noprefix": "true",
		"color.ui": "always", "core.quotePath": "true", "core.pager": r.path("mark"), "pager.ls-tree": "true",
		"core.fsmonitor": r.path("mark"), "core.abbrev": "4", "diff.orderFile": r.path("mark"),
	} {
		r.git("config", name, value)
	}
	r.write(".gitattributes", "* diff=mark -text\n")
	r.git("status")
	r.remove("ran") // by status, which shows that the settings work
	t.Chdir(r.path("deploy"))
	c := since(t, "HEAD")
	if a, b := c.HasFile("é.yaml"), c.HasFile("../b.yaml"); !a || b {
		t.Errorf("HasFile(é.yaml) = %v, HasFile(../b.yaml) = %v, want true, false", a, b)
	}
	if _, err := os.Stat(r.path("ran")); err == nil {
		t.Error("Since ran a program that the configuration names, want none")
	}
}

// TestMany compares more than a pipe holds, and asks from several goroutines.
func TestMany(t *testing.T) {
	r := newRepository(t)
	const n = 200
	for i := range n {
		r.write(fmt.Sprintf("%d.yaml", i), pods(fmt.Sprintf("a%d", i), "b")+strings.Repeat("# filler\n", 100))
	}
	r.commit()
	for i := range n {
		r.write(fmt.Sprintf("%d.yaml", i), pods(fmt.Sprintf("a%d=%d", i, i%2), "b"))
	}
	c := since(t, "main", r.dir)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for i := range n {
				name := fmt.Sprintf("a%d", i)
				if got := changed(t, c, r.path(fmt.Sprintf("%d.yaml", i))); !slices.Equal(got, []string{name}) {
					t.Errorf("Has(%d.yaml) for the objects %q, want %s", i, got, name)
				}
			}
		})
	}
	wait.Wait()
}
