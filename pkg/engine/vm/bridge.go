package vm

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/topdown/builtins"
)

// A builtin is a built-in function: native, or topdown's behind a bridge.
type builtin struct {
	name    string
	native  native // nil if there is none
	bridge  topdown.BuiltinFunc
	void    bool // has no result
	cached  bool // see cacheable
	fetches bool // see offline
}

// A native is a built-in function on values of this package. Not ok is undefined, which
// is what a fault comes to. It must not keep args.
type native func(m *machine, args []any) (value any, ok bool)

// known are the built-in functions that were asked for, by name.
var known sync.Map

// builtinOf is the built-in function of a name, called with so many arguments. An error
// is an *Unsupported.
func builtinOf(name string, args int) (*builtin, error) {
	declared := ast.BuiltinMap[name]
	if declared == nil || declared.Relation && natives[name] == nil || declared.Decl.Arity() != args {
		return nil, &Unsupported{Cause: "built-in " + name}
	}
	if found, ok := known.Load(name); ok {
		return found.(*builtin), nil
	}
	b := &builtin{
		name:    name,
		native:  natives[name],
		bridge:  topdown.GetBuiltin(name),
		void:    declared.Decl.Result() == nil,
		cached:  cacheable(name),
		fetches: name == ast.JSONMatchSchema.Name || name == ast.JSONSchemaVerify.Name,
	}
	if b.native == nil && b.bridge == nil {
		return nil, &Unsupported{Cause: "built-in " + name}
	}
	known.Store(name, b)
	return b, nil
}

// callBuiltin compiles the call of a built-in function.
func (c *compiler) callBuiltin() step {
	name, n := c.string(), c.count(1)
	b, err := builtinOf(name, n)
	if err != nil {
		panic(err)
	}
	args, result := c.operands(n), c.local()
	call := b.native
	if call == nil {
		call = func(m *machine, args []any) (any, bool) { return m.bridged(b, args) }
	}
	return func(m *machine, l []any) int {
		m.step()
		stack, top := m.stack, m.top
		frame := m.enter(n)
		for i := range args {
			if frame[i] = args[i].of(l); frame[i] == nil {
				clear(frame)
				m.stack, m.top = stack, top
				return undefine
			}
			m.look(frame[i])
		}
		value, ok := call(m, frame)
		m.leave(frame)
		m.stack, m.top = stack, top
		if !ok {
			l[result] = nil
			return undefine
		}
		l[result] = local(value)
		return next
	}
}

// A bridge is what topdown's functions need in one evaluation. The calls of an
// evaluation share it, as they do in topdown.
type bridge struct {
	context topdown.BuiltinContext
	stop    func() bool
}

func (m *machine) newBridge() *bridge {
	now := m.request.Time
	if now.IsZero() {
		now = time.Now()
	}
	cancel, stop := cancelOf(m.ctx)
	return &bridge{stop: stop, context: topdown.BuiltinContext{
		Context:      m.ctx,
		Metrics:      metrics.NoOp(),
		Seed:         rand.Reader,
		Time:         ast.NumberTerm(json.Number(strconv.FormatInt(now.UnixNano(), 10))),
		Cancel:       cancel,
		Cache:        builtins.Cache{},
		Capabilities: capabilities(),
	}}
}

func (b *bridge) close() {
	if b != nil {
		b.stop()
	}
}

// errSecond ends a function that gives a second output.
var errSecond = errors.New("a second output")

// bridged calls topdown's function, or knows what it gave.
func (m *machine) bridged(b *builtin, args []any) (any, bool) {
	if !b.cached {
		return m.crossed(b, args)
	}
	var place [longestKey]byte
	key, ok := cacheKey(place[:0], b.name, args)
	if !ok {
		return m.crossed(b, args)
	}
	if found, known := lookUp(key); known {
		return found.value, found.ok
	}
	value, ok := m.crossed(b, args)
	keep(key, cached{value, ok})
	return value, ok
}

// crossed calls topdown's function.
func (m *machine) crossed(b *builtin, args []any) (any, bool) {
	if m.bridge == nil {
		m.bridge = m.newBridge()
	}
	if guard := guards[b.name]; guard != nil {
		guard(m, args)
	}
	terms := make([]*ast.Term, len(args))
	for i, arg := range args {
		n := weight(arg)
		m.grow(n)
		m.spend(n / container)
		if number, ok := arg.(json.Number); ok {
			m.guardDigits(digits(string(number)))
		}
		terms[i] = ast.NewTerm(ToAST(arg))
	}
	call := m.bridge.context
	if b.fetches {
		call.Capabilities = offline()
	}
	var value any
	found := false
	err := b.bridge(call, terms, func(output *ast.Term) error {
		switch {
		case found:
			return topdown.Halt{Err: errSecond}
		case b.void:
			value = true
		default:
			value = fromAST(output.Value)
		}
		found = true
		return nil
	})
	var stopped topdown.Halt
	if errors.As(err, &stopped) {
		if m.ctx.Err() != nil {
			panic(halt{context.Cause(m.ctx)})
		}
		panic(&Unsupported{Cause: "built-in error", Err: stopped.Err})
	}
	if err != nil || !found {
		return nil, false
	}
	m.grow(weight(value))
	return value, true
}

// weight is the number of bytes that a value takes.
func weight(v any) int {
	switch v := v.(type) {
	case string:
		return word + len(v)
	case bool, int, nil:
		return word
	case *Set:
		return weights(v.items)
	case []any:
		return weights(v)
	case *List:
		return weights(v.items)
	case map[string]any:
		n := container
		for key, value := range v {
			n += len(key) + 2*word + weight(value)
		}
		return n
	case *Object:
		return weights(v.keys) + weights(v.values)
	case json.Number:
		return container + digits(string(v))
	}
	return container
}

func weights(items []any) int {
	n := container
	for _, item := range items {
		n += weight(item)
	}
	return n
}

var capabilities = sync.OnceValue(func() *ast.Capabilities { return ast.CapabilitiesForThisVersion() })

// offline are the capabilities of functions that would fetch what a schema refers to.
var offline = sync.OnceValue(func() *ast.Capabilities {
	found := *capabilities()
	found.AllowNet = []string{}
	return &found
})
