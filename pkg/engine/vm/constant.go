package vm

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ir"
)

// constants finds the arrays, sets and objects of a function that are the same whenever
// they are made: literals without variables. They are made once, with the function.
type constants struct {
	strings []any
	blocks  []*ir.Block
	defined []definition          // by local variable
	makers  []maker               // of arrays, sets and objects
	changed map[ir.Local][]change // what adds to the value of a variable
	left    map[ir.Stmt]bool      // statements that have no effect any more
	loose   map[ir.Local]bool     // see findLoose
}

// definition is what sets a local variable.
type definition struct {
	n     int     // number of statements that do
	by    ir.Stmt // the last
	block *ir.Block
	known bool // whether value is
	value any  // if it is constant, else nil
}

type maker struct {
	local ir.Local
	by    ir.Stmt
	block *ir.Block
}

type change struct {
	by    ir.Stmt
	block *ir.Block
}

func newConstants(strings []any) *constants {
	return &constants{strings: strings, changed: map[ir.Local][]change{}, left: map[ir.Stmt]bool{}, loose: map[ir.Local]bool{}}
}

// begin turns to another function.
func (c *constants) begin(blocks []*ir.Block) {
	c.blocks, c.defined, c.makers = blocks, c.defined[:0], c.makers[:0]
	clear(c.changed)
	clear(c.left)
	clear(c.loose)
	c.gather(blocks)
	for _, m := range c.makers {
		c.value(m.local)
	}
	c.findLoose()
}

func (c *constants) define(l ir.Local, by ir.Stmt, b *ir.Block) {
	for int(l) >= len(c.defined) {
		c.defined = append(c.defined, definition{})
	}
	d := &c.defined[l]
	d.n++
	d.by, d.block = by, b
}

func (c *constants) make(l ir.Local, by ir.Stmt, b *ir.Block) {
	c.define(l, by, b)
	c.makers = append(c.makers, maker{l, by, b})
}

func (c *constants) gather(blocks []*ir.Block) {
	for _, b := range blocks {
		for _, stmt := range b.Stmts {
			switch s := stmt.(type) {
			case *ir.BlockStmt:
				c.gather(s.Blocks)
			case *ir.NotStmt:
				c.gather([]*ir.Block{s.Block})
			case *ir.ScanStmt:
				c.define(s.Key, s, b)
				c.define(s.Value, s, b)
				c.gather([]*ir.Block{s.Block})
			case *ir.WithStmt:
				c.define(s.Local, s, b)
				c.gather([]*ir.Block{s.Block})
			case *ir.CallStmt:
				c.define(s.Result, s, b)
			case *ir.CallDynamicStmt:
				c.define(s.Result, s, b)
			case *ir.DotStmt:
				c.define(s.Target, s, b)
			case *ir.LenStmt:
				c.define(s.Target, s, b)
			case *ir.AssignIntStmt:
				c.define(s.Target, s, b)
			case *ir.AssignVarStmt:
				c.define(s.Target, s, b)
			case *ir.AssignVarOnceStmt:
				c.define(s.Target, s, b)
			case *ir.ResetLocalStmt:
				c.define(s.Target, s, b)
			case *ir.MakeNullStmt:
				c.define(s.Target, s, b)
			case *ir.MakeNumberIntStmt:
				c.define(s.Target, s, b)
			case *ir.MakeNumberRefStmt:
				c.define(s.Target, s, b)
			case *ir.ObjectMergeStmt:
				c.define(s.Target, s, b)
			case *ir.MakeArrayStmt:
				c.make(s.Target, s, b)
			case *ir.MakeObjectStmt:
				c.make(s.Target, s, b)
			case *ir.MakeSetStmt:
				c.make(s.Target, s, b)
			case *ir.ArrayAppendStmt:
				c.changed[s.Array] = append(c.changed[s.Array], change{s, b})
			case *ir.SetAddStmt:
				c.changed[s.Set] = append(c.changed[s.Set], change{s, b})
			case *ir.ObjectInsertStmt:
				c.changed[s.Object] = append(c.changed[s.Object], change{s, b})
			case *ir.ObjectInsertOnceStmt:
				c.changed[s.Object] = append(c.changed[s.Object], change{s, b})
			}
		}
	}
}

// value is the value of a local variable that is constant, else nil.
func (c *constants) value(l ir.Local) any {
	if int(l) >= len(c.defined) {
		return nil
	}
	d := &c.defined[l]
	if !d.known {
		d.known = true
		if d.n == 1 {
			d.value = c.made(l, maker{l, d.by, d.block})
		}
	}
	return d.value
}

func (c *constants) made(l ir.Local, m maker) any {
	switch s := m.by.(type) {
	case *ir.MakeNullStmt:
		return null{}
	case *ir.MakeNumberIntStmt:
		return int(s.Value)
	case *ir.MakeNumberRefStmt:
		return number(c.strings[s.Index].(string))
	case *ir.MakeArrayStmt:
		items := make([]any, 0, len(c.changed[l]))
		for _, change := range c.changed[l] {
			s, ok := change.by.(*ir.ArrayAppendStmt)
			if !ok || !c.follows(m, change, &items, s.Value) {
				return nil
			}
		}
		c.leave(l)
		return items
	case *ir.MakeSetStmt:
		set := &Set{}
		for _, change := range c.changed[l] {
			var items []any
			s, ok := change.by.(*ir.SetAddStmt)
			if !ok || !c.follows(m, change, &items, s.Value) {
				return nil
			}
			set.Add(items[0])
		}
		c.leave(l)
		return set.freeze()
	case *ir.MakeObjectStmt:
		object := &Object{}
		for _, change := range c.changed[l] {
			var items []any
			s, ok := change.by.(*ir.ObjectInsertStmt)
			if !ok || !c.follows(m, change, &items, s.Key, s.Value) {
				return nil
			}
			object.put(items[0], items[1])
		}
		c.leave(l)
		return object.freeze()
	}
	return nil
}

// follows reports whether a statement stands after another in one block, so that it is
// run whenever that is, and its operands are constant; they are appended to items.
func (c *constants) follows(first maker, then change, items *[]any, operands ...ir.Operand) bool {
	if then.block != first.block || slices.Index(then.block.Stmts, then.by) < slices.Index(then.block.Stmts, first.by) {
		return false
	}
	for _, o := range operands {
		var value any
		switch v := o.Value.(type) {
		case ir.StringIndex:
			value = c.strings[v]
		case ir.Bool:
			value = bool(v)
		case ir.Local:
			value = c.value(v)
		}
		if value == nil {
			return false
		}
		*items = append(*items, value)
	}
	return true
}

// leave leaves out what adds to a value that is made as a whole.
func (c *constants) leave(l ir.Local) {
	for _, change := range c.changed[l] {
		c.left[change.by] = true
	}
}

// inserts is the number of statements that insert into an object.
func (c *constants) inserts(l ir.Local) int {
	n := 0
	for _, change := range c.changed[l] {
		if _, ok := change.by.(*ir.ObjectInsertStmt); ok {
			n++
		}
	}
	return n
}
