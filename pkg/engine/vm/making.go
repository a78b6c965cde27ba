package vm

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ir"
)

// Bytes that values take, roughly.
const (
	word      = 16 // an interface
	container = 96
)

// making compiles the statements that make arrays, objects and sets.
func (c *compiler) making(stmt ir.Stmt) step {
	switch s := stmt.(type) {
	case *ir.MakeArrayStmt:
		if value := c.constants.value(s.Target); value != nil {
			return c.constant(s.Target, value)
		}
		target, capacity := c.at(s.Target), int(s.Capacity)
		return func(m *machine, l []any) int {
			m.grow(container + word*capacity)
			l[target] = newList(capacity)
			return next
		}
	case *ir.MakeObjectStmt:
		if value := c.constants.value(s.Target); value != nil {
			return c.constant(s.Target, value)
		}
		target, capacity := c.at(s.Target), c.constants.inserts(s.Target)
		return func(m *machine, l []any) int {
			m.grow(container)
			o := &Object{}
			if capacity > 0 {
				o.reserve(capacity)
			}
			l[target] = o
			return next
		}
	case *ir.MakeSetStmt:
		if value := c.constants.value(s.Target); value != nil {
			return c.constant(s.Target, value)
		}
		target := c.at(s.Target)
		return func(m *machine, l []any) int {
			m.grow(container)
			l[target] = &Set{}
			return next
		}
	case *ir.ArrayAppendStmt:
		array, value := c.at(s.Array), c.operand(s.Value)
		return func(m *machine, l []any) int {
			list, ok := l[array].(*List)
			if !ok {
				panic(unexpected("append", l[array]))
			}
			m.grow(word)
			list.items = append(list.items, made(value.of(l)))
			return next
		}
	case *ir.SetAddStmt:
		set, value := c.at(s.Set), c.operand(s.Value)
		return func(m *machine, l []any) int {
			members, ok := l[set].(*Set)
			if !ok || members.frozen {
				panic(unexpected("add", l[set]))
			}
			if members.Add(made(value.of(l))) {
				m.grow(2 * word)
			}
			return next
		}
	case *ir.ObjectInsertStmt:
		object, key, value := c.at(s.Object), c.operand(s.Key), c.operand(s.Value)
		return func(m *machine, l []any) int {
			o, ok := l[object].(*Object)
			if !ok || o.frozen {
				panic(unexpected("insert", l[object]))
			}
			m.grow(3 * word)
			o.put(made(key.of(l)), made(value.of(l)))
			return next
		}
	case *ir.ObjectInsertOnceStmt:
		object, key, value := c.at(s.Object), c.operand(s.Key), c.operand(s.Value)
		return func(m *machine, l []any) int {
			o, ok := l[object].(*Object)
			if !ok || o.frozen {
				panic(unexpected("insert", l[object]))
			}
			key, value := made(key.of(l)), made(value.of(l))
			if there, found := o.get(key); found {
				if !Equal(there, value) {
					panic(conflict("two values for one key"))
				}
				return next
			}
			m.grow(3 * word)
			o.put(key, value)
			return next
		}
	case *ir.ObjectMergeStmt:
		a, b, target := c.at(s.A), c.at(s.B), c.at(s.Target)
		return func(m *machine, l []any) int {
			l[target] = m.merged(l[a], l[b])
			return next
		}
	}
	panic(&Unsupported{Cause: fmt.Sprintf("statement %T", stmt)})
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
	return &List{make([]any, 0, n)}
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
