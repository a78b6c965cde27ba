package vm

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ir"
)

// Options of encoding.
type Options struct {
	Vary string // key of the input that differs between evaluations that share a Memo
}

// Encode is the form of a plan that Load reads: the same bytes for the same plan and
// options. What of a plan this package does not run is found here; the error is an
// *Unsupported.
func Encode(policy *ir.Policy, options Options) (form []byte, err error) {
	defer catch(&err)
	if n := len(policy.Plans.Plans); n != 1 {
		return nil, &Unsupported{Cause: "plan", Err: fmt.Errorf("got %d plans, want 1", n)}
	}
	e := &encoder{
		functions: map[string]int{},
		strings:   map[string]int{},
		traits:    newAnalysis(policy, options.Vary),
		locals:    map[ir.Local]int{},
		base:      map[ir.Local]bool{},
	}
	for _, s := range policy.Static.Strings {
		e.literals = append(e.literals, s.Value)
	}
	e.constants = newConstants(e.literals)
	e.list = []encoded{{Func: &ir.Func{Params: []ir.Local{ir.Input, ir.Data}, Blocks: policy.Plans.Plans[0].Blocks}}}
	for _, f := range policy.Funcs.Funcs {
		e.list = append(e.list, encoded{f, pathText(f.Path...)})
	}
	slices.SortStableFunc(e.list[1:], func(a, b encoded) int { return cmp.Compare(a.path, b.path) })
	for i, f := range e.list[1:] {
		e.functions[f.Name] = i + 1
	}
	table, bodies := appendInts(nil, len(e.list)), []byte(nil)
	for _, f := range e.list {
		e.function(f.Func)
		found := e.traits.of(f.Name)
		traits := bit(found.varies, bitVaries) | bit(found.costly, bitCostly)
		table = appendInts(table, e.string(f.path), len(f.Params), len(e.locals), traits, len(e.code))
		bodies = append(bodies, e.code...)
	}
	return e.form(table, bodies), nil
}

// pathText is a path as the form has it.
func pathText(path ...string) string { return strings.Join(path, "\x00") }

// bit is a bit that is set, or 0.
func bit(set bool, mask int) int {
	if set {
		return mask
	}
	return 0
}

// An encoder holds what the functions of a plan share, and the state of one of them.
type encoder struct {
	list      []encoded // the first is the plan
	functions map[string]int
	literals  []any          // the strings of the plan
	strings   map[string]int // those that are used, as in texts
	texts     []string
	traits    *analysis

	code      []byte            // of the body, so far
	locals    map[ir.Local]int  // new numbers
	base      map[ir.Local]bool // variables that hold base documents
	depth     int               // of blocks, or of a constant
	constants *constants
}

// encoded is a function with its path.
type encoded struct {
	*ir.Func
	path string
}

// function encodes a body.
func (e *encoder) function(f *ir.Func) {
	if len(f.Params) < fixedArgs || f.Params[inputVar] != ir.Input || f.Params[dataVar] != ir.Data {
		panic(&Unsupported{Cause: "function without input and data"})
	}
	e.code = e.code[:0]
	clear(e.locals)
	clear(e.base)
	e.constants.begin(f.Blocks)
	for i, param := range f.Params {
		if e.at(param) != i {
			panic(&Unsupported{Cause: "parameter given twice"})
		}
	}
	e.blocks(f.Blocks)
}

// form puts the parts together.
func (e *encoder) form(table, bodies []byte) []byte {
	form := append([]byte(mark), FormatVersion, 0, 0, 0, 0)
	form = appendInts(form, len(e.texts))
	for _, s := range e.texts {
		form = appendInts(form, len(s))
	}
	form = slices.Concat(form, []byte(strings.Join(e.texts, "")), table, bodies)
	seal(form)
	return form
}

// seal sets the checksum.
func seal(form []byte) {
	binary.LittleEndian.PutUint32(form[len(mark)+1:], checksum(form[preamble:]))
}

// appendInts appends numbers that are not negative.
func appendInts(b []byte, numbers ...int) []byte {
	for _, n := range numbers {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b
}

// string is the number of a string.
func (e *encoder) string(s string) int {
	i, known := e.strings[s]
	if !known {
		i = len(e.texts)
		e.strings[s] = i
		e.texts = append(e.texts, s)
	}
	return i
}

// at is the new number of a local variable.
func (e *encoder) at(l ir.Local) int {
	i, known := e.locals[l]
	if !known {
		i = len(e.locals)
		e.locals[l] = i
	}
	return i
}
