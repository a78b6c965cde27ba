package vm

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
)

// Values are those of parsed manifests, and those that evaluation makes of them:
//
//	null     nil; in local variables, where nil means undefined, null{}
//	boolean  bool
//	number   int, int64, float64, json.Number: see number.go
//	string   string
//	array    []any, *List
//	object   map[string]any, Node, *Object
//	set      *Set
//
// What came in is never changed. A value of another Go type is a case for topdown.
type null struct{}

// A List is an array in the making. It does not change once it was passed on.
type List struct {
	items  []any
	extent int32 // see extent; 0 or less if it is not known
}

// A Node is an object that is read where it is: reference data in a store of its own
// layout. Its values are values of this package. It does not change while it is read.
type Node interface {
	// Get is the value of a key.
	Get(key string) (value any, found bool)
	// Len is the number of keys.
	Len() int
	// All yields every key with its value, in any order, until yield returns false.
	All(yield func(key string, value any) bool)
}

type kind int

// Kinds in the order of ast.Compare.
const (
	kindNull kind = iota
	kindBoolean
	kindNumber
	kindString
	kindArray
	kindObject
	kindSet
)

func kindOf(v any) kind {
	switch v.(type) {
	case string:
		return kindString
	case map[string]any, *Object, Node:
		return kindObject
	case []any, *List:
		return kindArray
	case int, int64, float64, json.Number:
		return kindNumber
	case bool:
		return kindBoolean
	case nil, null:
		return kindNull
	case *Set:
		return kindSet
	}
	panic(&Unsupported{Cause: fmt.Sprintf("value of type %T", v)})
}

// local is a value as local variables hold it.
func local(v any) any {
	if v == nil {
		return null{}
	}
	return v
}

// elements are those of an array.
func elements(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case *List:
		return v.items, true
	}
	return nil, false
}

// Compare orders values as ast.Compare does: by kind, then by value.
func Compare(a, b any) int {
	if a, ok := a.(string); ok {
		if b, ok := b.(string); ok {
			return strings.Compare(a, b)
		}
	}
	k := kindOf(a)
	if other := kindOf(b); k != other {
		return cmp.Compare(k, other)
	}
	switch k {
	case kindNull:
		return 0
	case kindBoolean:
		a, b := a.(bool), b.(bool)
		switch {
		case a == b:
			return 0
		case a:
			return 1
		}
		return -1
	case kindNumber:
		return compareNumbers(a, b)
	case kindArray:
		a, _ := elements(a)
		b, _ := elements(b)
		return compareLists(a, b)
	case kindObject:
		return compareObjects(a, b)
	}
	return compareLists(a.(*Set).sorted(), b.(*Set).sorted())
}

func compareLists(a, b []any) int {
	for i := range min(len(a), len(b)) {
		if c := Compare(a[i], b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// Equal reports whether Compare would be 0.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case string:
		b, ok := b.(string)
		return ok && a == b
	case bool:
		b, ok := b.(bool)
		return ok && a == b
	case int:
		if b, ok := b.(int); ok {
			return a == b
		}
	}
	k := kindOf(a)
	if k != kindOf(b) {
		return false
	}
	switch k {
	case kindArray:
		a, _ := elements(a)
		b, _ := elements(b)
		if len(a) != len(b) {
			return false
		}
		for i := range a {
			if !Equal(a[i], b[i]) {
				return false
			}
		}
		return true
	case kindObject:
		return equalObjects(a, b)
	case kindSet:
		a, b := a.(*Set), b.(*Set)
		if len(a.items) != len(b.items) {
			return false
		}
		for _, item := range a.items {
			if !b.Has(item) {
				return false
			}
		}
		return true
	}
	return Compare(a, b) == 0
}

// get is what a reference by one key leads to: an element of an array by its index, the
// value of an object's key, or, of a set, a member itself.
func get(v, key any) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		if key, ok := key.(string); ok {
			value, found := v[key]
			return local(value), found
		}
	case *Object:
		return v.get(key)
	case []any:
		return at(v, key)
	case *List:
		return at(v.items, key)
	case *Set:
		if v.Has(key) {
			return local(key), true // as it was asked for: 1 finds 1.0
		}
	case Node:
		if key, ok := key.(string); ok {
			value, found := v.Get(key)
			return local(value), found
		}
	}
	return nil, false
}

func at(items []any, key any) (any, bool) {
	i, ok := key.(int)
	if !ok {
		if i, ok = integer(key); !ok {
			return nil, false
		}
	}
	if i < 0 || i >= len(items) {
		return nil, false
	}
	return local(items[i]), true
}

// size is the number of elements of a collection.
func size(v any) (int, bool) {
	switch v := v.(type) {
	case map[string]any:
		return len(v), true
	case []any:
		return len(v), true
	case *List:
		return len(v.items), true
	case *Object:
		return len(v.keys), true
	case *Set:
		return len(v.items), true
	case Node:
		return v.Len(), true
	}
	return 0, false
}
