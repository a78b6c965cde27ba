package vm

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// FromAST is an OPA value as a value of this package that does not change. What is no
// data, such as a variable, is an *Unsupported error.
func FromAST(v ast.Value) (value any, err error) {
	defer func() {
		if caught, ok := recover().(*Unsupported); ok {
			err = caught
		}
	}()
	return fromAST(v), nil
}

func fromAST(v ast.Value) any {
	switch v := v.(type) {
	case ast.Null:
		return nil
	case ast.Boolean:
		return bool(v)
	case ast.Number:
		return number(string(v))
	case ast.String:
		return string(v)
	case *ast.Array:
		items := make([]any, v.Len())
		for i := range items {
			items[i] = fromAST(v.Elem(i).Value)
		}
		return items
	case ast.Set:
		s := &Set{items: make([]any, 0, v.Len())}
		for _, item := range v.Slice() {
			s.items = append(s.items, fromAST(item.Value))
		}
		return s.freeze()
	case ast.Object:
		keys := v.Keys()
		if slices.ContainsFunc(keys, func(key *ast.Term) bool { _, ok := key.Value.(ast.String); return !ok }) {
			o := &Object{}
			for _, key := range keys {
				o.keys, o.values = append(o.keys, fromAST(key.Value)), append(o.values, fromAST(v.Get(key).Value))
			}
			return o.freeze()
		}
		m := make(map[string]any, len(keys))
		for _, key := range keys {
			m[string(key.Value.(ast.String))] = fromAST(v.Get(key).Value)
		}
		return m
	}
	panic(&Unsupported{Cause: "value " + ast.ValueName(v)})
}

// ToAST is a value of this package as an OPA value.
func ToAST(v any) ast.Value {
	switch v := v.(type) {
	case string:
		return ast.String(v)
	case bool:
		return ast.Boolean(v)
	case *Set:
		terms := make([]*ast.Term, len(v.items))
		for i, item := range v.items {
			terms[i] = ast.NewTerm(ToAST(item))
		}
		return ast.NewSet(terms...)
	}
	switch kindOf(v) {
	case kindNull:
		return ast.NullValue
	case kindNumber:
		return ast.Number(numberText(v))
	case kindArray:
		items, _ := elements(v)
		terms := make([]*ast.Term, len(items))
		for i, item := range items {
			terms[i] = ast.NewTerm(ToAST(item))
		}
		return ast.NewArray(terms...)
	}
	o := ast.NewObject()
	each(v, func(key, value any) bool {
		o.Insert(ast.NewTerm(ToAST(key)), ast.NewTerm(ToAST(value)))
		return true
	})
	return o
}

// ToJSON is a value as ast.JSON gives it, in new maps and slices: sets are sorted lists,
// numbers json.Number, keys that are no strings their JSON.
func ToJSON(v any) any {
	switch v := v.(type) {
	case string, bool:
		return v
	case *Set:
		return listToJSON(v.sorted())
	}
	switch kindOf(v) {
	case kindNull:
		return nil
	case kindNumber:
		return json.Number(numberText(v))
	case kindArray:
		items, _ := elements(v)
		return listToJSON(items)
	}
	n, _ := size(v)
	m := make(map[string]any, n)
	eachSorted(v, func(key, value any) bool {
		m[keyToJSON(key)] = ToJSON(value)
		return true
	})
	return m
}

func listToJSON(items []any) []any {
	list := make([]any, len(items))
	for i, item := range items {
		list[i] = ToJSON(item)
	}
	return list
}

func keyToJSON(key any) string {
	if key, ok := key.(string); ok {
		return key
	}
	var text bytes.Buffer
	if err := json.NewEncoder(&text).Encode(ToJSON(key)); err != nil {
		panic(&Unsupported{Cause: "object key as JSON", Err: err})
	}
	return strings.TrimSpace(text.String())
}
