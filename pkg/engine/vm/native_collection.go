package vm

import (
	"slices"
	"unicode/utf8"
)

func init() {
	for name, want := range map[string]kind{
		"is_null": kindNull, "is_boolean": kindBoolean, "is_number": kindNumber, "is_string": kindString,
		"is_array": kindArray, "is_object": kindObject, "is_set": kindSet,
	} {
		register1(name, func(_ *machine, a any) (any, bool) { return kindOf(a) == want, true })
	}
	register1("type_name", func(_ *machine, a any) (any, bool) {
		return []string{"null", "boolean", "number", "string", "array", "object", "set"}[kindOf(a)], true
	})
	register1("count", count)
	register2("internal.member_2", member)
	register3("internal.member_3", memberWithKey)
	register3("object.get", objectGet)
	register1("object.keys", objectKeys)
	register2("object.remove", objectRemove)
	register2("object.union", objectUnion)
	register2("array.concat", arrayConcat)
	register3("array.slice", arraySlice)
	register1("sort", sorted)
	register1("max", func(m *machine, a any) (any, bool) { return m.extreme(a, func(c int) bool { return c <= 0 }) })
	register1("min", func(m *machine, a any) (any, bool) { return m.extreme(a, func(c int) bool { return c >= 0 }) })
	register2("or", setOperation(func(m *machine, a, b *Set) any { return m.union(a, b) }))
	register2("and", setOperation(func(m *machine, a, b *Set) any { return m.intersection(a, b) }))
	register1("walk", walk)
}

// members are those of an array, or of a set in order.
func members(v any) ([]any, bool) {
	if s, ok := v.(*Set); ok {
		return s.sorted(), true
	}
	return elements(v)
}

func count(_ *machine, a any) (any, bool) {
	if text, ok := a.(string); ok {
		return utf8.RuneCountInString(text), true
	}
	n, ok := size(a)
	return n, ok
}

func member(m *machine, v, collection any) (any, bool) {
	if n, ok := size(collection); ok {
		m.spend(n)
	}
	switch c := collection.(type) {
	case *Set:
		return c.Has(v), true
	case []any:
		return slices.ContainsFunc(c, func(item any) bool { return Equal(v, item) }), true
	case *List:
		return slices.ContainsFunc(c.items, func(item any) bool { return Equal(v, item) }), true
	}
	if kindOf(collection) != kindObject {
		return false, true
	}
	return !each(collection, func(_, value any) bool { return !Equal(v, value) }), true
}

func memberWithKey(_ *machine, key, v, collection any) (any, bool) {
	value, found := get(collection, key)
	return found && Equal(v, value), true
}

func objectGet(_ *machine, object, path, otherwise any) (any, bool) {
	if kindOf(object) != kindObject {
		return nil, false
	}
	keys, isPath := elements(path)
	if !isPath {
		if value, found := get(object, path); found {
			return value, true
		}
		return otherwise, true
	}
	value, found := object, true
	for _, key := range keys {
		if value, found = get(value, key); !found {
			return otherwise, true
		}
	}
	return value, true
}

func objectKeys(m *machine, a any) (any, bool) {
	if kindOf(a) != kindObject {
		return nil, false
	}
	n, _ := size(a)
	m.grow(container + word*n)
	m.spend(n)
	s := &Set{items: make([]any, 0, n), inOrder: true}
	eachSorted(a, func(key, _ any) bool {
		s.items = append(s.items, key)
		return true
	})
	return s, true
}

func objectRemove(m *machine, a, b any) (any, bool) {
	if kindOf(a) != kindObject {
		return nil, false
	}
	if kindOf(b) == kindObject {
		b, _ = objectKeys(m, b)
	}
	keys, isSet := b.(*Set)
	if !isSet {
		items, isList := elements(b)
		if !isList {
			return nil, false
		}
		keys = &Set{}
		for _, item := range items {
			m.step()
			keys.Add(item)
		}
	}
	n, _ := size(a)
	m.grow(container + 2*word*(n+keys.Len()))
	o := &Object{}
	o.reserve(n)
	each(a, func(key, value any) bool {
		m.step()
		if keys.Has(key) {
			return true
		}
		o.keys, o.values = append(o.keys, key), append(o.values, value)
		return true
	})
	return o, true
}

