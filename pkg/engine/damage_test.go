package engine

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/memgate/memgate/pkg/manifest"
)

// documents are the objects of the files that a pattern means.
func documents(t testing.TB, pattern string) []map[string]any {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var found []map[string]any
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		objects, err := manifest.Read(path, file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range objects {
			found = append(found, object.Value)
		}
	}
	return found
}

func copyOf(value any) any {
	switch value := value.(type) {
	case map[string]any:
		object := make(map[string]any, len(value))
		for key, entry := range value {
			object[key] = copyOf(entry)
		}
		return object
	case []any:
		list := make([]any, len(value))
		for i, entry := range value {
			list[i] = copyOf(entry)
		}
		return list
	}
	return value
}

// damage replaces, wraps or removes one value of an object.
func damage(random *rand.Rand, object map[string]any) {
	type place struct {
		set   func(any)
		value any
	}
	var places []place
	var visit func(value any, depth int)
	visit = func(value any, depth int) {
		switch value := value.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(value)) {
				if depth > 0 || key != "apiVersion" && key != "kind" {
					places = append(places, place{func(v any) { value[key] = v }, value[key]})
					visit(value[key], depth+1)
				}
			}
		case []any:
			for i := range value {
				places = append(places, place{func(v any) { value[i] = v }, value[i]})
				visit(value[i], depth+1)
			}
		}
	}
	visit(object, 0)
	if len(places) == 0 {
		return
	}
	odd := []any{
		nil, true, false, "", "0", "*", "1e3", "10Mi", "-1", "a/b:c", "true", "ünïcode", "1Ki", "0.5",
		int64(0), int64(-1), int64(1), 0.1, 1e21, int64(1000000), int64(1000730000), int64(9007199254740993), -1e-7, 1.0, 1.5e6,
		[]any{},
		[]any{nil},
		[]any{"a", int64(1), map[string]any{}},
		map[string]any{},
		map[string]any{"": nil, "name": int64(3)},
	}
	p := places[random.IntN(len(places))]
	switch random.IntN(6) {
	case 0:
		p.set([]any{p.value})
	case 1:
		p.set(map[string]any{"value": p.value})
	case 2:
		if list, ok := p.value.([]any); ok {
			p.set(slices.Concat(list, list))
			return
		}
		p.set(copyOf(places[random.IntN(len(places))].value))
	default:
		p.set(odd[random.IntN(len(odd))])
	}
}
