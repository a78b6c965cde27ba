package vm

// The functions of a program that traces are those of any other, and note what they do
// beside it: for that each statement is read twice.

// scope is a block that notes where it begins and ends.
func (c *compiler) scope() step {
	block := c.block()
	if !c.program.traces {
		return block
	}
	return func(m *machine, l []any) int {
		t := m.tracer
		round := t.open.round
		t.enter(scope{})
		if round != nil {
			round(t, l)
		}
		result := block(m, l)
		t.leave()
		return result
	}
}

// traced is the step of the statement that was read from start on, and notes what it does.
func (c *compiler) traced(op byte, start int, run step) step {
	again := *c
	again.at = start
	switch op {
	case opBlocks, opCallDynamic:
		return scoped(scope{split: true}, run)
	case opScan, opScanOrdered:
		source, key, value := again.local(), again.local(), again.local()
		return scoped(scope{split: true, round: func(t *tracer, l []any) { t.read(l[source], l[key], l[value]) }}, run)
	case opCall:
		return again.tracedCall(run)
	case opCallBuiltin:
		return again.tracedBuiltin(run)
	case opDot, opDotBase:
		return again.tracedDot(run)
	case opAppend, opAdd:
		_, value := again.local(), again.operand()
		return making(value, run)
	case opInsertOnce:
		_, _, value := again.local(), again.operand(), again.operand()
		return making(value, run)
	}
	return run
}

// tracedDot notes, where there is nothing, all of a reference such as resources.limits.cpu.
func (c *compiler) tracedDot(run step) step {
	source, key, target := c.operand(), c.operand(), c.local()
	var rest []any
	for at := target; c.byte() == opDot; {
		from, key, target := c.operand(), c.operand(), c.local()
		if from.at != at || key.at >= 0 {
			break
		}
		rest, at = append(rest, key.constant), target
	}
	return func(m *machine, l []any) int {
		from, by := source.of(l), key.of(l)
		result := run(m, l)
		if result == next {
			m.tracer.read(from, by, l[target])
		} else {
			m.tracer.miss(from, by, rest)
		}
		return result
	}
}

// scoped is a statement as a scope.
func scoped(s scope, run step) step {
	return func(m *machine, l []any) int {
		m.tracer.enter(s)
		result := run(m, l)
		m.tracer.leave()
		return result
	}
}

// making is a statement by which a value becomes part of another.
func making(value operand, run step) step {
	return func(m *machine, l []any) int {
		m.tracer.make(value.of(l))
		return run(m, l)
	}
}

// memoKey is a call whose value is kept.
type memoKey struct {
	memo *Memo
	call callKey
}

// tracedCall does, where the value is known already, what was done to know it.
func (c *compiler) tracedCall(run step) step {
	f := &c.program.functions[c.below(len(c.program.functions))]
	args := c.operands(f.params)[fixedArgs:]
	return func(m *machine, l []any) int {
		t := m.tracer
		key := memoKey{memo: m.memoOf(f), call: callKey{function: f.index}}
		keyed := len(args) <= mostKept
		if keyed && len(args) > 0 {
			var values [mostKept]any
			for i := range args {
				values[i] = args[i].of(l)
			}
			key.call, keyed = keyOf(f.index, values[:len(args)])
		}
		t.enter(scope{split: true})
		call := t.open
		result := run(m, l)
		t.leave()
		if !keyed {
			return result
		}
		if before := t.known[key]; len(call.events) == 0 && before != nil {
			call.events = before.events
		} else {
			t.known[key] = call
		}
		return result
	}
}

// tracedBuiltin knows the functions that read by a key.
func (c *compiler) tracedBuiltin(run step) step {
	name := c.string()
	args := c.operands(c.count(1))
	switch name {
	case "object.get":
		return func(m *machine, l []any) int {
			m.tracer.readPath(args[0].of(l), args[1].of(l))
			return run(m, l)
		}
	case "internal.member_2": // x in collection
		return func(m *machine, l []any) int {
			m.tracer.readMember(args[0].of(l), args[1].of(l))
			return run(m, l)
		}
	}
	return run
}

// readPath notes the reads of a key, or of an array of keys.
func (t *tracer) readPath(from, path any) {
	keys, ok := elements(path)
	if !ok {
		keys = []any{path}
	}
	for i, key := range keys {
		value, found := get(from, key)
		if !found {
			t.miss(from, key, keys[i+1:])
			return
		}
		t.read(from, key, value)
		from = value
	}
}

// readMember notes where an array has a value.
func (t *tracer) readMember(v, collection any) {
	items, _ := elements(collection)
	for i, item := range items {
		if v != nil && Equal(v, item) {
			t.read(collection, i, item)
			return
		}
	}
}
