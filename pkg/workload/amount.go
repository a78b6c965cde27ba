package workload

import (
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/memgate/memgate/pkg/quantity"
)

// An Amount is a number of bytes, or that there is no bound, or that it cannot be told. The
// zero Amount is 0 bytes.
type Amount struct {
	State State
	Bytes int64 // not negative; 0 unless State is Known. What is more than an int64 holds is the largest
}

// A State is what is known of an Amount.
type State int

// The states, from the one that tells most.
const (
	Known State = iota
	Unknown
	Unlimited
)

// Bytes is a known Amount.
func Bytes(n int64) Amount { return Amount{Bytes: n} }

// IsUnlimited reports whether there is no bound.
func (a Amount) IsUnlimited() bool { return a.State == Unlimited }

func (a Amount) isZero() bool { return a == Amount{} }

// Plus is the sum. It is Unlimited if one is, else Unknown if one is.
func (a Amount) Plus(b Amount) Amount {
	if state := max(a.State, b.State); state != Known {
		return Amount{State: state}
	}
	if a.Bytes > math.MaxInt64-b.Bytes {
		return Bytes(math.MaxInt64)
	}
	return Bytes(a.Bytes + b.Bytes)
}

// most is the larger of two. It is Unlimited if one is, else Unknown if one is.
func (a Amount) most(b Amount) Amount {
	if state := max(a.State, b.State); state != Known {
		return Amount{State: state}
	}
	return Bytes(max(a.Bytes, b.Bytes))
}

// least is the smaller of two: the known one, if the other is not.
func (a Amount) least(b Amount) Amount {
	if a.State != b.State {
		if a.State < b.State {
			return a
		}
		return b
	}
	return Amount{State: a.State, Bytes: min(a.Bytes, b.Bytes)}
}

// String is the amount in binary units: whole Mi in the largest unit that keeps it whole,
// as in 2112Mi, and others rounded to two decimals, as in 122.07Mi.
func (a Amount) String() string {
	switch a.State {
	case Unlimited:
		return "unlimited"
	case Unknown:
		return "unknown"
	}
	unit := max(bits.Len64(uint64(a.Bytes))-1, 0) / 10
	if whole := bits.TrailingZeros64(uint64(a.Bytes)) / 10; whole >= mebi {
		unit = min(unit, whole)
	}
	if unit == 0 {
		return strconv.FormatInt(a.Bytes, 10)
	}
	number := strconv.FormatFloat(math.Ldexp(float64(a.Bytes), -10*unit), 'f', 2, 64)
	return strings.TrimSuffix(strings.TrimRight(number, "0"), ".") + "KMGTPE"[unit-1:unit] + "i"
}

// mebi is the unit of Mi: how many times 1024 is in it.
const mebi = 2

// amount is what a field asks for: 0 if it is absent.
func amount(value any) Amount {
	var written string
	switch value := value.(type) {
	case nil:
		return Amount{}
	case string:
		written = strings.TrimSpace(value) // as the API server does
	case int64:
		written = strconv.FormatInt(value, 10)
	case float64:
		written = strconv.FormatFloat(value, 'f', -1, 64)
	}
	if !strings.ContainsAny(written, "0123456789") { // "Gi" would be 0
		return Amount{State: Unknown}
	}
	q, err := quantity.Parse(written)
	switch {
	case err != nil || q.Sign() < 0:
		return Amount{State: Unknown}
	case q.CmpInt64(math.MaxInt64) >= 0: // of which Value would be 0
		return Bytes(math.MaxInt64)
	}
	return Bytes(q.Value())
}

// bound is what a field allows: no bound if it is absent or 0, which kubelets and runtimes
// take for none.
func bound(value any) Amount {
	if a := amount(value); !a.isZero() {
		return a
	}
	return Amount{State: Unlimited}
}
