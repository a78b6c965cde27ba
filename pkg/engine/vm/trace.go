package vm

import (
	"context"
	"maps"
	"slices"
)

// A Read is a look at a part of the subject of a trace.
type Read struct {
	Path  []any // keys (string) and indices (int) from the root of the subject
	Found bool  // else the last of the path is missing
	Aside bool  // in a round of a loop that was over when the text was made
}

// A Trace is an evaluation that notes what it looks at.
type Trace struct {
	Subject any      // a part of the input
	Texts   []string // whose making is of interest
}

// Bounds of a trace: what it may note and tell in all, and look through and tell for one
// text.
const (
	mostNoted   = 100_000
	mostTold    = 200_000
	mostRelated = 10_000
	mostReads   = 1000
)

// Trace evaluates the rule as Eval does and tells for each text what was read of the
// subject on the way to it, the last 1,000 places first, each place once; nil for a text
// that was not made, and for those past 200,000 places in all. The paths are read only. A text is made where it, or an object that has it as a value, first becomes an
// element of a set or an array, or a value by key. What a rule does not do on that way is
// left out: other clauses, and other rounds of the loops that are at work.
//
// Request.Memo is not asked: what others evaluated was not noted. An error is that of
// Eval, or that too much was noted; what was made until then is told nevertheless.
// It takes several times as long as Eval.
func (r *Rule) Trace(ctx context.Context, request Request, trace Trace) (reads [][]Read, err error) {
	program := r.program.tracing()
	t := newTracer(trace)
	request.Memo = nil
	err = program.evaluate(ctx, &request, func(m *machine, input, data any) {
		m.tracer = t
		m.rule(&program.functions[r.function.index], input, data)
	})
	for i, text := range trace.Texts {
		t.reads[i] = t.reads[t.texts[text]]
	}
	return t.reads, err
}

// tracing is the program whose functions note what they do. It is another one so that
// those of p do not have to ask.
func (p *Program) tracing() *Program {
	if made := p.traced.Load(); made != nil {
		return made
	}
	made := &Program{strings: p.strings, functions: make([]function, len(p.functions)), traces: true}
	for i := range p.functions {
		f, of := &made.functions[i], &p.functions[i]
		f.path, f.index, f.params, f.locals, f.varies, f.costly, f.code = of.path, of.index, of.params, of.locals, of.varies, of.costly, of.code
	}
	p.traced.Store(made)
	return made
}

// A tracer notes what an evaluation does, as a tree of scopes.
type tracer struct {
	texts map[string]int // by text, its index in reads
	reads [][]Read

	places map[identity]*place // of what the subject is made of
	open   *scope
	noted  int
	told   int
	known  map[memoKey]*scope // of the calls that are kept
}

func newTracer(trace Trace) *tracer {
	t := &tracer{
		texts:  map[string]int{},
		reads:  make([][]Read, len(trace.Texts)),
		places: map[identity]*place{},
		open:   &scope{split: true}, // the clauses of the rule
		known:  map[memoKey]*scope{},
	}
	for i, text := range slices.Backward(trace.Texts) {
		t.texts[text] = i
	}
	t.index(trace.Subject, &place{})
	return t
}

// A place is a part of the subject, or one that is missing there.
type place struct {
	parent *place
	key    any
	parts  map[any]*place // as far as they were asked for
	known  []any          // its path, once it was asked for
}

// below is the place of a key; nil if there is none, as of what is no place.
func (p *place) below(key any) *place {
	if _, isName := key.(string); !isName {
		i, ok := integer(key)
		if !ok {
			return nil
		}
		key = i
	}
	if p == nil {
		return nil
	}
	part := p.parts[key]
	if part == nil {
		part = &place{parent: p, key: key}
		if p.parts == nil {
			p.parts = map[any]*place{}
		}
		p.parts[key] = part
	}
	return part
}

// path is kept: many texts have the same reads.
func (p *place) path() []any {
	switch {
	case p.known != nil:
	case p.parent == nil:
		p.known = []any{}
	default:
		p.known = append(slices.Clip(p.parent.path()), p.key)
	}
	return p.known
}

