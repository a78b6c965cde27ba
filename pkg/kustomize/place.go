package kustomize

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/resource"

	"github.com/memgate/memgate/pkg/manifest"
)

// places find out where the objects of a build were written. Kustomize tells the file of
// an object, and not the lines: these are found by looking for the same value there, and
// in the patches.
type places struct {
	disk    *disk
	files   map[string][]*manifest.Object // by path
	patches []patch                       // nil until they are asked for
}

// An origin knows where one object was written.
type origin struct {
	built   *manifest.Object
	base    *manifest.Object // as its file has it, nil if it has none
	patches []patch          // that may name it, the last one to be applied first
	related manifest.Related // the kustomization
	nowhere manifest.Place   // for what is in no file: generated, or lost
}

func (p *places) of(built *manifest.Object, from *resource.Origin) *origin {
	at := func(file string) manifest.Position { return manifest.Position{File: file, Line: 1, Column: 1} }
	start := at(p.disk.kustomization)
	o := &origin{built: built, related: manifest.Related{Position: start, Note: "built by this kustomization"}}
	switch {
	case from != nil && from.Path != "":
		o.base = nearest(p.file(filepath.Join(p.disk.root, from.Path)), built)
	case from != nil && strings.HasSuffix(from.ConfiguredBy.Kind, "Generator"):
		start = at(p.disk.name(filepath.Join(p.disk.root, from.ConfiguredIn)))
	default: // a patch of all annotations takes the origin with them
		o.base = nearest(p.all(), built)
	}
	if p.patches == nil {
		p.patches = p.disk.patches()
	}
	for _, patch := range p.patches {
		if patch.names(o) {
			o.patches = append(o.patches, patch)
		}
	}
	o.nowhere = manifest.Place{Start: start, End: start, Derived: true}
	return o
}

// file are the objects of a file that the build has read, those in lists each by itself, as
// kustomize takes them. An object may name any other file as its origin.
func (p *places) file(path string) []*manifest.Object {
	path = realPath(path)
	objects, read := p.files[path]
	if !read && p.disk.read[path] {
		text, err := os.ReadFile(path)
		if err == nil {
			found, _ := manifest.Read(p.disk.name(path), bytes.NewReader(text)) // what cannot be read was not built
			for _, object := range found {
				objects = append(objects, items(object)...)
			}
		}
		p.files[path] = objects
	}
	return objects
}

// all are the objects of all files that are resources.
func (p *places) all() []*manifest.Object {
	var objects []*manifest.Object
	for _, path := range p.disk.resources() {
		objects = append(objects, p.file(path)...)
	}
	return objects
}

func items(object *manifest.Object) []*manifest.Object {
	list, ok := object.Value["items"].([]any)
	if !ok || !strings.HasSuffix(object.Kind(), "List") {
		return []*manifest.Object{object}
	}
	var found []*manifest.Object
	for i := range list {
		if item, ok := object.Item("items", i); ok {
			found = append(found, items(item)...)
		}
	}
	return found
}

// nearest is the object of the kind of a built one whose name it has or has in it: a
// kustomization adds to names, before and after. It is nil if there is none.
func nearest(objects []*manifest.Object, built *manifest.Object) *manifest.Object {
	var found *manifest.Object
	best := -1
	for _, object := range objects {
		if object.Kind() != built.Kind() || !strings.Contains(built.Name(), object.Name()) {
			continue
		}
		near := 2 * len(object.Name())
		if object.Namespace() == built.Namespace() {
			near++
		}
		if near > best {
			found, best = object, near
		}
	}
	return found
}

// Place is exact if what stands there is the value of the built object. For a collection
// it is enough that it is there: others may have added to it.
func (o *origin) Place(path []any) manifest.Place {
	place := o.find(path)
	place.Related = append(place.Related[:len(place.Related):len(place.Related)], o.related)
	return place
}

func (o *origin) find(path []any) manifest.Place {
	have, value := follow(o.built.Value, path)
	wanted := path[:have]
	var at []any // the same thing in the base, as far as that has it
	if o.base != nil {
		at, _ = translate(o.built.Value, o.base.Value, wanted)
		if len(at) == have && written(o.base.Value, at, value) {
			return o.base.Place(append(at, path[have:]...))
		}
	}
	for _, patch := range o.patches {
		if patch.object != nil {
			if place, ok := patch.place(o.built.Value, path, have, value); ok {
				return place
			}
		} else if patch.writes(wanted, value) || patch.writes(slices.Concat(at, wanted[len(at):]), value) {
			return manifest.Place{Start: patch.start, End: patch.start}
		}
	}
	if o.base == nil {
		return o.nowhere
	}
	place := o.base.Place(at)
	place.Derived = true
	return place
}

func (o *origin) Written(path []any) (object *manifest.Object, at []any) {
	if o.base == nil {
		return nil, nil
	}
	have, _ := follow(o.built.Value, path)
	at, _ = translate(o.built.Value, o.base.Value, path[:have])
	return o.base, at
}

func (o *origin) Lines(p manifest.Place, around int) (first int, lines []string) {
	if o.base != nil {
		if first, lines = o.base.Lines(p, around); lines != nil {
			return first, lines
		}
	}
	for _, patch := range o.patches {
		if patch.object != nil {
			if first, lines = patch.object.Lines(p, around); lines != nil {
				return first, lines
			}
		}
	}
	return 0, nil
}
