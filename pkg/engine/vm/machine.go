package vm

import (
	"context"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/topdown"
)

// Limits are what evaluations may need, or have needed. As a bound, zero means none.
type Limits struct {
	Steps int64 // calls and elements looked at
	Bytes int64 // that values take which they make, roughly
}

// A Budget bounds several evaluations together, one after the other.
type Budget struct {
	Limits
	Used Limits
}

// A Request is what a program is run on. It is only read.
type Request struct {
	Input  any       // nil is null; Undefined if there is none
	Data   any       // an object
	Budget *Budget   // nil bounds nothing
	Memo   *Memo     // of the program, shared with other evaluations; nil if with none
	Time   time.Time // of time.now_ns; zero means now
}

// Undefined, as an Input, is no value.
var Undefined any = undefined{}

type undefined struct{}

// A machine is the state of one evaluation.
type machine struct {
	program *Program
	request *Request
	ctx     context.Context

	stack []any // local variables; what lies above top is nil
	top   int
	depth int // of calls
	ret   any // of the function that returned

	memo   Memo  // kept with the machine
	own    *Memo // of this evaluation
	shared *Memo // of those that Request.Memo is for

	left   int // steps until check, of those lent
	lent   int
	limits Limits
	used   Limits
	bridge *bridge
	tracer *tracer // of a program that traces, else nil

	results []any
}

// stride is the number of steps between looks at the context.
const stride = 1024

var machines = sync.Pool{New: func() any { return &machine{stack: make([]any, 4*stride), memo: Memo{calls: map[callKey]kept{}}} }}

// Eval runs the plan and returns the bindings of each result, an *Object by the names
// of the query's variables, in no order that topdown knows. The error is an *Unsupported,
// wraps ErrLimit, or is the cause of the end of ctx. Eval is safe for concurrent use.
func (p *Program) Eval(ctx context.Context, request Request) (results []any, err error) {
	err = p.evaluate(ctx, &request, func(m *machine, input, data any) {
		plan := &p.functions[0]
		frame := m.enter(plan.locals)
		frame[inputVar], frame[dataVar] = input, data
		m.call(plan, frame)
		m.leave(frame)
		results = m.results
	})
	return results, err
}

// Eval is the value of the rule, nil if it is undefined; null is not nil. Errors are
// those of Program.Eval.
func (r *Rule) Eval(ctx context.Context, request Request) (value any, err error) {
	err = r.program.evaluate(ctx, &request, func(m *machine, input, data any) {
		value = m.rule(r.function, input, data)
		m.look(value)
	})
	return value, err
}

// evaluate runs a machine.
func (p *Program) evaluate(ctx context.Context, request *Request, run func(m *machine, input, data any)) (err error) {
	m := machines.Get().(*machine)
	m.start(ctx, p, request)
	defer func() {
		caught := recover()
		m.bridge.close()
		if request.Budget != nil {
			m.used.Steps += int64(m.lent - m.left)
			request.Budget.Used = m.used
		}
		switch caught := caught.(type) {
		case nil:
			m.reuse()
		case halt:
			err = caught.err
		case *Unsupported:
			err = caught
		default:
			err = &Unsupported{Cause: "panic", Err: panicError(caught)}
		}
	}()
	var input any
	if request.Input != Undefined {
		input = local(request.Input)
	}
	run(m, input, local(request.Data))
	return nil
}

func (m *machine) start(ctx context.Context, p *Program, request *Request) {
	m.program, m.request, m.ctx = p, request, ctx
	if request.Budget != nil {
		m.limits, m.used = request.Budget.Limits, request.Budget.Used
	}
	m.own = &m.memo
	m.own.begin(p)
	m.shared = m.own
	if request.Memo != nil {
		m.shared = request.Memo
	}
}

// reuse gives back a machine that came to its end.
func (m *machine) reuse() {
	if len(m.memo.calls) > manyCalls {
		return
	}
	m.memo.reset()
	*m = machine{stack: m.stack, memo: m.memo}
	machines.Put(m)
}

// enter makes a frame of n local variables, which are undefined.
func (m *machine) enter(n int) []any {
	if m.top+n > len(m.stack) {
		m.stack = make([]any, max(2*len(m.stack), 4*n)) // frames keep what they are part of
		m.top = 0
	}
	frame := m.stack[m.top : m.top+n : m.top+n]
	m.top += n
	return frame
}

// leave gives back the frame that was made last, on the same stack.
func (m *machine) leave(frame []any) {
	clear(frame)
	m.top -= len(frame)
}

// step counts one.
func (m *machine) step() {
	m.left--
	if m.left < 0 {
		m.check()
	}
}

// spend counts as many steps as a function takes that looks at n elements.
func (m *machine) spend(n int) {
	m.left -= n
	if m.left < 0 {
		m.check()
	}
}

// check counts the steps that were lent, and those taken beyond, and lends more.
func (m *machine) check() {
	m.used.Steps += int64(m.lent - m.left)
	m.lent, m.left = 0, 0
	if limit := m.limits.Steps; limit > 0 && m.used.Steps > limit {
		panic(halt{limitError("steps", limit)})
	}
	if m.ctx.Err() != nil {
		panic(halt{context.Cause(m.ctx)})
	}
	m.lent = stride
	if limit := m.limits.Steps; limit > 0 {
		m.lent = int(min(stride, limit-m.used.Steps))
	}
	m.left = m.lent
}

// grow counts bytes that are about to be taken.
func (m *machine) grow(n int) {
	m.used.Bytes += int64(n)
	if limit := m.limits.Bytes; limit > 0 && m.used.Bytes > limit {
		panic(halt{limitError("bytes", limit)})
	}
}

// call runs a function in a frame that holds its arguments; nil is undefined.
func (m *machine) call(f *function, frame []any) (value any) {
	m.step()
	if m.depth++; m.depth > deepest {
		panic(&Unsupported{Cause: "nested too deep"})
	}
	for _, block := range m.program.body(f) {
		if r := block(m, frame); r != 0 {
			if r == returned {
				value = m.ret
				m.ret = nil
			}
			break
		}
	}
	m.depth--
	return value
}

// cancel is OPA's, for built-ins that take long.
func cancelOf(ctx context.Context) (topdown.Cancel, func() bool) {
	cancel := topdown.NewCancel()
	return cancel, context.AfterFunc(ctx, cancel.Cancel)
}
