package vm

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ir"
)

// stmt compiles one statement; nil is one without effect.
func (c *compiler) stmt(stmt ir.Stmt) step {
	switch s := stmt.(type) {
	case *ir.NopStmt:
		return nil
	case *ir.BlockStmt:
		return c.blockStmt(s)
	case *ir.BreakStmt:
		levels := int(s.Index) + 1
		return func(*machine, []any) int { return levels }
	case *ir.ReturnLocalStmt:
		source := c.at(s.Source)
		return func(m *machine, l []any) int {
			m.ret = l[source]
			return returned
		}
	case *ir.NotStmt:
		return c.not(s)
	case *ir.ScanStmt:
		return c.scan(s)
	case *ir.WithStmt:
		return c.with(s)
	case *ir.CallStmt:
		return c.call(s)
	case *ir.CallDynamicStmt:
		return c.callDynamic(s)
	case *ir.DotStmt:
		return c.dot(s)
	case *ir.LenStmt:
		return c.length(s)
	case *ir.EqualStmt:
		return c.equal(s)
	case *ir.NotEqualStmt:
		return c.notEqual(s)
	case *ir.IsArrayStmt:
		return c.isKind(s.Source, kindArray)
	case *ir.IsObjectStmt:
		return c.isKind(s.Source, kindObject)
	case *ir.IsSetStmt:
		return c.isKind(s.Source, kindSet)
	case *ir.IsDefinedStmt:
		source := c.at(s.Source)
		return func(_ *machine, l []any) int {
			if l[source] == nil {
				return undefine
			}
			return next
		}
	case *ir.IsUndefinedStmt:
		source := c.at(s.Source)
		return func(_ *machine, l []any) int {
			if l[source] != nil {
				return undefine
			}
			return next
		}
	case *ir.ResultSetAddStmt:
		value := c.at(s.Value)
		return func(m *machine, l []any) int {
			m.grow(word)
			m.results = append(m.results, l[value])
			return next
		}
	}
	return c.assignment(stmt)
}

// assignment compiles the statements that set a local variable.
func (c *compiler) assignment(stmt ir.Stmt) step {
	switch s := stmt.(type) {
	case *ir.AssignIntStmt:
		return c.constant(s.Target, int(s.Value))
	case *ir.AssignVarStmt:
		target, source := c.at(s.Target), c.operand(s.Source)
		if source.at < 0 {
			return c.constant(s.Target, source.constant)
		}
		return func(_ *machine, l []any) int {
			l[target] = l[source.at]
			return next
		}
	case *ir.AssignVarOnceStmt:
		target, source := c.at(s.Target), c.operand(s.Source)
		return func(_ *machine, l []any) int {
			value := source.of(l)
			if there := l[target]; there != nil && !Equal(there, value) {
				panic(conflict("two values for one rule or function"))
			}
			l[target] = value
			return next
		}
	case *ir.ResetLocalStmt:
		return c.constant(s.Target, nil)
	case *ir.MakeNullStmt:
		return c.constant(s.Target, null{})
	case *ir.MakeNumberIntStmt:
		return c.constant(s.Target, int(s.Value))
	case *ir.MakeNumberRefStmt:
		return c.constant(s.Target, c.number(s.Index))
	}
	return c.making(stmt)
}

func (c *compiler) constant(l ir.Local, value any) step {
	target := c.at(l)
	return func(_ *machine, l []any) int {
		l[target] = value
		return next
	}
}

// conflict is what topdown has the text for.
func conflict(what string) *Unsupported {
	return &Unsupported{Cause: "conflict", Err: fmt.Errorf("%s", what)}
}

func (c *compiler) dot(s *ir.DotStmt) step {
	source, key, target := c.operand(s.Source), c.operand(s.Key), c.at(s.Target)
	if source.at < 0 { // a string or a boolean has no elements
		return func(_ *machine, l []any) int {
			l[target] = nil
			return undefine
		}
	}
	base := c.isBase(s)
	if name, ok := key.constant.(string); ok {
		return func(_ *machine, l []any) int {
			var value any
			var found bool
			if object, ok := l[source.at].(map[string]any); ok {
				value, found = object[name]
			} else {
				value, found = get(l[source.at], key.constant)
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
	return func(_ *machine, l []any) int {
		key := key.of(l)
		value, found := get(l[source.at], key)
		if !found {
			if _, isText := key.(string); base && !isText && plainObject(l[source.at]) {
				panic(&Unsupported{Cause: "path of a base document"}) // where 1 is "1", too
			}
			l[target] = nil
			return undefine
		}
		l[target] = value
		return next
	}
}

// isBase reports whether a reference leads into base documents, and remembers it.
func (c *compiler) isBase(s *ir.DotStmt) bool {
	source, ok := s.Source.Value.(ir.Local)
	if !ok || source != ir.Data && !c.base[source] {
		return false
	}
	c.base[s.Target] = true
	return true
}

func plainObject(v any) bool {
	switch v.(type) {
	case map[string]any, Node:
		return true
	}
	return false
}

func (c *compiler) length(s *ir.LenStmt) step {
	source, target := c.operand(s.Source), c.at(s.Target)
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

func (c *compiler) equal(s *ir.EqualStmt) step {
	a, b := c.operand(s.A), c.operand(s.B)
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
	return func(_ *machine, l []any) int {
		a, b := a.of(l), b.of(l)
		if a == nil || b == nil || !Equal(a, b) {
			return undefine
		}
		return next
	}
}

func (c *compiler) notEqual(s *ir.NotEqualStmt) step {
	a, b := c.operand(s.A), c.operand(s.B)
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
	return func(_ *machine, l []any) int {
		a, b := a.of(l), b.of(l)
		if a == nil || b == nil || Equal(a, b) {
			return undefine
		}
		return next
	}
}

func (c *compiler) isKind(o ir.Operand, want kind) step {
	source := c.operand(o)
	return func(_ *machine, l []any) int {
		value := source.of(l)
		if value == nil || kindOf(value) != want {
			return undefine
		}
		return next
	}
}
