package kustomize

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/types"

	"github.com/memgate/memgate/pkg/manifest"
)

// A patch is a part of an object, or one operation of RFC 6902, that a kustomization
// merges into objects.
type patch struct {
	target *types.Selector   // nil if the object itself tells
	object *manifest.Object  // or
	op     []string          // path of an operation that adds or replaces
	value  any               // that it puts there
	start  manifest.Position // of the operation, or of a patch in a kustomization
	inline bool              // the object is in a text of the kustomization
}

// patches are those of all kustomizations of the build, the last to be applied first: a
// kustomization is read before the bases that it changes.
func (d *disk) patches() []patch {
	found := []patch{}
	for _, k := range d.kustomized {
		var own []patch
		for _, p := range k.patches() {
			own = append(own, d.patch(k, p)...)
		}
		slices.Reverse(own)
		found = append(found, own...)
	}
	return found
}

// patch reads a patch of a kustomization, from its file if there is one.
func (d *disk) patch(k *kustomization, p types.Patch) []patch {
	var file manifest.Position
	text, err := []byte(p.Patch), error(nil)
	inline := true
	if path := realPath(filepath.Join(k.dir, p.Path)); p.Path != "" && d.read[path] {
		inline = false
		file.File = d.name(path)
		text, err = os.ReadFile(path)
	} else {
		file = manifest.Position{File: d.name(k.file), Line: lineOf(k.text, p.Patch), Column: 1}
	}
	if err != nil {
		return nil
	}
	var found []patch
	objects, err := manifest.Read(file.File, bytes.NewReader(text))
	for _, object := range objects {
		found = append(found, patch{target: p.Target, object: object, start: file, inline: inline})
	}
	if len(found) > 0 || err != nil {
		return found
	}
	return operations(p.Target, text, file)
}

// lineOf is the line of a kustomization on which a patch starts that it has in a text.
func lineOf(text []byte, inline string) int {
	first, _, _ := strings.Cut(inline, "\n")
	line := 0
	for written := range bytes.Lines(text) {
		line++
		if first != "" && bytes.Contains(written, []byte(first)) {
			return line
		}
	}
	return 1
}

// operations are those of RFC 6902 that write something.
func operations(target *types.Selector, text []byte, file manifest.Position) []patch {
	var list yaml.Node
	if err := yaml.Unmarshal(text, &list); err != nil || len(list.Content) == 0 {
		return nil
	}
	var found []patch
	for _, node := range list.Content[0].Content {
		var op struct {
			Op, Path string
			Value    any
		}
		if err := node.Decode(&op); err != nil || op.Op != "add" && op.Op != "replace" {
			continue
		}
		start := manifest.Position{File: file.File, Line: node.Line, Column: node.Column}
		if file.Line > 0 { // in a text whose indentation is not known
			start = manifest.Position{File: file.File, Line: file.Line + node.Line - 1, Column: 1}
		}
		path := strings.Split(strings.TrimPrefix(op.Path, "/"), "/")
		for i, step := range path {
			path[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		}
		found = append(found, patch{target: target, op: path, value: normal(op.Value), start: start})
	}
	return found
}

// names reports whether the patch may have changed an object, by kind and name.
func (p patch) names(o *origin) bool {
	kind, name := "", ""
	switch {
	case p.target != nil:
		kind, name = p.target.Kind, p.target.Name
	case p.object != nil:
		kind, name = p.object.Kind(), p.object.Name()
	}
	original := o.built.Name()
	if o.base != nil {
		original = o.base.Name()
	}
	return (kind == "" || kind == o.built.Kind()) && (name == "" || name == original || name == o.built.Name())
}

// place is where the object of a patch has the value at a path of the built object, which
// has as many of its steps, if it has it.
func (p patch) place(built any, path []any, have int, value any) (manifest.Place, bool) {
	at, ok := translate(built, p.object.Value, path[:have])
	if !ok || !written(p.object.Value, at, value) {
		return manifest.Place{}, false
	}
	place := p.object.Place(append(at, path[have:]...))
	if p.inline {
		place.Start = manifest.Position{File: p.start.File, Line: p.start.Line + place.Start.Line - 1, Column: 1}
		place.End, place.Related = place.Start, nil
	}
	return place, true
}

// writes reports whether an operation puts a value at a path, or what it is in. An index
// in its own path is that of the list as it was then: in the built object or in its base.
func (p patch) writes(path []any, value any) bool {
	if len(p.op) > len(path) {
		return false
	}
	for i, step := range p.op {
		key, ok := path[i].(string)
		if index, is := number(path[i]); is {
			key, ok = strconv.Itoa(index), true
		}
		if !ok || step != key && !(step == "-" && i == len(p.op)-1) {
			return false
		}
	}
	return written(p.value, path[len(p.op):], value)
}

// normal has the numbers of package manifest.
func normal(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key, field := range value {
			value[key] = normal(field)
		}
	case []any:
		for i, element := range value {
			value[i] = normal(element)
		}
	case int:
		return int64(value)
	}
	return value
}
