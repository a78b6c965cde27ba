package cel

import (
	"math"
	"net/netip"

	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// costs are what calls of Kubernetes' and of the string library cost, as
// k8s.io/apiserver/pkg/cel/library has it. What is not here costs what cel-go says; that
// is 1 for a function that it does not know.
type costs struct{}

// CallCost is nil where cel-go decides.
func (costs) CallCost(function, overload string, args []ref.Val, result ref.Val) *uint64 {
	cost, known := callCost(function, overload, args, result)
	if !known {
		return nil
	}
	return &cost
}

func callCost(function, overload string, args []ref.Val, result ref.Val) (cost uint64, known bool) {
	if len(args) == 0 {
		return 0, false
	}
	switch function {
	case "isSorted", "sum", "max", "min", "indexOf", "lastIndexOf":
		return traversal(args[0]), true
	case "url", "lowerAscii", "upperAscii", "substring", "trim", "ip", "cidr", "isIP", "isCIDR",
		"quantity", "isQuantity", "semver", "isSemver":
		return scan(size(args[0])), true
	case "replace", "split", "ip.isCanonical":
		return scan(2 * size(args[0])), true
	case "join":
		return scan(2 * size(result)), true
	case "find", "findAll":
		return scan(1+size(args[0])) * pattern(size(args[1])), true
	case "containsIP", "containsCIDR":
		cost = scan(2 * size(args[0]))
		if function == "containsCIDR" {
			cost += scan(size(args[0])) + 1
		}
		if overload == "cidr_contains_ip_string" || overload == "cidr_contains_cidr_string" {
			cost += scan(size(args[1]))
		}
		return cost, true
	case "validate":
		if f, ok := args[0].Value().(*format); ok {
			return scan(1+size(args[1])) * pattern(uint64(f.size)), true
		}
	}
	return 0, false
}

// scan is the cost of looking at so many characters, pattern that of so many of a regular
// expression.
func scan(size uint64) uint64 {
	return uint64(math.Ceil(float64(size) * common.StringTraversalCostFactor))
}

func pattern(size uint64) uint64 {
	return uint64(math.Ceil(float64(size) * common.RegexStringLengthCostFactor))
}

// size is the length of a value, in bytes for an address, and 1 if it has none.
func size(value ref.Val) uint64 {
	switch native := value.Value().(type) {
	case netip.Addr:
		return uint64(native.BitLen()+7) / 8
	case netip.Prefix:
		return uint64(native.Bits()+7) / 8
	}
	if sizer, ok := value.(traits.Sizer); ok {
		if size, ok := sizer.Size().(types.Int); ok {
			return uint64(size)
		}
	}
	return 1
}

// traversal is the cost of looking at all of a value.
func traversal(value ref.Val) uint64 {
	var cost uint64
	switch value := value.(type) {
	case types.String:
		return uint64(float64(len(value)) * common.StringTraversalCostFactor)
	case types.Bytes:
		return uint64(float64(len(value)) * common.StringTraversalCostFactor)
	case traits.Lister:
		for it := value.Iterator(); it.HasNext() == types.True; {
			cost += traversal(it.Next())
		}
		return cost
	case traits.Mapper:
		for it := value.Iterator(); it.HasNext() == types.True; {
			key := it.Next()
			cost += traversal(key) + traversal(value.Get(key))
		}
		return cost
	}
	return 1
}
