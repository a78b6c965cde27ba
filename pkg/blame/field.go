package blame

import (
	"maps"
	"slices"
	"strconv"

	"github.com/memgate/memgate/pkg/engine"
)

// mostFields is how many fields of an object are looked at: those that were read last.
const mostFields = 1000

// A field is a part of the object that a violation may be about.
type field struct {
	path    []any
	text    string // of a scalar
	missing bool
	aside   bool // it was read in passing, among its like
	unread  bool // nobody knows whether it was
}

// fieldsOf are the fields that were read.
func fieldsOf(object map[string]any, reads []engine.Read) []field {
	var fields []field
	for _, read := range reads {
		if len(read.Path) > 0 && len(fields) < mostFields {
			text := scalar(valueAt(object, read.Path))
			fields = append(fields, field{path: read.Path, text: text, missing: !read.Found, aside: read.Aside})
		}
	}
	return fields
}

// fieldsIn are the fields that there are.
func fieldsIn(object map[string]any) []field {
	var fields []field
	var visit func(path []any, v any)
	add := func(path []any, step, v any) {
		if len(fields) < mostFields {
			path = append(slices.Clip(path), step)
			fields = append(fields, field{path: path, text: scalar(v), aside: true, unread: true})
			visit(path, v)
		}
	}
	visit = func(path []any, v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				add(path, key, v[key])
			}
		case []any:
			for i, item := range v {
				add(path, i, item)
			}
		}
	}
	visit(nil, object)
	return fields
}

// last is the last key of the path, "" for an element of a list.
func (f field) last() string {
	key, _ := f.path[len(f.path)-1].(string)
	return key
}

// identifies reports whether a field is read to tell what an object is, or what an
// element is called.
func (f field) identifies() bool {
	switch f.path[0] {
	case "apiVersion", "kind":
		return true
	case "metadata":
		return len(f.path) == 1 || f.path[1] != "labels" && f.path[1] != "annotations"
	}
	return slices.Contains(identifying, f.last())
}

// inList reports whether a field is in an element of a list.
func (f field) inList() bool {
	return slices.ContainsFunc(f.path, func(step any) bool { _, ok := step.(int); return ok })
}

func isBelow(path, parent []any) bool {
	return len(path) > len(parent) && slices.Equal(path[:len(parent)], parent)
}

// prefixesOf are what a path begins with as texts that differ if the paths do, by their
// length.
func prefixesOf(path []any) []string {
	var text []byte
	ends := make([]int, 1, len(path)+1)
	for _, step := range path {
		switch step := step.(type) {
		case string:
			text = strconv.AppendQuote(text, step)
		case int:
			text = append(strconv.AppendInt(text, int64(step), 10), '/')
		}
		ends = append(ends, len(text))
	}
	all, prefixes := string(text), make([]string, len(ends))
	for n, end := range ends {
		prefixes[n] = all[:end]
	}
	return prefixes
}

// valueAt is the value at a path, nil if there is none.
func valueAt(v any, path []any) any {
	for _, step := range path {
		switch c := v.(type) {
		case map[string]any:
			key, _ := step.(string)
			v = c[key]
		case []any:
			i, ok := step.(int)
			if !ok || i < 0 || i >= len(c) {
				return nil
			}
			v = c[i]
		default:
			return nil
		}
	}
	return v
}
