package vm

import "hash/maphash"

// few is the number of elements up to which they are looked at one by one.
const few = 8

// A table finds the elements of a list by their hashes.
type table struct {
	hashes []uint64 // by position in the list
	slots  []int32  // position + 1, open addressing; a power of two
}

// holds reports whether the first n elements of the list are in the table.
func (t *table) holds(n int) bool { return t != nil && len(t.hashes) == n }

// filled is t, a new one if it is nil, with the elements of the list that were not there.
func (t *table) filled(items []any) *table {
	if t == nil {
		t = &table{}
	}
	for i := len(t.hashes); i < len(items); i++ {
		t.add(hash(items[i]))
	}
	return t
}

// add adds the next element of the list.
func (t *table) add(h uint64) {
	t.hashes = append(t.hashes, h)
	if 4*len(t.hashes) > 3*len(t.slots) {
		t.slots = make([]int32, max(4*few, 2*len(t.slots)))
		for i, h := range t.hashes {
			t.put(h, i)
		}
		return
	}
	t.put(h, len(t.hashes)-1)
}

func (t *table) put(h uint64, position int) {
	mask := uint64(len(t.slots) - 1)
	at := spread(h) & mask
	for t.slots[at] != 0 {
		at = (at + 1) & mask
	}
	t.slots[at] = int32(position) + 1
}

// find is the position of the element that equals v, -1 if there is none.
func (t *table) find(items []any, v any, h uint64) int {
	mask := uint64(len(t.slots) - 1)
	for at := spread(h) & mask; t.slots[at] != 0; at = (at + 1) & mask {
		position := int(t.slots[at]) - 1
		if t.hashes[position] == h && Equal(items[position], v) {
			return position
		}
	}
	return -1
}

func spread(h uint64) uint64 { return h ^ h>>29 }

var seed = maphash.MakeSeed()

// hash is the same for equal values.
func hash(v any) uint64 {
	const prime = 0x100000001b3
	switch v := v.(type) {
	case string:
		return maphash.String(seed, v)
	case bool:
		if v {
			return 1
		}
		return 2
	}
	switch kindOf(v) {
	case kindNull:
		return 3
	case kindNumber:
		return hashNumber(v)
	case kindArray:
		items, _ := elements(v)
		h := uint64(5)
		for _, item := range items {
			h = h*prime ^ hash(item)
		}
		return h
	case kindSet:
		h := uint64(7)
		for _, item := range v.(*Set).items {
			h += spread(hash(item) * prime)
		}
		return h
	}
	h := uint64(11)
	each(v, func(key, value any) bool {
		h += spread((hash(key)*prime ^ hash(value)) * prime)
		return true
	})
	return h
}
