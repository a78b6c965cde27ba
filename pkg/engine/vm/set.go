package vm

import "slices"

// A Set holds values, each once. Until it is frozen it belongs to one evaluation: reading
// may sort it.
type Set struct {
	items   []any
	index   *table
	extent  int32 // see extent; 0 or less if it is not known
	inOrder bool
	frozen  bool // it is not changed any more
}

// freeze makes a set fit for several goroutines.
func (s *Set) freeze() *Set {
	s.sorted()
	if len(s.items) > few {
		s.index = s.index.filled(s.items)
	}
	extent(s)
	s.frozen = true
	return s
}

// Has reports whether a value is in the set.
func (s *Set) Has(v any) bool { return s.find(v) >= 0 }

// Len is the number of members.
func (s *Set) Len() int { return len(s.items) }

// Members are the members in order.
func (s *Set) Members() []any { return s.sorted() }

func (s *Set) find(v any) int {
	if len(s.items) <= few {
		for i, item := range s.items {
			if Equal(item, v) {
				return i
			}
		}
		return -1
	}
	if !s.index.holds(len(s.items)) {
		s.index = s.index.filled(s.items)
	}
	return s.index.find(s.items, v, hash(v))
}

// Add adds a value and reports whether it was not there.
func (s *Set) Add(v any) bool {
	if len(s.items) <= few {
		if s.find(v) >= 0 {
			return false
		}
	} else {
		h := hash(v)
		s.index = s.index.filled(s.items)
		if s.index.find(s.items, v, h) >= 0 {
			return false
		}
		s.index.add(h)
	}
	s.inOrder = len(s.items) == 0 || s.inOrder && follows(s.items[len(s.items)-1], v)
	s.items = append(s.items, v)
	return true
}

func (s *Set) sorted() []any {
	if s.inOrder { // others may look at it at the same time
		return s.items
	}
	if len(s.items) > 1 {
		slices.SortFunc(s.items, Compare)
		s.index = nil
	}
	s.inOrder = true
	return s.items
}
