package changes_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/manifest"
)

// TestHas has a file for each way to change one. Each is written for the base and then made
// what it is now.
func TestHas(t *testing.T) {
	r := newRepository(t)
	file := func(name string) func() string { return func() string { return name } }
	cases := []struct {
		name    string
		base    func()
		now     func() string // the file to look at
		touched bool
		want    []string
	}{
		{
			"unchanged", func() { r.write("same.yaml", pods("same")) },
			file("same.yaml"), false, nil,
		},
		{
			"one object of three", func() { r.write("three.yaml", pods("a", "b", "c")) },
			func() string { r.write("three.yaml", pods("a", "b=2", "c")); return "three.yaml" }, true,
			[]string{"b"},
		},
		{
			"an object more", func() { r.write("more.YML", pods("d")) },
			func() string { r.write("more.YML", pods("e", "d")); return "more.YML" }, true,
			[]string{"e"},
		},
		{
			"staged", func() { r.write("staged.yaml", pods("staged")) },
			func() string {
				r.write("staged.yaml", pods("staged=2"))
				r.git("add", "staged.yaml")
				return "staged.yaml"
			}, true,
			[]string{"staged"},
		},
		{
			"staged and back", func() { r.write("back.yaml", pods("back")) },
			func() string {
				r.write("back.yaml", pods("back=2"))
				r.git("add", "back.yaml")
				r.write("back.yaml", pods("back"))
				return "back.yaml"
			}, true, nil,
		},
		{
			"committed", func() { r.write("committed.yaml", pods("committed")) },
			func() string {
				r.write("committed.yaml", pods("committed=2"))
				r.git("commit", "--quiet", "--message=m", "committed.yaml")
				return "committed.yaml"
			}, true,
			[]string{"committed"},
		},
		{
			"renamed", func() { r.write("old.yaml", pods("renamed")) },
			func() string { r.git("mv", "old.yaml", "new.yaml"); return "new.yaml" }, true, nil,
		},
		{
			"renamed by hand and edited", func() { r.write("from.yaml", pods("f", "g")) },
			func() string {
				r.remove("from.yaml")
				r.write("deep/to.yaml", pods("f", "g=2"))
				return "deep/to.yaml"
			}, true,
			[]string{"g"},
		},
		{
			"moved to another file", func() { r.write("source.yaml", pods("h", "i")); r.write("target.yaml", pods("j")) },
			func() string {
				r.write("source.yaml", pods("h"))
				r.write("target.yaml", pods("j", "i"))
				return "target.yaml"
			}, true, nil,
		},
		{
			"laid out anew", func() { r.write("layout.yaml", pods("layout")) },
			func() string {
				r.remove("layout.yaml")
				r.write("layout.json", `{"kind": "List", "apiVersion": "v1", "items": [{"spec": {"containers": [{"image": "", "name": "a"}]},
					"metadata": {"name": "layout", "namespace": "n"}, "kind": "Pod", "apiVersion": "v1"}]}`)
				return "layout.json"
			}, true, nil,
		},
		{
			"another namespace", func() { r.write("namespace.yaml", pods("namespace")) },
			func() string {
				r.write("namespace.yaml", strings.Replace(pods("namespace"), "spec:", "  namespace: m\nspec:", 1))
				return "namespace.yaml"
			}, true,
			[]string{"namespace"},
		},
		{
			"other line ends", func() { r.write("crlf.yaml", pods("crlf")) },
			func() string {
				r.write("crlf.yaml", strings.ReplaceAll(pods("crlf"), "\n", "\r\n"))
				return "crlf.yaml"
			}, true, nil,
		},
		{
			"untracked", func() {},
			func() string { r.write("untracked.yaml", pods("untracked")); return "untracked.yaml" }, true,
			[]string{"untracked"},
		},
		{
			"ignored", func() { r.write(".gitignore", "ignored.yaml\n") },
			func() string { r.write("ignored.yaml", pods("ignored")); return "ignored.yaml" }, true,
			[]string{"ignored"},
		},
		{
			"to be added", func() {},
			func() string {
				r.write("intent.yaml", pods("intent"))
				r.git("add", "--intent-to-add", "intent.yaml")
				return "intent.yaml"
			}, true,
			[]string{"intent"},
		},
		{
			"no longer tracked", func() { r.write("dropped.yaml", pods("dropped", "other")) },
			func() string {
				r.write("dropped.yaml", pods("dropped", "other=2"))
				r.git("rm", "--quiet", "--cached", "dropped.yaml")
				return "dropped.yaml"
			}, true,
			[]string{"other"},
		},
		{
			"unreadable before", func() { r.write("broken.yaml", "a: [\n---\n"+pods("k")+"a: {{ .b }}\n") },
			func() string { r.write("broken.yaml", pods("k", "l")); return "broken.yaml" }, true,
			[]string{"l"},
		},
		{
			"odd name", func() { r.write(" é\n\"\t.yaml", pods("odd", "even")) },
			func() string { r.write(" é\n\"\t.yaml", pods("odd=2", "even")); return " é\n\"\t.yaml" }, true,
			[]string{"odd"},
		},
		{
			"odd name, unchanged", func() { r.write("日本/-x\n.yaml", pods("o")) },
			file("日本/-x\n.yaml"), false, nil,
		},
		{
			"link to an unchanged file", func() { r.write("goal.yaml", pods("goal")) },
			func() string { r.link("goal.yaml", "link.yaml"); return "link.yaml" }, false, nil,
		},
		{
			"link to a changed file, below a link", func() {
				r.write("real/goal.yaml", pods("m", "n"))
				r.link("real", "linked")
				r.link("goal.yaml", "real/link.yaml")
			},
			func() string { r.write("real/goal.yaml", pods("m=2", "n")); return "linked/link.yaml" }, true,
			[]string{"m"},
		},
		{
			"link that was a file", func() { r.write("file.yaml", pods("p=2")) },
			func() string { r.remove("file.yaml"); r.link("goal.yaml", "file.yaml"); return "file.yaml" }, false, nil,
		},
		{
			"file that was a link", func() { r.link("goal.yaml", "pointer.yaml") },
			func() string {
				r.remove("pointer.yaml")
				r.write("pointer.yaml", pods("pointer"))
				return "pointer.yaml"
			}, true,
			[]string{"pointer"},
		},
		{
			"directory that was a file", func() { r.write("both.yaml", pods("q")) },
			func() string {
				r.remove("both.yaml")
				r.write("both.yaml/r.yaml", pods("q", "r"))
				return "both.yaml/r.yaml"
			}, true,
			[]string{"r"},
		},
		{
			"other extension, unchanged", func() { r.write("same.tpl", pods("s")) },
			file("same.tpl"), false, nil,
		},
		{ // its old version is not read
			"other extension", func() { r.write("pods.tpl", pods("t", "u")) },
			func() string { r.write("pods.tpl", pods("t", "u=2")); return "pods.tpl" }, true,
			[]string{"t", "u"},
		},
	}
	for _, tc := range cases {
		tc.base()
	}
	r.commit()
	base := r.git("rev-parse", "HEAD")
	var files []string
	for _, tc := range cases {
		files = append(files, r.path(tc.now()))
	}
	c := since(t, "HEAD^", r.dir) // one of the changes is committed
	if got := c.Base(); got != base {
		t.Errorf("Base() = %s, want %s", got, base)
	}
	for i, tc := range cases {
		if got := c.HasFile(files[i]); got != tc.touched {
			t.Errorf("%s: HasFile(%q) = %v, want %v", tc.name, files[i], got, tc.touched)
		}
		if got := changed(t, c, files[i]); !slices.Equal(got, tc.want) {
			t.Errorf("%s: Has(%q) for the objects %q, want %q", tc.name, files[i], got, tc.want)
		}
	}
}

// An object that has no JSON cannot be known again.
func TestHasWithoutJSON(t *testing.T) {
	r := newRepository(t)
	r.write("a.yaml", pods("a"))
	r.commit()
	r.write("a.yaml", pods("a", "b"))
	object := &manifest.Object{Value: map[string]any{"x": math.Inf(1)}}
	if !since(t, "HEAD", r.dir).Has(r.path("a.yaml"), object) {
		t.Errorf("Has(%v) = false, want true", object.Value)
	}
}
