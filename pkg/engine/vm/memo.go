package vm

import (
	"reflect"
	"sync"
)

// A Memo keeps what functions gave, for evaluations of one program whose requests differ
// in nothing but the part of the input that Options.Vary names. It belongs to one
// goroutine at a time.
type Memo struct {
	program *Program
	rules   []any            // of rules without arguments, by function; nil if not known
	touched []int            // where rules are known
	calls   map[callKey]kept // of functions
}

var memos = sync.Pool{New: func() any { return &Memo{calls: map[callKey]kept{}} }}

// NewMemo is an empty Memo for evaluations of a program.
func NewMemo(p *Program) *Memo {
	memo := memos.Get().(*Memo)
	memo.begin(p)
	return memo
}

func (m *Memo) begin(p *Program) {
	m.program = p
	if n := len(p.functions); cap(m.rules) < n {
		m.rules = make([]any, n)
	} else {
		m.rules = m.rules[:n]
	}
}

// manyCalls is the number from which a Memo is too large to be kept for others.
const manyCalls = 4096

// Release gives back a Memo that is not used any more.
func (m *Memo) Release() {
	if len(m.calls) <= manyCalls {
		m.reset()
		memos.Put(m)
	}
}

// reset forgets everything.
func (m *Memo) reset() {
	for _, i := range m.touched {
		m.rules[i] = nil
	}
	m.touched = m.touched[:0]
	clear(m.calls)
	m.program = nil
}

// mostKept is the number of arguments of a call that may be kept.
const mostKept = 2

// callKey is a function with its arguments.
type callKey struct {
	function int
	args     [mostKept]identity
}

// identity is the same for two values only if they are equal: it is the value of what
// compares cheaply, and the place in memory of what does not.
type identity struct {
	value any
	place uintptr
	n     int // of an array
}

// kept holds on to the arguments, so that no other value gets their place in memory.
type kept struct {
	args  [mostKept]any
	value any // nil if undefined
}

// keyOf is the key of a call; not ok if an argument has no identity.
func keyOf(function int, args []any) (k callKey, ok bool) {
	k.function = function
	for i, arg := range args {
		switch v := arg.(type) {
		case string, int, bool, *Object, *List, *Set, null, int64, float64:
			k.args[i].value = arg
		case map[string]any:
			k.args[i].place = reflect.ValueOf(arg).Pointer()
		case []any:
			k.args[i] = identity{place: reflect.ValueOf(arg).Pointer(), n: len(v) + 1}
		default:
			return k, false
		}
	}
	return k, true
}
