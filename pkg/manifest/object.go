package manifest

import (
	"encoding/json"
	"maps"
	"math"
)

// An Object is a manifest, or a mapping inside one. Its methods are safe for
// concurrent use as long as nobody writes to Value.
//
// An Object keeps the text of its document and a tree of offsets alive, less
// memory than the value.
type Object struct {
	// Value is made of map[string]any, []any, string, bool, int64, float64 and
	// nil. It is read-only: subtrees may be shared between the places where an
	// alias is used.
	Value map[string]any

	src      *source
	tree     *tree // of the document
	prefix   []any // path of this object from its root
	document int
	origin   Origin // nil if the text of src is what was written
}

// APIVersion returns apiVersion, or "" if that is absent or no string.
func (o *Object) APIVersion() string { return text(o.Value, "apiVersion") }

// Kind returns kind, or "" if that is absent or no string.
func (o *Object) Kind() string { return text(o.Value, "kind") }

// Name returns metadata.name, or "" if that is absent or no string.
func (o *Object) Name() string { return text(o.metadata(), "name") }

// Namespace returns metadata.namespace, or "" if that is absent or no string.
func (o *Object) Namespace() string { return text(o.metadata(), "namespace") }

func (o *Object) metadata() map[string]any {
	m, _ := o.Value["metadata"].(map[string]any)
	return m
}

func text(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}

// Position returns the first character of the object.
func (o *Object) Position() Position { return o.Place(nil).Start }

// Document returns the index of the object's document in its file, from 1.
// Documents are counted as they are separated, the empty ones included; in a
// stream of JSON values each value is a document. Items that Next hands out one
// at a time have the index of their list.
func (o *Object) Document() int { return o.document }

// Item returns the mapping at path as an object of its own, whose Place takes
// paths from there: an item of a List, a pod template. It reports false if the
// value has no mapping at path. The path is made of strings and integers as
// that of Place.
func (o *Object) Item(path ...any) (*Object, bool) {
	var v any = o.Value
	for _, step := range path {
		switch c := v.(type) {
		case map[string]any:
			key, ok := step.(string)
			if !ok {
				return nil, false
			}
			if v, ok = c[key]; !ok {
				return nil, false
			}
		case []any:
			i, ok := index(step)
			if !ok || i >= len(c) {
				return nil, false
			}
			v = c[i]
		default:
			return nil, false
		}
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, false
	}
	item := *o
	item.Value = m
	item.prefix = o.path(path)
	return &item, true
}

// WithValue returns an object with another value and the same source: Place
// still finds what was written, and for a field that only v has the place of
// its deepest parent in the text.
func (o *Object) WithValue(v map[string]any) *Object {
	c := *o
	c.Value = v
	return &c
}

// WithKind returns an object that has apiVersion and kind and else o's value, and the
// same source: an item of a typed list, which leaves them to the list.
func (o *Object) WithKind(apiVersion, kind string) *Object {
	v := maps.Clone(o.Value)
	v["apiVersion"], v["kind"] = apiVersion, kind
	return o.WithValue(v)
}

// path returns path as seen from the root of the document.
func (o *Object) path(path []any) []any {
	if len(o.prefix) == 0 {
		return path
	}
	return append(o.prefix[:len(o.prefix):len(o.prefix)], path...)
}

// index returns step as the index of a list. Paths come from rules, and with
// them the number types of their evaluators.
func index(step any) (int, bool) {
	var i int64
	switch s := step.(type) {
	case int:
		i = int64(s)
	case int64:
		i = s
	case float64:
		if s != math.Trunc(s) || math.Abs(s) > math.MaxInt32 {
			return 0, false
		}
		i = int64(s)
	case json.Number:
		f, err := s.Float64()
		if err != nil {
			return 0, false
		}
		return index(f)
	default:
		return 0, false
	}
	if i < 0 || i > math.MaxInt32 {
		return 0, false
	}
	return int(i), true
}
