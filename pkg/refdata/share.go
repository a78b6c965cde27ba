package refdata

import (
	"hash/maphash"
	"math"
	"reflect"
)

// mostParts bounds what a sharer remembers: parts that were met long ago may stand in
// memory twice.
const mostParts = 1 << 15

// A sharer makes equal parts of values one: replicas of a workload, and what workloads
// have in common, differ in little. It takes values as encoding/json decodes them, and
// what it returns must not be changed.
type sharer struct {
	seed    maphash.Seed
	strings map[string]string
	parts   map[uint64]any // maps and slices by hash; of two with one hash the later
}

func newSharer() *sharer {
	return &sharer{maphash.MakeSeed(), map[string]string{}, map[uint64]any{}}
}

// share is a value that equals v, made of parts that were met before as far as there are
// any, and its hash. It may reuse v.
func (s *sharer) share(v any) (any, uint64) {
	if len(s.parts)+len(s.strings) > mostParts {
		clear(s.parts)
		clear(s.strings)
	}
	switch v := v.(type) {
	case string:
		return s.text(v), s.hash(v)
	case bool:
		if v {
			return v, 1
		}
		return v, 2
	case float64:
		return v, mix(3, math.Float64bits(v))
	case []any:
		h := uint64(5)
		for i, item := range v {
			shared, of := s.share(item)
			v[i], h = shared, mix(h, of)
		}
		return s.part(v, h), h
	case map[string]any:
		h := uint64(7)
		made := make(map[string]any, len(v))
		for key, entry := range v {
			shared, of := s.share(entry)
			made[s.text(key)] = shared
			h += mix(s.hash(key), of) // in any order
		}
		return s.part(made, h), h
	}
	return v, 11
}

// part is the part with a hash that was met before, if it is the same, else v.
func (s *sharer) part(v any, h uint64) any {
	if known, found := s.parts[h]; found && same(known, v) {
		return known
	}
	s.parts[h] = v
	return v
}

// same reports whether two collections of shared parts are equal: what they hold is then
// the same.
func same(a, b any) bool {
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !identical(a[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for key, entry := range a {
			if other, found := b[key]; !found || !identical(entry, other) {
				return false
			}
		}
		return true
	}
	return false
}

func identical(a, b any) bool {
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
	}
	switch b.(type) {
	case []any, map[string]any:
		return false
	}
	return a == b
}

func (s *sharer) text(text string) string {
	known, found := s.strings[text]
	if !found {
		known = text
		s.strings[text] = text
	}
	return known
}

func (s *sharer) hash(text string) uint64 { return maphash.String(s.seed, text) }

func mix(a, b uint64) uint64 {
	h := (a ^ b*0x9e3779b97f4a7c15) * 0xff51afd7ed558ccd
	return h ^ h>>32
}
