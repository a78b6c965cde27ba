package kustomize_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/memgate/memgate/pkg/kustomize"
	"github.com/memgate/memgate/pkg/manifest"
)

// command is the kustomize that tools/go.mod pins.
func command(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "tool", "-modfile=../../tools/go.mod", "-n", "kustomize").Output()
	if err != nil {
		t.Fatalf("go tool -n kustomize: %v", err)
	}
	return strings.TrimSpace(string(out))
}

func values(objects []*manifest.Object) []any {
	var values []any
	for _, object := range objects {
		values = append(values, object.Value)
	}
	return values
}

// compare builds a kustomization here and by the command, and reports whether both could.
func compare(t *testing.T, command, file string) bool {
	t.Helper()
	result, err := kustomize.Build(t.Context(), file)
	if err != nil {
		return false
	}
	var out, errs bytes.Buffer
	cmd := exec.Command(command, "build", filepath.Dir(file))
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Errorf("Build(%s): %d objects; kustomize: %v %s", file, len(result.Objects), err, errs.Bytes())
		return false
	}
	want, err := manifest.Read("-", &out)
	if err != nil {
		t.Fatalf("kustomize build %s: %v", file, err)
	}
	if !reflect.DeepEqual(values(result.Objects), values(want)) {
		t.Errorf("Build(%s):\n%v\nkustomize build:\n%v", file, values(result.Objects), values(want))
	}
	for i, object := range result.Objects {
		if place := object.Place(nil); place.Start.Line == 0 || place.Start.File == "" {
			t.Errorf("Build(%s): object %d, %s %s, has no place: %+v", file, i, object.Kind(), object.Name(), place)
		}
	}
	return true
}

func TestAsCommand(t *testing.T) {
	command := command(t)
	for _, dir := range []string{"base", "overlay"} {
		if !compare(t, command, "testdata/"+dir+"/kustomization.yaml") {
			t.Errorf("testdata/%s is not built by both", dir)
		}
	}
}

// TestMetadata wants what is added to learn the origin of objects to be gone from them,
// unless the kustomization asks for it itself.
func TestMetadata(t *testing.T) {
	command := command(t)
	for _, fields := range []string{
		"buildMetadata: [originAnnotations]", "BuildMetadata: [transformerAnnotations]", "buildmetadata: [transformerAnnotations, originAnnotations]",
	} {
		dir := t.TempDir()
		for name, text := range map[string]string{
			"kustomization.yaml": "resources: [pod.yaml]\nnamePrefix: a-\nconfigMapGenerator: [{name: b}]\n" + fields,
			"pod.yaml":           "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n",
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if !compare(t, command, filepath.Join(dir, "kustomization.yaml")) {
			t.Errorf("a kustomization with %s is not built by both", fields)
		}
	}
}

// TestOriginElsewhere wants a file that is no part of the build not to be read, whatever an
// object says about its origin: a pipe would be waited for.
func TestOriginElsewhere(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"kustomization.yaml": "resources: [pod.yaml]\ncommonAnnotations: {config.kubernetes.io/origin: 'path: pipe'}\n",
		"pod.yaml":           "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo("pipe", 0o644); err != nil {
		t.Fatal(err)
	}
	result, err := kustomize.Build(t.Context(), "kustomization.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := manifest.Position{File: "kustomization.yaml", Line: 1, Column: 1}
	if got := result.Objects[0].Place(nil); got.Start != want || !got.Derived {
		t.Errorf("Place(nil) starts at %v, derived %v, want %v, derived", got.Start, got.Derived, want)
	}
}

// TestCorpus builds what both can build of the kustomizations of the corpus.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("MEMGATE_CORPUS")
	if dir == "" {
		t.Skip("MEMGATE_CORPUS is not set: no kustomizations to compare")
	}
	command := command(t)
	built, all := 0, 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if name := filepath.Base(path); err == nil && !entry.IsDir() && (name == "kustomization.yaml" || name == "kustomization.yml" || name == "Kustomization") {
			all++
			if compare(t, command, path) {
				built++
			}
		}
		return err
	})
	if err != nil || built == 0 {
		t.Errorf("%d of %d kustomizations of %s were built: %v", built, all, dir, err)
	}
	t.Logf("%d of %d kustomizations were built", built, all)
}

