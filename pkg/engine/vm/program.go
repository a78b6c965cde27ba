package vm

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ir"
)

// A Program is a plan made of Go functions. It is immutable and safe for concurrent use.
type Program struct {
	plan      []step
	locals    int // of the plan
	functions []*function
	byPath    map[string]*function
}

// A function is one rule, or one function, of the policy.
type function struct {
	name   string
	index  int
	params []int // of local variables; the first two are input and data
	locals int
	blocks []step
	varies bool // see trait
}

// A Rule is one rule of a program, to be evaluated by itself.
type Rule struct {
	program  *Program
	function *function
}

// Rule is the rule at a path of names below data; nil if the plan has none.
func (p *Program) Rule(path ...string) *Rule {
	f := p.byPath[strings.Join(append([]string{"g0"}, path...), "\x00")]
	if f == nil || len(f.params) != fixedArgs {
		return nil
	}
	return &Rule{p, f}
}

// Options of compiling.
type Options struct {
	Vary string // key of the input that differs between evaluations that share a Memo
}

// A step is one statement. It returns next, returned, or the number of blocks to leave.
type step func(m *machine, l []any) int

const (
	next      = 0
	undefine  = 1 // the statement is undefined: its block ends
	returned  = -1
	inputVar  = int(ir.Input)
	dataVar   = int(ir.Data)
	fixedArgs = 2
)

// Compile makes a program of a plan. The error is an *Unsupported.
func Compile(policy *ir.Policy, options Options) (program *Program, err error) {
	defer func() {
		if caught := recover(); caught != nil {
			unsupported, ok := caught.(*Unsupported)
			if !ok {
				panic(caught)
			}
			program, err = nil, unsupported
		}
	}()
	if len(policy.Plans.Plans) != 1 {
		return nil, &Unsupported{Cause: "plan", Err: fmt.Errorf("got %d plans, want 1", len(policy.Plans.Plans))}
	}
	c := &compiler{policy: policy, program: &Program{byPath: map[string]*function{}}, byName: map[string]*function{}}
	for _, s := range policy.Static.Strings {
		c.strings = append(c.strings, any(s.Value))
	}
	c.builtins, c.traits = builtinsOf(policy), newAnalysis(policy, options.Vary)
	for i, f := range policy.Funcs.Funcs {
		fn := &function{name: f.Name, index: i, varies: c.traits.of(f.Name).varies}
		for _, param := range f.Params {
			fn.params = append(fn.params, int(param))
		}
		c.program.functions = append(c.program.functions, fn)
		c.byName[f.Name] = fn
		if f.Path != nil {
			c.program.byPath[strings.Join(f.Path, "\x00")] = fn
		}
	}
	for i, f := range policy.Funcs.Funcs {
		c.begin(len(f.Params), f.Blocks)
		fn := c.program.functions[i]
		for _, param := range f.Params {
			c.at(param)
		}
		fn.blocks = c.blocks(f.Blocks)
		fn.locals = max(c.locals, int(f.Return)+1)
	}
	c.begin(fixedArgs, policy.Plans.Plans[0].Blocks)
	c.program.plan = c.blocks(policy.Plans.Plans[0].Blocks)
	c.program.locals = c.locals
	return c.program, nil
}

// Builtins are the names of the built-in functions that a plan calls and that this
// package passes on to topdown's.
func Builtins(policy *ir.Policy) (native, bridged []string) {
	for _, b := range policy.Static.BuiltinFuncs {
		if natives[b.Name] != nil {
			native = append(native, b.Name)
		} else {
			bridged = append(bridged, b.Name)
		}
	}
	return native, bridged
}

type compiler struct {
	policy    *ir.Policy
	program   *Program
	strings   []any
	byName    map[string]*function
	builtins  map[string]*builtin
	traits    *analysis
	locals    int               // of the function at hand, so far
	base      map[ir.Local]bool // its variables that hold base documents
	constants *constants
}

// begin turns to another function.
func (c *compiler) begin(args int, blocks []*ir.Block) {
	c.locals, c.base, c.constants = args, map[ir.Local]bool{}, newConstants(blocks, c.strings)
}

// at is the index of a local variable.
func (c *compiler) at(l ir.Local) int {
	c.locals = max(c.locals, int(l)+1)
	return int(l)
}

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

func (c *compiler) operand(o ir.Operand) operand {
	switch v := o.Value.(type) {
	case ir.Local:
		return operand{at: c.at(v)}
	case ir.StringIndex:
		return operand{-1, c.strings[v]}
	case ir.Bool:
		return operand{-1, bool(v)}
	}
	panic(&Unsupported{Cause: fmt.Sprintf("operand %T", o.Value)})
}

func (c *compiler) operands(list []ir.Operand) []operand {
	compiled := make([]operand, len(list))
	for i, o := range list {
		compiled[i] = c.operand(o)
	}
	return compiled
}

func (c *compiler) number(index int) any { return number(c.policy.Static.Strings[index].Value) }

func (c *compiler) blocks(blocks []*ir.Block) []step {
	compiled := make([]step, len(blocks))
	for i, b := range blocks {
		compiled[i] = c.block(b)
	}
	return compiled
}

// block is a block as one step: leaving it is to go on after it.
func (c *compiler) block(b *ir.Block) step {
	steps := c.body(b)
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

// body are the statements of a block.
func (c *compiler) body(b *ir.Block) []step {
	var steps []step
	for _, stmt := range b.Stmts {
		if c.constants.left[stmt] {
			continue
		}
		if s := c.stmt(stmt); s != nil {
			steps = append(steps, s)
		}
	}
	return steps
}
