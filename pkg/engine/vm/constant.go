package vm

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ir"
)

// constants finds the arrays, sets and objects of a function that are the same whenever
// they are made: literals without variables. They are made once, when the program is.
type constants struct {
	strings  []any
	defined  map[ir.Local][]ir.Stmt // what sets a local variable
	changed  map[ir.Local][]ir.Stmt // what adds to the value of one
	together map[ir.Stmt]*ir.Block  // where a statement stands
	values   map[ir.Local]any       // of those that are constant
	left     map[ir.Stmt]bool       // statements that have no effect any more
	loose    map[ir.Local]bool      // see findLoose
}

func newConstants(blocks []*ir.Block, strings []any) *constants {
	c := &constants{
		strings:  strings,
		defined:  map[ir.Local][]ir.Stmt{},
		changed:  map[ir.Local][]ir.Stmt{},
		together: map[ir.Stmt]*ir.Block{},
		values:   map[ir.Local]any{},
		left:     map[ir.Stmt]bool{},
	}
	c.gather(blocks)
	for l := range c.defined {
		c.value(l)
	}
	c.findLoose()
	return c
}

func (c *constants) gather(blocks []*ir.Block) {
	for _, b := range blocks {
		for _, stmt := range b.Stmts {
			c.together[stmt] = b
			defines := func(l ir.Local) { c.defined[l] = append(c.defined[l], stmt) }
			changes := func(l ir.Local) { c.changed[l] = append(c.changed[l], stmt) }
			switch s := stmt.(type) {
			case *ir.BlockStmt:
				c.gather(s.Blocks)
			case *ir.NotStmt:
				c.gather([]*ir.Block{s.Block})
			case *ir.ScanStmt:
				defines(s.Key)
				defines(s.Value)
				c.gather([]*ir.Block{s.Block})
			case *ir.WithStmt:
				defines(s.Local)
				c.gather([]*ir.Block{s.Block})
			case *ir.CallStmt:
				defines(s.Result)
			case *ir.CallDynamicStmt:
				defines(s.Result)
			case *ir.DotStmt:
				defines(s.Target)
			case *ir.LenStmt:
				defines(s.Target)
			case *ir.AssignIntStmt:
				defines(s.Target)
			case *ir.AssignVarStmt:
				defines(s.Target)
			case *ir.AssignVarOnceStmt:
				defines(s.Target)
			case *ir.ResetLocalStmt:
				defines(s.Target)
			case *ir.MakeNullStmt:
				defines(s.Target)
			case *ir.MakeNumberIntStmt:
				defines(s.Target)
			case *ir.MakeNumberRefStmt:
				defines(s.Target)
			case *ir.MakeArrayStmt:
				defines(s.Target)
			case *ir.MakeObjectStmt:
				defines(s.Target)
			case *ir.MakeSetStmt:
				defines(s.Target)
			case *ir.ObjectMergeStmt:
				defines(s.Target)
			case *ir.ArrayAppendStmt:
				changes(s.Array)
			case *ir.SetAddStmt:
				changes(s.Set)
			case *ir.ObjectInsertStmt:
				changes(s.Object)
			case *ir.ObjectInsertOnceStmt:
				changes(s.Object)
			}
		}
	}
}

// value is the value of a local variable that is constant, else nil.
func (c *constants) value(l ir.Local) any {
	if known, found := c.values[l]; found {
		return known
	}
	c.values[l] = nil // until it is known, or for good
	if len(c.defined[l]) != 1 {
		return nil
	}
	value := c.made(l, c.defined[l][0])
	c.values[l] = value
	return value
}

func (c *constants) made(l ir.Local, by ir.Stmt) any {
	switch s := by.(type) {
	case *ir.MakeNullStmt:
		return null{}
	case *ir.MakeNumberIntStmt:
		return int(s.Value)
	case *ir.MakeNumberRefStmt:
		return number(c.strings[s.Index].(string))
	case *ir.MakeArrayStmt:
		items := make([]any, 0, len(c.changed[l]))
		for _, change := range c.changed[l] {
			s, ok := change.(*ir.ArrayAppendStmt)
			if !ok || !c.follows(by, change, &items, s.Value) {
				return nil
			}
		}
		c.leave(l)
		return items
	case *ir.MakeSetStmt:
		set := &Set{}
		for _, change := range c.changed[l] {
			var items []any
			s, ok := change.(*ir.SetAddStmt)
			if !ok || !c.follows(by, change, &items, s.Value) {
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
			s, ok := change.(*ir.ObjectInsertStmt)
			if !ok || !c.follows(by, change, &items, s.Key, s.Value) {
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
func (c *constants) follows(first, then ir.Stmt, items *[]any, operands ...ir.Operand) bool {
	b := c.together[first]
	if c.together[then] != b || slices.Index(b.Stmts, then) < slices.Index(b.Stmts, first) {
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
		c.left[change] = true
	}
}