// TestPlaces wants each value to be found where it was written, of the files of a base,
// an overlay and a component.
func TestPlaces(t *testing.T) {
	t.Chdir("testdata")
	result, err := kustomize.Build(t.Context(), "overlay/kustomization.yaml")
	if err != nil {
		t.Fatal(err)
	}
	objects := map[string]*manifest.Object{}
	for _, object := range result.Objects {
		objects[object.Kind()+" "+strings.SplitN(object.Name(), "-v1", 2)[0]] = object
	}
	container := func(i int, path ...any) []any {
		return append([]any{"spec", "template", "spec", "containers", i}, path...)
	}
	for _, tc := range []struct {
		object  string
		path    []any
		want    string
		derived bool
	}{
		{"Deployment prod-web", nil, "base/web.yaml:2:1", false},
		{"Deployment prod-web", container(1), "base/web.yaml:13:9", false},
		{"Deployment prod-web", container(1, "resources", "limits"), "base/web.yaml:16:11", false},
		{"Deployment prod-web", container(1, "resources", "limits", "memory"), "overlay/memory.yaml:14:13", false},
		{"Deployment prod-web", container(1, "resources", "requests"), "base/web.yaml:15:9", false}, // missing
		{"Deployment prod-web", container(1, "image"), "base/web.yaml:14:9", true},                  // images
		{"Deployment prod-web", container(0), "overlay/memory.yaml:9:9", false},
		{"Deployment prod-web", container(0, "image"), "overlay/memory.yaml:10:9", false},
		{"Deployment prod-web", container(0, "resources"), "overlay/memory.yaml:9:9", false},     // missing
		{"Deployment prod-web", container(1, "args"), "component/kustomization.yaml:6:1", false}, // inline JSON
		{"Deployment prod-web", []any{"spec", "replicas"}, "base/web.yaml:7:3", true},
		{"Deployment prod-web", []any{"spec", "template", "spec", "volumes", 0, "emptyDir", "sizeLimit"}, "base/web.yaml:22:9", false},
		{"Service prod-web", []any{"spec", "ports", 0, "port"}, "component/port.json:2:3", false},
		{"Service prod-web", []any{"spec", "ports", 0, "name"}, "base/web.yaml:30:6", false},
		{"Service prod-web", []any{"metadata", "annotations", "team"}, "component/port.json:3:3", false},
		{"Service prod-web", []any{"metadata", "namespace"}, "base/web.yaml:26:1", true},
		{"ServiceAccount prod-web", []any{"metadata", "name"}, "base/list.yaml:6:14", true},
		{"Pod prod-web-once", []any{"spec", "containers", 0.0, "image"}, "base/list.yaml:12:20", false},
		{"Pod prod-web-once", []any{"spec", "hostIPC"}, "overlay/kustomization.yaml:20:1", false},
		{"ConfigMap prod-settings", []any{"data", "MODE"}, "base/kustomization.yaml:1:1", true},
		{"Secret prod-token", nil, "overlay/kustomization.yaml:1:1", true},
	} {
		object := objects[tc.object]
		if object == nil {
			t.Errorf("there is no %s; have %v", tc.object, objects)
			continue
		}
		place := object.Place(tc.path)
		if got := place.Start.String(); got != tc.want || place.Derived != tc.derived {
			t.Errorf("%s: Place(%v) starts at %s, derived %v; want %s, %v", tc.object, tc.path, got, place.Derived, tc.want, tc.derived)
		}
		related := place.Related[len(place.Related)-1]
		if want := (manifest.Related{Position: manifest.Position{File: "overlay/kustomization.yaml", Line: 1, Column: 1}, Note: "built by this kustomization"}); related != want {
			t.Errorf("%s: Place(%v) has %v last, want %v", tc.object, tc.path, related, want)
		}
	}
	place := objects["Deployment prod-web"].Place(container(1, "resources", "limits", "memory"))
	if first, lines := objects["Deployment prod-web"].Lines(place, 0); first != 14 || len(lines) != 1 || lines[0] != "            memory: 128Mi" {
		t.Errorf("Lines of %v: %d, %q", place.Start, first, lines)
	}
}

