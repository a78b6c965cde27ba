package generate

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/memgate/memgate/pkg/manifest"
)

var update = flag.Bool("update", false, "rewrite testdata/want.txtar")

// TestGenerated compares the generated files of this repository with what they are
// made from.
func TestGenerated(t *testing.T) {
	found, err := Stale("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range found {
		t.Errorf("%s; run make generate", text)
	}
}

// sample is the repository in testdata/repo.txtar.
func sample(t *testing.T) fstest.MapFS {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/repo.txtar")
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{}
	for _, file := range archive.Files {
		fsys[file.Name] = &fstest.MapFile{Data: file.Data}
	}
	return fsys
}

// TestFiles makes template, page and index of the sample.
func TestFiles(t *testing.T) {
	rules, err := readRules(sample(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(rules) != 1 {
		t.Fatalf("readRules: got %d rules, want 1", len(rules))
	}
	template, err := rules[0].template()
	if err != nil {
		t.Fatal(err)
	}
	got := &txtar.Archive{}
	for _, file := range []File{template, rules[0].page(), index(rules)} {
		got.Files = append(got.Files, txtar.File{Name: file.Path, Data: file.Content})
	}
	const golden = "testdata/want.txtar"
	if *update {
		if err := os.WriteFile(golden, txtar.Format(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := txtar.ParseFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Files) != len(want.Files) {
		t.Fatalf("got %d files, want %d as in %s", len(got.Files), len(want.Files), golden)
	}
	for i, file := range got.Files {
		if file.Name != want.Files[i].Name || string(file.Data) != string(want.Files[i].Data) {
			t.Errorf("file %d: got\n-- %s --\n%s\nwant\n-- %s --\n%s", i, file.Name, file.Data, want.Files[i].Name, want.Files[i].Data)
		}
	}
}

// TestReferential gives the sample a need for reference data.
func TestReferential(t *testing.T) {
	fsys := sample(t)
	edit{code, "count(_profiles) > 0", "count(data.inventory.cluster.v1.Node) + count(_profiles) > 0"}.apply(t, fsys)
	edit{code, "remediation:", "requiresSyncData: [[{groups: [\"\"], versions: [v1], kinds: [Node]}]]\n#   withoutData: It guesses.\n#   remediation:"}.apply(t, fsys)
	rules, err := readRules(fsys)
	if err != nil {
		t.Fatal(err)
	}
	template, err := rules[0].template()
	if err != nil {
		t.Fatal(err)
	}
	objects, err := manifest.Read(template.Path, bytes.NewReader(template.Content))
	if err != nil {
		t.Fatal(err)
	}
	annotations := objects[0].Value["metadata"].(map[string]any)["annotations"].(map[string]any)
	got, _ := annotations[syncAnnotation].(string)
	var kinds [][]syncKinds
	if err := json.Unmarshal([]byte(got), &kinds); err != nil {
		t.Fatalf("annotation %s: got %q: %v", syncAnnotation, got, err)
	}
	if want := [][]syncKinds{{{Groups: []string{""}, Versions: []string{"v1"}, Kinds: []string{"Node"}}}}; !reflect.DeepEqual(kinds, want) {
		t.Errorf("annotation %s: got %v, want %v", syncAnnotation, kinds, want)
	}
	if page, want := string(rules[0].page().Content), "Gatekeeper must sync these kinds:\n\n- Node of v1\n"; !strings.Contains(page, want) {
		t.Errorf("page: got\n%s\nwant it to contain %q", page, want)
	}
}

// TestIndex lists groups in their own order and, in a group, the gravest rule first.
func TestIndex(t *testing.T) {
	var rules []*rule
	for _, r := range []struct{ group, id, severity string }{
		{"gatekeeper", "a", "low"},
		{"memory", "b", "low"},
		{"mlock", "c", "low"},
		{"mlock", "d", "critical"},
		{"mlock", "b", "medium"},
		{"mlock", "a", "medium"},
		{"shm", "z", "high"},
	} {
		rules = append(rules, &rule{group: r.group, name: r.id, metadata: metadata{custom: custom{ID: r.id, Severity: r.severity}}})
	}
	var got []string
	for line := range strings.Lines(string(index(rules).Content)) {
		if link := regexp.MustCompile(`\(\.\./policies/(.*)/README.md\)`).FindStringSubmatch(line); link != nil {
			got = append(got, link[1])
		}
	}
	if want := []string{"shm/z", "mlock/d", "mlock/a", "mlock/b", "mlock/c", "memory/b", "gatekeeper/a"}; !slices.Equal(got, want) {
		t.Errorf("index lists %q, want %q", got, want)
	}
}

func TestChanges(t *testing.T) {
	root := t.TempDir()
	page := []byte("# " + notice("policies") + "\n")
	for name, content := range map[string][]byte{
		"templates/same.yaml":            page,
		"templates/stale.yaml":           append(slices.Clone(page), "old\n"...),
		"templates/gone.yaml":            page,
		"pkg/policy/pack/gone.yaml":      page,
		"policies/shm/gone/README.md":    page,
		"policies/shm/gone/examples.txt": []byte("not looked at"),
	} {
		writeFile(t, filepath.Join(root, name), content)
	}
	files := []File{{"docs/rules.md", page}, {"templates/same.yaml", page}, {"templates/stale.yaml", page}}
	changes, err := changesOf(root, files)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range changes {
		got = append(got, c.path+": "+c.what)
	}
	want := []string{
		"docs/rules.md: missing", "pkg/policy/pack/gone.yaml: left over", "policies/shm/gone/README.md: left over",
		"templates/gone.yaml: left over", "templates/stale.yaml: stale",
	}
	if !slices.Equal(got, want) {
		t.Errorf("changesOf(%v):\ngot  %q\nwant %q", files, got, want)
	}

	writeFile(t, filepath.Join(root, "templates/own.yaml"), []byte("kind: Own\n"))
	_, err = changesOf(root, files)
	if want := "templates/own.yaml: found a file that is not generated, want only such in templates"; err == nil || err.Error() != want {
		t.Errorf("changesOf: got error %v, want %s", err, want)
	}
}

func writeFile(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// checkout writes a repository to disk, with the pinned tools of this one.
func checkout(t *testing.T, fsys fstest.MapFS) string {
	t.Helper()
	root := t.TempDir()
	for name, file := range fsys {
		writeFile(t, filepath.Join(root, name), file.Data)
	}
	for _, name := range []string{"go.mod", "go.sum", "tools/go.mod", "tools/go.sum"} {
		content, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(root, name), content)
	}
	return root
}

// TestPackFaults makes one thing wrong that shows in the rendered bundles only.
func TestPackFaults(t *testing.T) {
	const (
		list   = "bundles/shm/kustomization.yaml"
		strict = "bundles/strict/kustomization.yaml"
	)
	for _, tc := range []struct {
		name string
		edit edit
		want string // the error begins with it
	}{
		{
			"strict warns",
			edit{strict, "value: deny", "value: warn"},
			`bundles/strict/rendered.yaml:6:3: constraint "sample-rule-deny": got action "warn", want deny`,
		},
		{
			"no constraint",
			edit{list, "resources: [sample-rule.yaml]", "resources: [sample-rule.yaml]\npatches: [{target: {kind: MemgateSampleRule}, patch: '{$patch: delete, apiVersion: constraints.gatekeeper.sh/v1beta1, kind: MemgateSampleRule, metadata: {name: x}}'}]"},
			"policies/shm/sample_rule: no constraint in bundles/shm, want it listed there as sample-rule.yaml and the bundle in strict",
		},
		{
			"parameter",
			edit{constraints, "{levels: [warn]}", "{levels: [warn], maxBytes: 0}"},
			"bundles/shm/rendered.yaml:20:5: constraint MemgateSampleRule/sample-rule-warn: spec.parameters.maxBytes: got 0, want at least 1",
		},
		{
			"resource missing",
			edit{list, "[sample-rule.yaml]", "[sample-rule.yaml, other.yaml]"},
			"bundles/shm: kustomize build: ",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fsys := sample(t)
			tc.edit.apply(t, fsys)
			files, err := Files(checkout(t, fsys))
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) || files != nil {
				t.Errorf("Files: got %d files and error %v, want none and %s", len(files), err, tc.want)
			}
		})
	}
}

// TestSameArchive wants archives to be the same by what they hold, not by how it is
// compressed.
func TestSameArchive(t *testing.T) {
	archive := func(method uint16, files ...File) []byte {
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		for _, file := range files {
			in, err := w.CreateHeader(&zip.FileHeader{Name: file.Path, Method: method})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := in.Write(file.Content); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	a, b := File{"a", []byte("one")}, File{"b", bytes.Repeat([]byte("two "), 100)}
	first := archive(zip.Deflate, a, b)
	for _, tc := range []struct {
		name  string
		other []byte
		want  bool
	}{
		{"itself", first, true},
		{"not compressed", archive(zip.Store, a, b), true},
		{"other content", archive(zip.Deflate, a, File{"b", []byte("two")}), false},
		{"other name", archive(zip.Deflate, a, File{"c", b.Content}), false},
		{"one less", archive(zip.Deflate, a), false},
		{"no archive", []byte("a"), false},
	} {
		if got := sameArchive(tc.other, first); got != tc.want {
			t.Errorf("sameArchive of %s = %t, want %t", tc.name, got, tc.want)
		}
	}
}

// TestWrite writes the sample with its bundle, finds nothing stale, and repairs what is
// damaged.
func TestWrite(t *testing.T) {
	root := checkout(t, sample(t))
	all := []string{"bundles/shm/README.md", "bundles/strict/README.md", "docs/rules.md", "pkg/policy/pack/pack.go", "pkg/policy/pack/pack.zip", "pkg/policy/pack/plans.bin", "policies/shm/sample_rule/README.md", "templates/sample-rule.yaml"}
	step := func(do string, want []string) {
		t.Helper()
		if got, err := Write(root); err != nil || !slices.Equal(got, want) {
			t.Fatalf("Write after %s: got %q and error %v, want %q", do, got, err, want)
		}
		if got, err := Stale(root); err != nil || got != nil {
			t.Fatalf("Stale after Write: got %q and error %v, want none", got, err)
		}
	}
	step("nothing", all)
	step("writing all", nil)
	for _, file := range []string{"pkg/policy/pack/pack.zip", "pkg/policy/pack/plans.bin"} {
		writeFile(t, filepath.Join(root, file), nil)
		step("a pack is stale", []string{file})
	}

	rule := filepath.Join(root, "policies/shm/sample_rule/sample_rule.rego")
	text, err := os.ReadFile(rule)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, rule, []byte(strings.Replace(string(text), "severity: high", "severity: hihg", 1)))
	written, err := Write(root)
	if want := `custom.severity: got "hihg"`; err == nil || !strings.Contains(err.Error(), want) || written != nil {
		t.Errorf("Write of a faulty rule: got %q and error %v, want nothing written and %s", written, err, want)
	}
}
