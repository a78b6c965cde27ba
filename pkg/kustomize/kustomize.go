// Package kustomize builds directories with a kustomization, in this process, and
// remembers which files the objects come from. It knows kustomize and neither kinds nor
// policies. It runs no program, asks no network and writes nothing.
package kustomize

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"

	"github.com/memgate/memgate/pkg/manifest"
)

// Limits of a build. A file counts each time it is read: a base that is used twice is read
// twice.
type Limits struct {
	Bytes int64 // of all files; 0 means 256 MiB
	Files int   // 0 means 10000
}

// An Error says why a kustomization could not be built.
type Error struct {
	File string // the kustomization
	Text string
}

func (e *Error) Error() string { return e.File + ": " + e.Text }

// Build is BuildWithin the usual limits.
func Build(ctx context.Context, file string) (*manifest.Built, error) {
	return BuildWithin(ctx, file, Limits{})
}

// BuildWithin builds the directory of a kustomization, by the name of its file, as "kustomize
// build" does without flags: files from outside the directory of a kustomization are
// refused, bases may stand anywhere. What it would fetch from elsewhere, such as bases by
// URL and Helm charts, and plugins are refused, too. An error is an *Error or that of ctx.
//
// One build runs at a time: kustomize keeps its schemas in variables of the process.
func BuildWithin(ctx context.Context, file string, limits Limits) (*manifest.Built, error) {
	disk, err := newDisk(ctx, filepath.Dir(file), limits)
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return nil, &Error{filepath.ToSlash(file), err.Error()}
	}
	resources, err := run(disk)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var result *manifest.Built
	if err == nil {
		result, err = newResult(disk, resources)
	}
	if err != nil {
		return nil, &Error{filepath.ToSlash(file), disk.shorten(err.Error())}
	}
	return result, nil
}

// run is the resources that kustomize builds. An error of the disk wins over what
// kustomize makes of it, which tries one reading after another.
func run(disk *disk) (resources resmap.ResMap, err error) {
	defer quiet()()
	defer func() {
		if p := recover(); p != nil { // kustomize panics for some null entries, such as of patchesJson6902
			resources, err = nil, fmt.Errorf("kustomize breaks down (%v), want no null among its entries", p)
		}
	}()
	// The order of the command is that of ReorderOptionUnspecified.
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified
	resources, err = krusty.MakeKustomizer(options).Run(disk, disk.root)
	if disk.refused != nil {
		return nil, disk.refused
	}
	return resources, err
}

func newResult(disk *disk, resources resmap.ResMap) (*manifest.Built, error) {
	result := &manifest.Built{Resources: disk.resources(), Files: slices.Sorted(maps.Keys(disk.read))}
	var origins []*resource.Origin
	for _, one := range resources.Resources() {
		origin, err := one.GetOrigin()
		if err != nil {
			return nil, err
		}
		origins = append(origins, origin)
	}
	if !disk.keepOrigin {
		if err := resources.RemoveOriginAnnotations(); err != nil {
			return nil, err
		}
	}
	places, used := places{disk: disk, files: map[string][]*manifest.Object{}}, map[*manifest.Object]bool{}
	for i, one := range resources.Resources() {
		text, err := one.AsYAML()
		if err != nil {
			return nil, err
		}
		objects, err := manifest.Read(disk.kustomization, bytes.NewReader(text))
		if err != nil {
			return nil, err
		}
		if len(objects) != 1 {
			return nil, fmt.Errorf("%s %q: an object without apiVersion is built", one.GetKind(), one.GetName())
		}
		from := places.of(objects[0], origins[i])
		used[from.base] = true
		result.Objects = append(result.Objects, objects[0].WithOrigin(from))
	}
	for _, object := range places.all() {
		if !used[object] {
			result.Dropped = append(result.Dropped, object)
		}
	}
	return result, nil
}

// shorten takes away what only this machine knows, and what else kustomize tried on the
// way to the kustomization that is at fault.
func (d *disk) shorten(text string) string {
	if last := strings.LastIndex(text, "': "); last >= 0 && strings.HasPrefix(text, "accumulating ") {
		text = text[last+len("': "):]
	}
	if dir, err := os.Getwd(); err == nil {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			text = strings.ReplaceAll(text, real+string(filepath.Separator), "")
		}
	}
	return strings.Join(strings.Fields(text), " ")
}
