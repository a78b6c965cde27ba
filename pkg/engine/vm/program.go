package vm

import (
	"sort"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ir"
)

// A Program is a plan that is made into Go functions as it is run. It is safe for
// concurrent use.
type Program struct {
	strings   []string
	functions []function // by path; the first is the plan
	traces    bool       // its functions note what they do
	traced    atomic.Pointer[Program]
}

// A function is one rule, or one function, of the policy.
type function struct {
	path   string
	index  int
	params int // the first local variables; of them, the first two are input and data
	locals int
	varies bool // see trait
	costly bool
	code   []byte
	blocks atomic.Pointer[[]step] // nil until it is called
}

// A Rule is one rule of a program, to be evaluated by itself.
type Rule struct {
	program  *Program
	function *function
}

// Rule is the rule at a path of names below data; nil if the plan has none.
func (p *Program) Rule(path ...string) *Rule {
	f := p.function(append([]string{"g0"}, path...)...)
	if f == nil {
		return nil
	}
	return &Rule{p, f}
}

// function is the function of a path that takes input and data alone; nil if there is
// none.
func (p *Program) function(path ...string) *function {
	text := pathText(path...)
	i := sort.Search(len(p.functions), func(i int) bool { return p.functions[i].path >= text })
	if text == "" || i == len(p.functions) || p.functions[i].path != text || p.functions[i].params != fixedArgs {
		return nil
	}
	return &p.functions[i]
}

// Compile is the program of a plan: what Load makes of what Encode gives.
func Compile(policy *ir.Policy, options Options) (*Program, error) {
	encoded, err := Encode(policy, options)
	if err != nil {
		return nil, err
	}
	return Load(encoded)
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
