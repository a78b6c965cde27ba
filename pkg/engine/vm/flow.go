package vm

import "slices"

func (c *compiler) blockStmt() step {
	blocks := c.blocks()
	if len(blocks) == 1 {
		return blocks[0]
	}
	return func(m *machine, l []any) int {
		for _, block := range blocks {
			if r := block(m, l); r != next {
				return r
			}
		}
		return next
	}
}

// not is undefined if its block comes to its end.
func (c *compiler) not() step {
	steps := slices.Clone(c.body())
	return func(m *machine, l []any) int {
		for _, s := range steps {
			if r := s(m, l); r != next {
				return out(r)
			}
		}
		return undefine
	}
}

// scan runs its block for every element of a collection, in order if it matters.
func (c *compiler) scan(op byte) step {
	source, key, value, block := c.local(), c.local(), c.local(), c.scope()
	objects := each
	switch op {
	case opScanOrdered:
		objects = eachSorted
	case opScanLoose:
		return func(*machine, []any) int { panic(&Unsupported{Cause: "order of a literal with variables"}) }
	}
	return func(m *machine, l []any) int {
		var items []any
		switch v := l[source].(type) {
		case []any:
			items = v
		case *List:
			items = v.items
		case *Set:
			for _, item := range v.sorted() {
				m.step()
				item = local(item)
				l[key], l[value] = item, item
				if r := block(m, l); r != next {
					return r
				}
			}
			return next
		case map[string]any, *Object, Node:
			result := next
			objects(v, func(k, item any) bool {
				m.step()
				l[key], l[value] = local(k), local(item)
				result = block(m, l)
				return result == next
			})
			return result
		}
		for i, item := range items {
			m.step()
			l[key], l[value] = i, local(item)
			if r := block(m, l); r != next {
				return r
			}
		}
		return next
	}
}

// with runs its block with another input or data, or with a part of it replaced.
func (c *compiler) with() step {
	target := c.local()
	var path []string
	for range c.count(1) {
		path = append(path, c.string())
	}
	value, steps := c.operand(), slices.Clone(c.body())
	return func(m *machine, l []any) int {
		m.step()
		saved, own, shared := l[target], m.own, m.shared
		m.own = NewMemo(m.program)
		m.shared = m.own // is what changed of the part that varies, or not
		l[target] = upserted(saved, path, value.of(l))
		result := next
		for _, s := range steps {
			if result = s(m, l); result != next {
				break
			}
		}
		m.own.Release()
		l[target], m.own, m.shared = saved, own, shared
		return result // an undefined block leaves the one around it
	}
}

// upserted is v with the value at a path replaced; what is no object on the way becomes
// one.
func upserted(v any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	o := &Object{}
	if v != nil && kindOf(v) == kindObject {
		o = copied(v)
	}
	var inner any
	if i := o.find(path[0]); i >= 0 {
		inner = o.values[i]
	}
	o.put(path[0], upserted(inner, path[1:], value))
	return o
}

// call compiles the call of a rule or a function.
func (c *compiler) call() step {
	f := &c.program.functions[c.below(len(c.program.functions))]
	args, result := c.operands(f.params), c.local()
	switch {
	case f.params == fixedArgs:
		return func(m *machine, l []any) int {
			value := m.rule(f, args[0].of(l), args[1].of(l))
			l[result] = value
			if value == nil {
				return undefine
			}
			return next
		}
	case f.costly && f.params <= fixedArgs+mostKept:
		return func(m *machine, l []any) int {
			value := m.keptCall(f, args, l)
			l[result] = value
			if value == nil {
				return undefine
			}
			return next
		}
	}
	return func(m *machine, l []any) int {
		value := m.function(f, args, l)
		l[result] = value
		if value == nil {
			return undefine
		}
		return next
	}
}

// function is the value of a function for arguments that stand in l; nil if undefined.
func (m *machine) function(f *function, args []operand, l []any) any {
	stack, top := m.stack, m.top
	frame := m.enter(f.locals)
	for i := range args {
		frame[i] = args[i].of(l)
	}
	value := m.call(f, frame)
	m.leave(frame)
	m.stack, m.top = stack, top
	return value
}

// keptCall is function, but evaluated once for the same arguments.
func (m *machine) keptCall(f *function, args []operand, l []any) any {
	var values [mostKept]any
	own := args[fixedArgs:]
	for i := range own {
		values[i] = own[i].of(l)
	}
	k, ok := keyOf(f.index, values[:len(own)])
	if !ok {
		return m.function(f, args, l)
	}
	memo := m.memoOf(f)
	if known, found := memo.calls[k]; found {
		return known.value
	}
	value := m.function(f, args, l)
	m.grow(container)
	memo.calls[k] = kept{values, value}
	return value
}

// memoOf is where the values of a function are kept.
func (m *machine) memoOf(f *function) *Memo {
	if f.varies {
		return m.own
	}
	return m.shared
}

// rule is the value of a rule without arguments, evaluated once; nil if undefined.
func (m *machine) rule(f *function, input, data any) any {
	memo := m.memoOf(f)
	if known := memo.rules[f.index]; known != nil {
		if known == Undefined {
			return nil
		}
		return known
	}
	stack, top := m.stack, m.top
	frame := m.enter(f.locals)
	frame[inputVar], frame[dataVar] = input, data
	value := m.call(f, frame)
	m.leave(frame)
	m.stack, m.top = stack, top
	known := value
	if known == nil {
		known = Undefined
	}
	memo.rules[f.index] = known
	memo.touched = append(memo.touched, f.index)
	return value
}

// callDynamic calls the rule at a path that is known now only.
func (c *compiler) callDynamic() step {
	path := c.operands(c.count(1))
	input, data, result := c.local(), c.local(), c.local()
	return func(m *machine, l []any) int {
		names := make([]string, len(path))
		for i := range path {
			name, ok := path[i].of(l).(string)
			if !ok {
				return undefine
			}
			names[i] = name
		}
		f := m.program.function(names...)
		if f == nil {
			l[result] = nil
			return undefine
		}
		value := m.rule(f, l[input], l[data])
		l[result] = value
		if value == nil {
			return undefine
		}
		return next
	}
}
