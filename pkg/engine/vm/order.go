package vm

import "github.com/open-policy-agent/opa/v1/ir"

// ordered reports whether the order in which a block sees elements can be told from what
// it does: it appends to an array from outside, or adds to the results.
func ordered(b *ir.Block) bool {
	made := map[ir.Local]bool{}
	var visit func(b *ir.Block) bool
	visit = func(b *ir.Block) bool {
		for _, stmt := range b.Stmts {
			switch s := stmt.(type) {
			case *ir.MakeArrayStmt:
				made[s.Target] = true
			case *ir.ArrayAppendStmt:
				if !made[s.Array] {
					return true
				}
			case *ir.ResultSetAddStmt, *ir.ReturnLocalStmt:
				return true
			case *ir.BreakStmt:
				if s.Index > 0 {
					continue // out of blocks of this one: the planner leaves no scan so
				}
			case *ir.BlockStmt:
				for _, b := range s.Blocks {
					if visit(b) {
						return true
					}
				}
			case *ir.NotStmt:
				if visit(s.Block) {
					return true
				}
			case *ir.ScanStmt:
				if visit(s.Block) {
					return true
				}
			case *ir.WithStmt:
				if visit(s.Block) {
					return true
				}
			}
		}
		return false
	}
	return visit(b)
}

// findLoose finds the local variables that hold, or have in them, a set or an object
// written down with variables in it, such as {a, b}. As long as topdown does not pass it
// to a function, it looks at its elements in the order in which they are written, and
// twice at those that are equal.
func (c *constants) findLoose() {
	for _, m := range c.makers {
		if c.isLoose(m) {
			c.loose[m.local] = true
		}
	}
	for n := 0; n < len(c.loose); {
		n = len(c.loose)
		c.spread(c.blocks)
	}
}

// spread follows loose values to the variables that get them.
func (c *constants) spread(blocks []*ir.Block) {
	flows := func(from ir.Val, to ...ir.Local) {
		l, ok := from.(ir.Local)
		for _, to := range to {
			if ok && c.loose[l] {
				c.loose[to] = true
			}
		}
	}
	for _, b := range blocks {
		for _, stmt := range b.Stmts {
			switch s := stmt.(type) {
			case *ir.BlockStmt:
				c.spread(s.Blocks)
			case *ir.NotStmt:
				c.spread([]*ir.Block{s.Block})
			case *ir.ScanStmt:
				flows(s.Source, s.Key, s.Value)
				c.spread([]*ir.Block{s.Block})
			case *ir.WithStmt:
				flows(s.Value.Value, s.Local)
				c.spread([]*ir.Block{s.Block})
			case *ir.AssignVarStmt:
				flows(s.Source.Value, s.Target)
			case *ir.AssignVarOnceStmt:
				flows(s.Source.Value, s.Target)
			case *ir.DotStmt:
				flows(s.Source.Value, s.Target)
			case *ir.ArrayAppendStmt:
				flows(s.Value.Value, s.Array)
			case *ir.SetAddStmt:
				flows(s.Value.Value, s.Set)
			case *ir.ObjectInsertStmt:
				flows(s.Key.Value, s.Object)
				flows(s.Value.Value, s.Object)
			}
		}
	}
}

// isLoose reports whether a literal of several elements, or keys, is made that are not
// all constant.
func (c *constants) isLoose(m maker) bool {
	elements, variable := 0, false
	for _, change := range c.changed[m.local] {
		var element ir.Operand
		switch s := change.by.(type) {
		case *ir.SetAddStmt:
			element = s.Value
		case *ir.ObjectInsertStmt:
			element = s.Key
		default:
			continue
		}
		if change.block != m.block {
			continue // a comprehension, or a rule
		}
		elements++
		if at, ok := element.Value.(ir.Local); ok && c.value(at) == nil {
			variable = true
		}
	}
	return elements > 1 && variable
}