// index remembers the places of a value and of what is in it. Of what is there more than
// once, by aliases of YAML, it is the last, in the order of keys, until another is read.
func (t *tracer) index(v any, at *place) {
	t.remember(v, at)
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if value := v[key]; isContainer(value) {
				t.index(value, at.below(key))
			}
		}
	case []any:
		for i, value := range v {
			if isContainer(value) {
				t.index(value, at.below(i))
			}
		}
	}
}

func isContainer(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return v != nil
	case []any:
		return len(v) > 0 // all empty ones may be at one place in memory
	}
	return false
}

func (t *tracer) remember(v any, at *place) {
	if isContainer(v) {
		k, _ := keyOf(0, []any{v})
		t.places[k.args[0]] = at
	}
}

// place is where a value stands in the subject, nil if that is not known.
func (t *tracer) place(v any) *place {
	if !isContainer(v) {
		return nil
	}
	k, _ := keyOf(0, []any{v})
	return t.places[k.args[0]]
}

// A scope is a part of an evaluation: a call, a loop, or a block of one of these.
type scope struct {
	parent *scope
	split  bool                          // its parts are the clauses of a function, or the rounds of a loop
	round  func(t *tracer, locals []any) // what a round of a loop begins with; nil if it is none
	events []event
}

// An event is a read, or a part of the scope.
type event struct {
	at    *place
	found bool
	part  *scope // nil for a read
}

func (t *tracer) note(e event) {
	if t.noted++; t.noted > mostNoted {
		panic(halt{limitError("reads to trace", mostNoted)})
	}
	t.open.events = append(t.open.events, e)
}

// enter begins a scope, leave ends it.
func (t *tracer) enter(s scope) {
	s.parent = t.open
	t.note(event{part: &s})
	t.open = &s
}

func (t *tracer) leave() { t.open = t.open.parent }

// read notes that a value was read by a key.
func (t *tracer) read(from, key, value any) {
	at := t.place(from).below(key)
	if at == nil {
		at = t.place(value)
	} else {
		t.remember(value, at)
	}
	if at != nil && at.parent != nil { // all begin at the root
		t.note(event{at: at, found: true})
	}
}

// miss notes that there is no value of a key, in which others would have been read.
func (t *tracer) miss(from, key any, rest []any) {
	at := t.place(from).below(key)
	for _, key := range rest {
		at = at.below(key)
	}
	if at != nil {
		t.note(event{at: at})
	}
}

// make tells what led to the texts that a value is, or has.
func (t *tracer) make(v any) {
	switch v := v.(type) {
	case string:
		if i, wanted := t.texts[v]; wanted && t.reads[i] == nil && t.told < mostTold {
			t.reads[i] = t.related()
			t.told += len(t.reads[i])
		}
	case *Object:
		for _, value := range v.values {
			if text, ok := value.(string); ok {
				t.make(text)
			}
		}
	case map[string]any:
		for _, value := range v {
			if text, ok := value.(string); ok {
				t.make(text)
			}
		}
	}
}

// related are the reads that led to here.
func (t *tracer) related() []Read {
	g := gathering{seen: map[*scope]bool{}, at: map[*place]int{}, reads: []Read{}}
	for s := t.open; s != nil; s = s.parent {
		g.seen[s] = true
		g.scope(s, true, false)
	}
	return g.reads
}

type gathering struct {
	seen  map[*scope]bool
	at    map[*place]int // indices of reads
	reads []Read
	work  int
}

// scope gathers what a scope has, from the last. One that is at work leaves out the parts
// that are others than the one at work.
func (g *gathering) scope(s *scope, atWork, aside bool) {
	for _, e := range slices.Backward(s.events) {
		if g.work++; g.work > mostRelated || len(g.reads) == mostReads {
			return
		}
		switch {
		case e.part == nil:
			if i, known := g.at[e.at]; known {
				g.reads[i].Aside = g.reads[i].Aside && aside
				continue
			}
			g.at[e.at] = len(g.reads)
			g.reads = append(g.reads, Read{e.at.path(), e.found, aside})
		case atWork && s.split || g.seen[e.part]:
		default:
			g.seen[e.part] = true
			g.scope(e.part, false, aside || s.round != nil)
		}
	}
}
