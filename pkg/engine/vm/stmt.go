package vm

import "fmt"

// stmt compiles the statement of an op.
func (c *compiler) stmt(op byte) step {
	switch op {
	case opBlocks:
		return c.blockStmt()
	case opBreak:
		levels := c.below(deepest + 1)
		return func(*machine, []any) int { return levels }
	case opReturn:
		source := c.local()
		return func(m *machine, l []any) int {
			m.ret = l[source]
			return returned
		}
	case opNot:
		return c.not()
	case opScan, opScanOrdered, opScanLoose:
		return c.scan(op)
	case opWith:
		return c.with()
	case opCall:
		return c.call()
	case opCallBuiltin:
		return c.callBuiltin()
	case opCallDynamic:
		return c.callDynamic()
	case opDot:
		return c.dot(false)
	case opDotBase:
		return c.dot(true)
	case opLen:
		return c.length()
	case opEqual:
		return c.equal()
	case opNotEqual:
		return c.notEqual()
	case opIsKind:
		return c.isKind()
	case opIsDefined:
		source := c.local()
		return func(_ *machine, l []any) int {
			if l[source] == nil {
				return undefine
			}
			return next
		}
	case opIsUndefined:
		source := c.local()
		return func(_ *machine, l []any) int {
			if l[source] != nil {
				return undefine
			}
			return next
		}
	case opResult:
		source := c.local()
		return func(m *machine, l []any) int {
			m.grow(word)
			m.results = append(m.results, l[source])
			return next
		}
	case opConstant:
		return constant(c.local(), c.value())
	case opReset:
		return constant(c.local(), nil)
	case opMove:
		target, source := c.local(), c.operand()
		from := source.at
		if from < 0 {
			return constant(target, source.constant)
		}
		return func(_ *machine, l []any) int {
			l[target] = l[from]
			return next
		}
	case opOnce:
		target, source := c.local(), c.operand()
		return func(m *machine, l []any) int {
			value := source.of(l)
			if there := l[target]; there != nil && !m.equal(there, value) {
				panic(conflict("two values for one rule or function"))
			}
			l[target] = value
			return next
		}
	}
	return c.making(op)
}

func constant(target int, value any) step {
	return func(_ *machine, l []any) int {
		l[target] = value
		return next
	}
}

// conflict is what topdown has the text for.
func conflict(what string) *Unsupported {
	return &Unsupported{Cause: "conflict", Err: fmt.Errorf("%s", what)}
}

func (c *compiler) dot(base bool) step {
	source, key, target := c.operand(), c.operand(), c.local()
	from := source.at
	if from < 0 { // a string or a boolean has no elements
		return func(_ *machine, l []any) int {
			l[target] = nil
			return undefine
		}
	}
	if name, ok := key.constant.(string); ok {
		key := key.constant
		return func(_ *machine, l []any) int {
			var value any
			var found bool
			if object, ok := l[from].(map[string]any); ok {
				value, found = object[name]
			} else {
				value, found = get(l[from], key)
			}
			if !found {
				l[target] = nil
				return undefine
			}
			if value == nil {
				value = null{}
			}
			l[target] = value
			return next
		}
	}
	return func(m *machine, l []any) int {
		key := key.of(l)
		m.look(key)
		value, found := get(l[from], key)
		if !found {
			if _, isText := key.(string); base && !isText && plainObject(l[from]) {
				panic(&Unsupported{Cause: "path of a base document"}) // where 1 is "1", too
			}
			l[target] = nil
			return undefine
		}
		l[target] = value
		return next
	}
}

func plainObject(v any) bool {
	switch v.(type) {
	case map[string]any, Node:
		return true
	}
	return false
}

func (c *compiler) length() step {
	source, target := c.operand(), c.local()
	return func(_ *machine, l []any) int {
		n, ok := size(source.of(l))
		if text, isText := source.of(l).(string); isText {
			n, ok = len([]rune(text)), true
		}
		if !ok {
			return undefine
		}
		l[target] = n
		return next
	}
}

func (c *compiler) equal() step {
	a, b := c.operand(), c.operand()
	if a.at < 0 {
		a, b = b, a
	}
	if text, ok := b.constant.(string); ok && a.at >= 0 {
		return func(_ *machine, l []any) int {
			if value, ok := l[a.at].(string); ok && value == text {
				return next
			}
			return undefine
		}
	}
	return func(m *machine, l []any) int {
		a, b := a.of(l), b.of(l)
		if a == nil || b == nil || !m.equal(a, b) {
			return undefine
		}
		return next
	}
}

func (c *compiler) notEqual() step {
	a, b := c.operand(), c.operand()
	if truth, ok := b.constant.(bool); ok && a.at >= 0 {
		return func(_ *machine, l []any) int {
			value := l[a.at]
			if value == nil {
				return undefine
			}
			if value, ok := value.(bool); ok && value == truth {
				return undefine
			}
			return next
		}
	}
	return func(m *machine, l []any) int {
		a, b := a.of(l), b.of(l)
		if a == nil || b == nil || m.equal(a, b) {
			return undefine
		}
		return next
	}
}

func (c *compiler) isKind() step {
	source, want := c.operand(), kind(c.below(int(kindSet)+1))
	return func(_ *machine, l []any) int {
		value := source.of(l)
		if value == nil || kindOf(value) != want {
			return undefine
		}
		return next
	}
}
