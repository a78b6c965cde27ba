package cel

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// A Read is a look at a field of the object under review.
type Read struct {
	Path  []any // keys (string) and indices (int) from the root of the object
	Found bool  // else the last of the path is missing
	Aside bool  // in an element of a list at which no loop is known to have ended
}

// mostRead bounds the reads of a validation.
const mostRead = 10_000

// Trace evaluates the validations once more and tells for the message of each that does
// not hold which fields of the object it read, the last first. What cannot be judged is
// not told.
func (p *Program) Trace(ctx context.Context, r Request) map[string][]Read {
	found := map[string][]Read{}
	object := types.DefaultTypeAdapter.NativeToValue(r.Review["object"])
	r.Review = maps.Clone(r.Review)
	for i := range p.validations {
		t := &tracer{sizes: map[string]int{}}
		r.Review["object"] = t.value(object, nil)
		phase := newPhase(ctx, p.variables, &input{request: r}, validationLimit)
		value, err := phase.run(p.validations[i].expression)
		if err != nil || value == types.True {
			continue
		}
		reads := t.lastFirst() // without those of the message
		if text, err := phase.message(&p.validations[i]); err == nil && found[text] == nil {
			found[text] = reads
		}
	}
	return found
}

// A tracer notes reads.
type tracer struct {
	reads []Read
	sizes map[string]int // of lists, by path
}

func (t *tracer) note(path []any, found bool) {
	if len(t.reads) < mostRead {
		t.reads = append(t.reads, Read{Path: path, Found: found})
	}
}

// value is the value at a path of the object, whose reads are noted.
func (t *tracer) value(v ref.Val, path []any) ref.Val {
	switch v := v.(type) {
	case traits.Mapper:
		return tracedMap{v, t, path}
	case traits.Lister:
		size, _ := v.Size().(types.Int)
		t.sizes[fmt.Sprint(path)] = int(size)
		return tracedList{v, t, path}
	}
	return v
}

// lastFirst are the reads from the last. A loop that did not come to the end of a list has
// ended at the element that was read last.
func (t *tracer) lastFirst() []Read {
	reads := slices.Clone(t.reads)
	slices.Reverse(reads)
	last := map[string]int{} // of each list
	for r := range reads {
		for n, step := range reads[r].Path {
			i, isIndex := step.(int)
			if !isIndex {
				continue
			}
			list := fmt.Sprint(reads[r].Path[:n])
			if _, known := last[list]; !known {
				last[list] = i
			}
			if i != last[list] || i == t.sizes[list]-1 {
				reads[r].Aside = true
			}
		}
	}
	return reads
}

func below(path []any, step any) []any { return append(slices.Clip(path), step) }

// A tracedMap notes which keys are read.
type tracedMap struct {
	traits.Mapper
	tracer *tracer
	path   []any
}

func (m tracedMap) Find(key ref.Val) (ref.Val, bool) {
	value, found := m.Mapper.Find(key)
	name, ok := key.(types.String)
	if !ok {
		return value, found
	}
	path := below(m.path, string(name))
	m.tracer.note(path, found)
	if !found {
		return value, false
	}
	return m.tracer.value(value, path), true
}

func (m tracedMap) Get(key ref.Val) ref.Val {
	if value, found := m.Find(key); found {
		return value
	}
	return m.Mapper.Get(key)
}

func (m tracedMap) Contains(key ref.Val) ref.Val {
	m.Find(key)
	return m.Mapper.Contains(key)
}

// A tracedList notes which elements are read.
type tracedList struct {
	traits.Lister
	tracer *tracer
	path   []any
}

func (l tracedList) Get(index ref.Val) ref.Val {
	value := l.Lister.Get(index)
	i, err := types.IndexOrError(index)
	if err != nil || types.IsError(value) {
		return value
	}
	path := below(l.path, i)
	l.tracer.note(path, true)
	return l.tracer.value(value, path)
}

// Iterator gives elements without a note: a loop takes one more than it looks at.
func (l tracedList) Iterator() traits.Iterator {
	return &tracedIterator{Iterator: l.Lister.Iterator(), list: l}
}

type tracedIterator struct {
	traits.Iterator
	list tracedList
	next types.Int
}

func (i *tracedIterator) Next() ref.Val {
	at := i.next
	i.next++
	return i.list.tracer.value(i.list.Lister.Get(at), below(i.list.path, int(at)))
}

// HasNext is that of the length: the iterator of the list itself is not moved.
func (i *tracedIterator) HasNext() ref.Val {
	return types.Bool(i.next < i.list.Size().(types.Int))
}

// Add keeps what is known of the elements of both lists.
func (l tracedList) Add(other ref.Val) ref.Val {
	more, ok := other.(traits.Lister)
	if !ok {
		return l.Lister.Add(other)
	}
	var elements []ref.Val
	for _, list := range []traits.Lister{l, more} {
		for it := list.Iterator(); it.HasNext() == types.True; {
			elements = append(elements, it.Next())
		}
	}
	return types.NewRefValList(types.DefaultTypeAdapter, elements)
}