func objectUnion(m *machine, a, b any) (any, bool) {
	if kindOf(a) != kindObject || kindOf(b) != kindObject {
		return nil, false
	}
	nA, _ := size(a)
	nB, _ := size(b)
	if nA == 0 {
		return b, true
	}
	if nB == 0 || Equal(a, b) {
		return a, true
	}
	return m.overwritten(a, b), true
}

// overwritten is the object a with the keys of b, objects merged.
func (m *machine) overwritten(a, b any) any {
	n, _ := size(a)
	m.grow(container + 2*word*n)
	o := copied(a)
	each(b, func(key, value any) bool {
		m.step()
		if i := o.find(key); i >= 0 && kindOf(o.values[i]) == kindObject && kindOf(value) == kindObject {
			value = m.overwritten(o.values[i], value)
		}
		m.grow(2 * word)
		o.put(key, value)
		return true
	})
	return o
}

func arrayConcat(m *machine, a, b any) (any, bool) {
	itemsA, okA := elements(a)
	itemsB, okB := elements(b)
	switch {
	case !okA || !okB:
		return nil, false
	case len(itemsA) == 0:
		return b, true
	case len(itemsB) == 0:
		return a, true
	}
	m.grow(container + word*(len(itemsA)+len(itemsB)))
	m.spend((len(itemsA) + len(itemsB)) / few)
	return &List{items: slices.Concat(itemsA, itemsB)}, true
}

func arraySlice(_ *machine, a, from, to any) (any, bool) {
	items, ok := elements(a)
	start, isStart := integer(from)
	stop, isStop := integer(to)
	if !ok || !isStart || !isStop {
		return nil, false
	}
	stop = min(max(stop, 0), len(items))
	start = min(max(start, 0), stop)
	return &List{items: items[start:stop:stop]}, true
}

func sorted(m *machine, a any) (any, bool) {
	items, ok := members(a)
	if !ok {
		return nil, false
	}
	m.grow(container + word*len(items))
	m.spend(2 * len(items))
	items = slices.Clone(items)
	slices.SortFunc(items, Compare)
	return &List{items: items}, true
}

// extreme is the last of the elements that are extreme.
func (m *machine) extreme(a any, better func(c int) bool) (any, bool) {
	items, ok := members(a)
	if !ok || len(items) == 0 {
		return nil, false
	}
	m.spend(len(items))
	best := items[0]
	for _, item := range items {
		if better(Compare(best, item)) {
			best = item
		}
	}
	return best, true
}

func setOperation(f func(m *machine, a, b *Set) any) func(m *machine, a, b any) (any, bool) {
	return func(m *machine, a, b any) (any, bool) {
		setA, okA := a.(*Set)
		setB, okB := b.(*Set)
		if !okA || !okB {
			return nil, false
		}
		return f(m, setA, setB), true
	}
}

func (m *machine) union(a, b *Set) *Set {
	m.grow(container + 2*word*(len(a.items)+len(b.items)))
	m.spend(len(a.items) + len(b.items))
	s := &Set{items: slices.Clone(a.items), inOrder: a.inOrder}
	for _, item := range b.items {
		s.Add(item)
	}
	return s
}

func (m *machine) intersection(a, b *Set) *Set {
	return m.filtered(a, b, true)
}

func (m *machine) difference(a, b *Set) *Set {
	return m.filtered(a, b, false)
}

// filtered are the members of a that b has, or has not.
func (m *machine) filtered(a, b *Set, has bool) *Set {
	m.spend(len(a.items))
	s := &Set{inOrder: a.inOrder}
	for _, item := range a.items {
		if b.Has(item) == has {
			s.items = append(s.items, item)
		}
	}
	m.grow(container + 2*word*len(s.items))
	return s
}

// walk gives all values below one as [path, value], in the order of topdown.
func walk(m *machine, a any) (any, bool) {
	found := &List{}
	var visit func(path []any, v any)
	visit = func(path []any, v any) {
		m.step()
		m.grow(3*container + word*len(path))
		found.items = append(found.items, &List{items: []any{&List{items: path}, v}})
		below := func(key, v any) bool {
			visit(append(path[:len(path):len(path)], key), v)
			return true
		}
		switch kindOf(v) {
		case kindArray:
			items, _ := elements(v)
			for i, item := range items {
				below(i, item)
			}
		case kindObject:
			eachSorted(v, below)
		case kindSet:
			for _, item := range v.(*Set).sorted() {
				below(item, item)
			}
		}
	}
	visit([]any{}, a)
	return found, true
}
