package vm

import "fmt"

// Bytes that values take, roughly.
const (
	word      = 16 // an interface
	container = 96
)

// making compiles the statements that make arrays, objects and sets.
func (c *compiler) making(op byte) step {
	switch op {
	case opMakeArray:
		target, capacity := c.local(), c.below(len(c.code))
		return func(m *machine, l []any) int {
			m.grow(container + word*capacity)
			l[target] = newList(capacity)
			return next
		}
	case opMakeObject:
		target, capacity := c.local(), c.below(len(c.code))
		return func(m *machine, l []any) int {
			m.grow(container)
			o := &Object{}
			if capacity > 0 {
				o.reserve(capacity)
			}
			l[target] = o
			return next
		}
	case opMakeSet:
		target := c.local()
		return func(m *machine, l []any) int {
			m.grow(container)
			l[target] = &Set{}
			return next
		}
	case opAppend:
		array, value := c.local(), c.operand()
		return func(m *machine, l []any) int {
			list, ok := l[array].(*List)
			if !ok {
				panic(unexpected("append", l[array]))
			}
			item := made(value.of(l))
			m.grow(word)
			m.part(&list.extent, item)
			list.items = append(list.items, item)
			return next
		}
	case opAdd:
		set, value := c.local(), c.operand()
		return func(m *machine, l []any) int {
			members, ok := l[set].(*Set)
			if !ok || members.frozen {
				panic(unexpected("add", l[set]))
			}
			member := made(value.of(l))
			m.look(member)
			if members.Add(member) {
				m.grow(2 * word)
				m.part(&members.extent, member)
			}
			return next
		}
	case opInsert:
		object, key, value := c.local(), c.operand(), c.operand()
		return func(m *machine, l []any) int {
			o, ok := l[object].(*Object)
			if !ok || o.frozen {
				panic(unexpected("insert", l[object]))
			}
			m.insert(o, made(key.of(l)), made(value.of(l)))
			return next
		}
	case opInsertOnce:
		object, key, value := c.local(), c.operand(), c.operand()
		return func(m *machine, l []any) int {
			o, ok := l[object].(*Object)
			if !ok || o.frozen {
				panic(unexpected("insert", l[object]))
			}
			key, value := made(key.of(l)), made(value.of(l))
			m.look(key)
			if there, found := o.get(key); found {
				if !m.equal(there, value) {
					panic(conflict("two values for one key"))
				}
				return next
			}
			m.insert(o, key, value)
			return next
		}
	case opMerge:
		a, b, target := c.local(), c.local(), c.local()
		return func(m *machine, l []any) int {
			l[target] = m.merged(l[a], l[b])
			return next
		}
	}
	c.fault("got statement %d", op)
	return nil
}

func (m *machine) insert(o *Object, key, value any) {
	m.look(key)
	m.grow(3 * word)
	m.part(&o.extent, key)
	m.part(&o.extent, value)
	o.put(key, value)
}

// newList is an empty List with place for n elements, in one piece where they are few.
func newList(n int) *List {
	switch {
	case n == 0:
		return &List{}
	case n == 1:
		list := &struct {
			List
			place [1]any
		}{}
		list.items = list.place[:0]
		return &list.List
	case n == 2:
		list := &struct {
			List
			place [2]any
		}{}
		list.items = list.place[:0]
		return &list.List
	case n <= 4:
		list := &struct {
			List
			place [4]any
		}{}
		list.items = list.place[:0]
		return &list.List
	}
	return &List{items: make([]any, 0, n)}
}

// made is a value that becomes part of another. What is undefined cannot.
func made(v any) any {
	if v == nil {
		panic(&Unsupported{Cause: "undefined value"})
	}
	return v
}

func unexpected(what string, v any) *Unsupported {
	return &Unsupported{Cause: fmt.Sprintf("%s to a %T", what, v)}
}

// merged are the base documents a with the rules' b over them.
func (m *machine) merged(a, b any) any {
	if kindOf(a) != kindObject || kindOf(b) != kindObject {
		panic(conflict("base and virtual documents"))
	}
	o := copied(a)
	m.grow(container + 3*word*len(o.keys))
	each(b, func(key, value any) bool {
		if i := o.find(key); i >= 0 {
			value = m.merged(o.values[i], value)
		}
		o.put(key, value)
		return true
	})
	return o
}
