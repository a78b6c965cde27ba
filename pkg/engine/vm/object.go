package vm

import (
	"cmp"
	"maps"
	"slices"
	"sort"
)

// An Object has keys of any kind. Until it is frozen it belongs to one evaluation: reading
// may sort it.
type Object struct {
	keys, values []any
	index        *table
	extent       int32 // see extent; 0 or less if it is not known
	inOrder      bool
	frozen       bool // it is not changed any more
}

// freeze makes an object fit for several goroutines.
func (o *Object) freeze() *Object {
	o.sorted()
	if len(o.keys) > few {
		o.index = o.index.filled(o.keys)
	}
	extent(o)
	o.frozen = true
	return o
}

func (o *Object) get(key any) (any, bool) {
	if i := o.find(key); i >= 0 {
		return local(o.values[i]), true
	}
	return nil, false
}

func (o *Object) find(key any) int {
	if len(o.keys) <= few {
		if key, ok := key.(string); ok {
			for i, k := range o.keys {
				if k, ok := k.(string); ok && k == key {
					return i
				}
			}
			return -1
		}
		for i, k := range o.keys {
			if Equal(k, key) {
				return i
			}
		}
		return -1
	}
	if !o.index.holds(len(o.keys)) {
		o.index = o.index.filled(o.keys)
	}
	return o.index.find(o.keys, key, hash(key))
}

// put sets the value of a key.
func (o *Object) put(key, value any) {
	if i := o.find(key); i >= 0 {
		o.values[i] = value
		return
	}
	o.inOrder = len(o.keys) == 0 || o.inOrder && follows(o.keys[len(o.keys)-1], key)
	if len(o.keys) == cap(o.keys) {
		o.reserve(max(2, 2*len(o.keys)))
	}
	o.keys = append(o.keys, key)
	o.values = append(o.values, value)
}

// follows reports whether b, cheaply seen, comes after a.
func follows(a, b any) bool {
	textA, okA := a.(string)
	textB, okB := b.(string)
	return okA && okB && textA < textB
}

// reserve makes place for n keys.
func (o *Object) reserve(n int) {
	both := make([]any, 2*n)
	o.keys = both[:copy(both[:n], o.keys):n]
	o.values = both[n : n+copy(both[n:], o.values)]
}

// sorted brings the keys, with their values, in order.
func (o *Object) sorted() *Object {
	if o.inOrder { // others may look at it at the same time
		return o
	}
	if len(o.keys) > 1 {
		sort.Sort((*byKey)(o))
		o.index = nil
	}
	o.inOrder = true
	return o
}

type byKey Object

func (o *byKey) Len() int           { return len(o.keys) }
func (o *byKey) Less(i, j int) bool { return Compare(o.keys[i], o.keys[j]) < 0 }
func (o *byKey) Swap(i, j int) {
	o.keys[i], o.keys[j] = o.keys[j], o.keys[i]
	o.values[i], o.values[j] = o.values[j], o.values[i]
}

// NewObject is an object of keys and values in turn.
func NewObject(pairs ...any) *Object {
	o := &Object{}
	o.reserve(len(pairs) / 2)
	for i := 0; i < len(pairs); i += 2 {
		o.put(pairs[i], pairs[i+1])
	}
	return o
}

// each yields the keys of an object with their values, in any order. It reports whether
// it came to the end.
func each(v any, yield func(key, value any) bool) bool {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if !yield(key, value) {
				return false
			}
		}
	case *Object:
		for i, key := range v.keys {
			if !yield(key, v.values[i]) {
				return false
			}
		}
	case Node:
		end := true
		v.All(func(key string, value any) bool {
			end = yield(key, value)
			return end
		})
		return end
	}
	return true
}

// eachSorted is each, in the order of the keys.
func eachSorted(v any, yield func(key, value any) bool) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range sortedKeys(v) {
			if !yield(key, v[key]) {
				return false
			}
		}
	case *Object:
		return each(v.sorted(), yield)
	case Node:
		for _, key := range nodeKeys(v) {
			value, _ := v.Get(key)
			if !yield(key, value) {
				return false
			}
		}
	}
	return true
}

func sortedKeys(v map[string]any) []string {
	keys := make([]string, 0, len(v))
	for key := range v {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func nodeKeys(v Node) []string {
	keys := make([]string, 0, v.Len())
	v.All(func(key string, _ any) bool {
		keys = append(keys, key)
		return true
	})
	slices.Sort(keys)
	return keys
}

// pairs are the keys and the values of an object, sorted by keys.
func pairs(v any) (keys, values []any) {
	if o, ok := v.(*Object); ok {
		o.sorted()
		return o.keys, o.values
	}
	eachSorted(v, func(key, value any) bool {
		keys, values = append(keys, key), append(values, value)
		return true
	})
	return keys, values
}

func compareObjects(a, b any) int {
	keysA, valuesA := pairs(a)
	keysB, valuesB := pairs(b)
	for i := range min(len(keysA), len(keysB)) {
		if c := Compare(keysA[i], keysB[i]); c != 0 {
			return c
		}
		if c := Compare(valuesA[i], valuesB[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(keysA), len(keysB))
}

func equalObjects(a, b any) bool {
	n, _ := size(a)
	if m, _ := size(b); n != m {
		return false
	}
	return each(a, func(key, value any) bool {
		other, found := get(b, key)
		return found && Equal(value, other)
	})
}

// copied is a copy of an object that can be changed, with the same values.
func copied(v any) *Object {
	n, _ := size(v)
	o := &Object{}
	o.reserve(n + 1)
	if v, ok := v.(*Object); ok {
		o.keys, o.values = append(o.keys, v.keys...), append(o.values, v.values...)
		return o
	}
	each(v, func(key, value any) bool {
		o.keys, o.values = append(o.keys, key), append(o.values, value)
		return true
	})
	return o
}

// Tree is a map that is read through Node, for stores of that layout.
type Tree map[string]any

// Get is the value of a key.
func (t Tree) Get(key string) (any, bool) { v, found := t[key]; return v, found }

// Len is the number of keys.
func (t Tree) Len() int { return len(t) }

// All yields every key with its value.
func (t Tree) All(yield func(string, any) bool) { maps.All(t)(yield) }
