package vm

import (
	"math"
	"reflect"
)

// What evaluation made may hold one value many times, and a few lines of Rego hold what
// would take more than all memory if it were written down: each an array of the one
// before, twice. Comparing, hashing or converting such a value goes through it as if it
// were written down. So its extent counts, before, as bytes that it would take and as
// steps.

// extent is the number of values in a value, each as often as one comes to it. For what
// came from outside that is its own elements alone, unless there are many.
func extent(v any) int {
	n := extents(nil).of(v)
	if n >= many {
		n = extents{}.of(v)
	}
	return n
}

const (
	many = 1024          // the extent from which it is worth to look at all of a value
	most = math.MaxInt32 // no extent is larger, and no limit allows it
)

// extents are those of values that were seen, by their places in memory; nil is for a
// rough look.
type extents map[identity]int

func (e extents) of(v any) int {
	switch v := v.(type) {
	case *List:
		return e.made(&v.extent, false, v.items, nil)
	case *Set:
		return e.made(&v.extent, v.frozen, v.items, nil)
	case *Object:
		return e.made(&v.extent, v.frozen, v.keys, v.values)
	case []any:
		if e == nil {
			return 1 + len(v)
		}
		return e.once(identity{place: reflect.ValueOf(v).Pointer(), n: len(v)}, func() int { return e.sum(1, v) })
	case map[string]any:
		if e == nil {
			return 1 + len(v)
		}
		return e.once(identity{place: reflect.ValueOf(v).Pointer()}, func() int {
			n := 1
			for _, item := range v {
				n = min(n+e.of(item), most)
			}
			return n
		})
	case Node:
		return 1 + v.Len()
	}
	return 1
}

// made is the extent of what evaluation made. It is remembered, and exact where it is
// many; what is frozen has others that look at it.
func (e extents) made(known *int32, frozen bool, a, b []any) int {
	if e == nil && *known > 0 || *known >= many {
		return int(*known)
	}
	count := func() int { return e.sum(e.sum(1, a), b) }
	n := 0
	if e == nil {
		n = count()
	} else {
		n = e.once(identity{value: known}, count)
	}
	if !frozen && (e != nil || n < many) {
		*known = int32(n)
	}
	return n
}

func (e extents) sum(n int, items []any) int {
	for _, item := range items {
		n = min(n+e.of(item), most)
	}
	return n
}

func (e extents) once(place identity, count func() int) int {
	n, known := e[place]
	if !known {
		n = count()
		e[place] = n
	}
	return n
}

// part adds the extent of a value that becomes part of another.
func (m *machine) part(whole *int32, v any) {
	n := 1
	switch v.(type) {
	case *List, *Set, *Object:
		n = extent(v)
		m.lookAt(n)
	}
	if n += max(int(*whole), 1); *whole < 0 || n >= many {
		n = -1
	}
	*whole = int32(n)
}

// perStep is the number of values that are looked at in the time of a step, and page of
// the bytes of a text.
const (
	perStep = 64
	page    = 4096
)

// look counts that a value is looked through.
func (m *machine) look(v any) {
	switch v := v.(type) {
	case string:
		if len(v) >= page {
			m.spend(len(v) / page)
		}
	case *List, *Set, *Object:
		m.lookAt(extent(v))
	}
}

func (m *machine) lookAt(n int) {
	if limit := m.limits.Bytes; limit > 0 && (n == most || int64(n) > limit/word) {
		panic(halt{limitError("bytes", limit)})
	}
	if n >= perStep {
		m.spend(n / perStep)
	}
}

// equal is Equal, counted.
func (m *machine) equal(a, b any) bool {
	m.look(a)
	m.look(b)
	return Equal(a, b)
}
