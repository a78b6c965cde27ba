package vm

import (
	"encoding/json"
	"slices"
)

// body are the blocks of a function, which are made at its first call: of several at the
// same time, each makes its own, and the last is kept.
func (p *Program) body(f *function) []step {
	if made := f.blocks.Load(); made != nil {
		return *made
	}
	c := compiler{reader: reader{code: f.code, of: f.path}, program: p, locals: f.locals, steps: make([]step, 0, 4*few)}
	made := c.blocks()
	if c.left() != 0 {
		c.fault("got %d bytes more, want the end", c.left())
	}
	f.blocks.Store(&made)
	return made
}

// A compiler makes Go functions of a body.
type compiler struct {
	reader
	program *Program
	locals  int
	depth   int
	steps   []step // of the blocks that are not at their end
}

// enter goes one level deeper.
func (c *compiler) enter() {
	if c.depth++; c.depth > deepest {
		c.fault("nested deeper than %d", deepest)
	}
}

// local is the index of a local variable.
func (c *compiler) local() int { return c.below(c.locals) }

// string is a string of the program.
func (c *compiler) string() string { return c.program.strings[c.below(len(c.program.strings))] }

// An operand is a local variable, or a constant if at is negative.
type operand struct {
	at       int
	constant any
}

func (o *operand) of(l []any) any {
	if o.at >= 0 {
		return l[o.at]
	}
	return o.constant
}

func (c *compiler) operand() operand {
	n := c.int()
	limit := 2
	switch n % operandKinds {
	case operandLocal:
		limit = c.locals
	case operandString:
		limit = len(c.program.strings)
	}
	i := n / operandKinds
	if i >= limit {
		c.fault("got operand %d, want less than %d", i, limit)
	}
	switch n % operandKinds {
	case operandLocal:
		return operand{at: i}
	case operandString:
		return operand{-1, c.program.strings[i]}
	}
	return operand{-1, i == 1}
}

func (c *compiler) operands(n int) []operand {
	list := make([]operand, 0, min(n, c.left()))
	for range n {
		list = append(list, c.operand())
	}
	return list
}

// value is a constant.
func (c *compiler) value() any {
	switch kind := c.byte(); kind {
	case valueNull:
		return null{}
	case valueFalse, valueTrue:
		return kind == valueTrue
	case valueInt:
		return c.signed()
	case valueNumber:
		return json.Number(c.string())
	case valueString:
		return c.string()
	case valueArray:
		return c.values()
	case valueSet:
		set := &Set{}
		for _, item := range c.values() {
			set.Add(item)
		}
		return set.freeze()
	case valueObject:
		pairs := c.values()
		return NewObject(pairs[:len(pairs)&^1]...).freeze()
	default:
		c.fault("got constant %d", kind)
		return nil
	}
}

func (c *compiler) values() []any {
	c.enter()
	values := []any{}
	for range c.count(1) {
		values = append(values, c.value())
	}
	c.depth--
	return slices.Clip(values)
}

func (c *compiler) blocks() []step {
	var blocks []step
	for range c.count(1) {
		blocks = append(blocks, c.scope())
	}
	return blocks
}

// body are the statements of a block. They are good until the next is compiled.
func (c *compiler) body() []step {
	c.enter()
	start := len(c.steps)
	for op := c.byte(); op != opEnd; op = c.byte() {
		at := c.at
		s := c.stmt(op)
		if c.program.traces {
			s = c.traced(op, at, s)
		}
		c.steps = append(c.steps, s)
	}
	c.depth--
	body := c.steps[start:]
	c.steps = c.steps[:start]
	return body
}

// block is a block as one step: leaving it is to go on after it.
func (c *compiler) block() step {
	steps := c.body()
	switch len(steps) {
	case 0:
		return func(*machine, []any) int { return next }
	case 1:
		only := steps[0]
		return func(m *machine, l []any) int { return out(only(m, l)) }
	case 2:
		first, second := steps[0], steps[1]
		return func(m *machine, l []any) int {
			if r := first(m, l); r != next {
				return out(r)
			}
			return out(second(m, l))
		}
	case 3:
		first, second, third := steps[0], steps[1], steps[2]
		return func(m *machine, l []any) int {
			if r := first(m, l); r != next {
				return out(r)
			}
			if r := second(m, l); r != next {
				return out(r)
			}
			return out(third(m, l))
		}
	}
	steps = slices.Clone(steps)
	return func(m *machine, l []any) int {
		for _, s := range steps {
			if r := s(m, l); r != next {
				return out(r)
			}
		}
		return next
	}
}

// out is what a block returns when a statement of it returned r.
func out(r int) int {
	if r > 0 {
		return r - 1
	}
	return r
}
