package kustomize

import (
	"reflect"
)

// follow goes along a path as far as a value has it, and returns how far that is and what
// is there.
func follow(value any, path []any) (have int, at any) {
	for i, step := range path {
		next, ok := child(value, step)
		if !ok {
			return i, value
		}
		value = next
	}
	return len(path), value
}

func child(value, step any) (any, bool) {
	switch value := value.(type) {
	case map[string]any:
		key, _ := step.(string)
		next, ok := value[key]
		return next, ok
	case []any:
		if i, ok := number(step); ok && i < len(value) {
			return value[i], true
		}
	}
	return nil, false
}

// number is a step as an index. Paths come from rules, with the numbers of JSON.
func number(step any) (int, bool) {
	value := reflect.ValueOf(step)
	switch {
	case value.CanInt() && value.Int() >= 0:
		return int(value.Int()), true
	case value.CanFloat() && value.Float() >= 0 && value.Float() == float64(int(value.Float())):
		return int(value.Float()), true
	}
	return 0, false
}

// translate turns a path in a built value, which it has, into that of the same thing in
// what it was built from. An element of a list is the same if it has the same name or,
// where none has a name, the same value, or else the same index in a list as long. It
// returns the path as far as it leads, and whether that is all.
func translate(built, from any, path []any) (at []any, ok bool) {
	for _, step := range path {
		to, ok := step, true
		if list, is := built.([]any); is {
			others, _ := from.([]any)
			to, ok = same(list, others, step)
		}
		next, found := child(from, to)
		if !ok || !found {
			return at, false
		}
		at = append(at, to)
		built, _ = child(built, step)
		from = next
	}
	return at, true
}

func same(list, others []any, step any) (any, bool) {
	i, ok := number(step)
	if !ok {
		return nil, false
	}
	name, named := nameOf(list[i])
	for j, other := range others {
		if otherName, _ := nameOf(other); named && otherName == name || !named && reflect.DeepEqual(other, list[i]) {
			return j, true
		}
	}
	return i, len(list) == len(others)
}

func nameOf(element any) (string, bool) {
	fields, _ := element.(map[string]any)
	name, ok := fields["name"].(string)
	return name, ok && name != ""
}

// written reports whether a value stands at a path: any collection for a collection.
func written(in any, path []any, value any) bool {
	have, at := follow(in, path)
	if have < len(path) {
		return false
	}
	switch value.(type) {
	case map[string]any:
		_, ok := at.(map[string]any)
		return ok
	case []any:
		_, ok := at.([]any)
		return ok
	}
	return at == value
}