func TestBuildFaults(t *testing.T) {
	t.Chdir("testdata")
	write := func(dir, text string) string {
		file := filepath.Join(t.TempDir(), dir, "kustomization.yaml")
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for _, tc := range []struct {
		file   string
		limits kustomize.Limits
		want   string // after the file
	}{
		{"remote/kustomization.yaml", kustomize.Limits{}, `"https://github.com/org/repo//deploy?ref=v1" is in a repository elsewhere, which is not fetched`},
		{"helm/kustomization.yaml", kustomize.Limits{}, "Helm charts are not built; build it by kustomize --enable-helm and check the output"},
		{"overlay/kustomization.yaml", kustomize.Limits{Files: 3}, "more files are read than a build may"},
		{"overlay/kustomization.yaml", kustomize.Limits{Bytes: 300}, "more bytes are read than a build may"},
		{"none/kustomization.yaml", kustomize.Limits{}, "no such file or directory"},
		{write("a", "resources: [../../secret.yaml]"), kustomize.Limits{}, "no such file or directory"},
		{write("a", "resources: [git@github.com:org/repo.git]"), kustomize.Limits{}, "is in a repository elsewhere"},
		{write("a", "resources: ['file:///srv/repo//x']"), kustomize.Limits{}, "is in a repository elsewhere"},
		{write("a", "components: [github.com/org/repo]"), kustomize.Limits{}, "is in a repository elsewhere"},
		{write("a", "resources: []\n---\napiVersion: v1\nkind: Pod\n"), kustomize.Limits{}, "found a second document, which kustomize passes over, want one"},
		{write("a", "RESOURCES: [github.com/org/repo]"), kustomize.Limits{}, "is in a repository elsewhere"},
		{write("a", "patches: [{path: 'http://example.org/p.yaml'}]"), kustomize.Limits{}, "is not on this disk, and is not fetched"},
		{write("a", "configMapGenerator: [{name: a, files: ['k=https://example.org/x']}]"), kustomize.Limits{}, "is not on this disk, and is not fetched"},
		{write("a", "openapi: {path: 'https://example.org/x'}"), kustomize.Limits{}, "is not on this disk, and is not fetched"},
		{write("a", "generators:\n- |\n  {apiVersion: builtin, kind: ConfigMapGenerator, metadata: {name: a}, files: ['https://127.0.0.1:1/x']}"), kustomize.Limits{}, "the network is not asked"},
		{write("a", "transformers:\n- |\n  {apiVersion: example.org/v1, kind: Mine, metadata: {name: a, annotations: {config.kubernetes.io/function: 'exec: {path: ./run}'}}}"), kustomize.Limits{}, ""},
		{write("a", "configMapGenerator: [{name: a}]\npatchesJson6902: [null]"), kustomize.Limits{}, "want no null among its entries"},
		{write("a", "configMapGenerator: [{name: a, literals: [b=c]}]\nreplacements: [{source: {kind: ConfigMap, fieldPath: data}, targets: [null]}]"), kustomize.Limits{}, "want no null among its entries"},
		{write("a", "resources: ["), kustomize.Limits{}, ""},
		{write("a", "spec: {}"), kustomize.Limits{}, `unknown field "spec"`},
		{write("a", "{}"), kustomize.Limits{}, "empty"},
	} {
		result, err := kustomize.BuildWithin(t.Context(), tc.file, tc.limits)
		fault, ok := err.(*kustomize.Error)
		if !ok || fault.File != filepath.ToSlash(tc.file) || !strings.Contains(fault.Text, tc.want) || strings.Contains(fault.Text, "\n") {
			t.Errorf("Build(%s, %+v) = %v, %v, want an error with %q", tc.file, tc.limits, result, err, tc.want)
		} else {
			t.Log(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if result, err := kustomize.Build(ctx, "overlay/kustomization.yaml"); result != nil || err != context.Canceled {
		t.Errorf("Build with a context that is done: %v, %v, want %v", result, err, context.Canceled)
	}
}

// TestAliases wants what kustomize would write out without an end to be refused, wherever
// it stands, and aliases that are usual to be built.
func TestAliases(t *testing.T) {
	bomb := "x: &a [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]"
	for name := 'b'; name <= 'g'; name++ {
		bomb = fmt.Sprintf("%s\n%c: &%c [%s]", bomb, name, name, strings.TrimSuffix(strings.Repeat("*"+string(name-1)+", ", 10), ", "))
	}
	object := func(kind, text string) string {
		return "apiVersion: v1\nkind: " + kind + "\nmetadata: {name: a}\n" + text + "\n"
	}
	inline := func(text string) string { return strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ") }
	const self = "data: &a {b: *a}"
	for _, tc := range []struct {
		kustomization, file string
		ok                  bool
	}{
		{"resources: [file.yaml]", object("ConfigMap", "data: {a: &a b, c: *a}"), true},
		{"resources: [file.yaml]", object("ConfigMap", "data: {a: 'cp * . & # &a [*a]'}"), true},
		{"resources: [file.yaml]", object("Custom", bomb), false},
		{"resources: [file.yaml]", object("ConfigMap", self), false},
		{"resources: [file.yaml]", object("ConfigMap", "") + "---\n" + object("Custom", self), false},
		{"configMapGenerator: [{name: a}]\npatches: [{path: file.yaml}]", object("ConfigMap", self), false},
		{"configMapGenerator: [{name: a}]\npatches:\n- patch: |\n    " + inline(object("ConfigMap", self)), "", false},
		{"configMapGenerator: [{name: a}]\ntransformers: [file.yaml]", object("PatchTransformer", "patch: |\n    "+inline(object("ConfigMap", bomb))), false},
	} {
		dir := t.TempDir()
		for name, text := range map[string]string{"kustomization.yaml": tc.kustomization, "file.yaml": tc.file} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		result, err := kustomize.Build(t.Context(), filepath.Join(dir, "kustomization.yaml"))
		if tc.ok != (err == nil) || err != nil && !strings.Contains(err.Error(), "want fewer or smaller anchors") {
			t.Errorf("Build of\n%s\nwith file.yaml\n%s\n= %v, %v, want it built: %v", tc.kustomization, tc.file, result, err, tc.ok)
		}
	}
}

// TestResources wants the files that are judged as built, and neither patches nor the
// files of generators.
func TestResources(t *testing.T) {
	result, err := kustomize.Build(t.Context(), "testdata/overlay/kustomization.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, path := range result.Resources {
		dir, name := filepath.Split(path)
		got = append(got, filepath.Base(dir)+"/"+name)
	}
	if want := []string{"base/list.yaml", "base/web.yaml", "overlay/secret.yaml"}; !slices.Equal(got, want) {
		t.Errorf("Resources = %q, want %q", got, want)
	}
}
