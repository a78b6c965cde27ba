package vm

import (
	"encoding/binary"
	"fmt"
	"math"
)

// A reader reads a part of the encoded form. It panics with an *Unsupported at bytes that
// are no plan, before it takes memory for what they promise.
type reader struct {
	code []byte
	at   int
	of   string // what the bytes are
}

func (r *reader) fault(format string, args ...any) {
	panic(&Unsupported{Cause: "malformed plan", Err: fmt.Errorf("%q: byte %d: %s", r.of, r.at, fmt.Sprintf(format, args...))})
}

func (r *reader) left() int { return len(r.code) - r.at }

// take are the next n bytes.
func (r *reader) take(n int) []byte {
	if n > r.left() {
		r.fault("got %d bytes, want %d", r.left(), n)
	}
	r.at += n
	return r.code[r.at-n : r.at : r.at]
}

func (r *reader) byte() byte {
	if r.at == len(r.code) {
		r.fault("got the end, want more")
	}
	r.at++
	return r.code[r.at-1]
}

// int is a number that is not negative.
func (r *reader) int() int {
	if r.at < len(r.code) && r.code[r.at] < 0x80 {
		r.at++
		return int(r.code[r.at-1])
	}
	v, n := binary.Uvarint(r.code[r.at:])
	if n <= 0 || v > math.MaxInt32 {
		r.fault("got no number of 31 bits")
	}
	r.at += n
	return int(v)
}

// below is a number below n.
func (r *reader) below(n int) int {
	i := r.int()
	if i >= n {
		r.fault("got %d, want less than %d", i, n)
	}
	return i
}

// count is a number of things that take at least size bytes each.
func (r *reader) count(size int) int {
	n := r.int()
	if n > r.left()/size {
		r.fault("got %d bytes, want %d times %d", r.left(), n, size)
	}
	return n
}

// signed is a number of 64 bits.
func (r *reader) signed() int {
	v, n := binary.Varint(r.code[r.at:])
	if n <= 0 {
		r.fault("got no number of 64 bits")
	}
	r.at += n
	return int(v)
}
