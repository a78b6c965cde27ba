package cel

import (
	"strings"

	celgo "github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// listFunctions are isSorted, sum, min, max, indexOf and lastIndexOf of lists. The order
// of the types is Kubernetes': of an empty list of dyn the first overload is taken, so that
// its sum is the int 0.
func listFunctions() []celgo.EnvOption {
	var sum, smallest, largest, sorted []celgo.FunctionOpt
	for _, zero := range []traits.Adder{types.Int(0), types.Uint(0), types.Double(0), types.Duration{}} {
		t := zero.(ref.Val).Type().(*types.Type)
		sum = append(sum, listMethod("sum", t, t, func(list traits.Lister) ref.Val { return sumOf(zero, list) }))
	}
	for _, t := range []*types.Type{
		types.IntType, types.UintType, types.DoubleType, types.BoolType,
		types.DurationType, types.TimestampType, types.StringType, types.BytesType,
	} {
		sorted = append(sorted, listMethod("is_sorted", t, types.BoolType, isSorted))
		smallest = append(smallest, listMethod("min", t, t, func(list traits.Lister) ref.Val { return extreme("min", list, types.IntNegOne) }))
		largest = append(largest, listMethod("max", t, t, func(list traits.Lister) ref.Val { return extreme("max", list, types.IntOne) }))
	}
	element := celgo.TypeParamType("A")
	search := func(id string, forward bool) celgo.FunctionOpt {
		return celgo.MemberOverload(id, []*types.Type{celgo.ListType(element), element}, types.IntType,
			celgo.BinaryBinding(func(list, value ref.Val) ref.Val { return indexOf(list, value, forward) }))
	}
	return []celgo.EnvOption{
		celgo.Function("sum", sum...),
		celgo.Function("min", smallest...),
		celgo.Function("max", largest...),
		celgo.Function("isSorted", sorted...),
		celgo.Function("indexOf", search("list_a_index_of_int", true)),
		celgo.Function("lastIndexOf", search("list_a_last_index_of_int", false)),
	}
}

func listMethod(name string, element, result *types.Type, f func(traits.Lister) ref.Val) celgo.FunctionOpt {
	id := strings.Join([]string{"list", element.TypeName(), name}, "_")
	return celgo.MemberOverload(id, []*types.Type{celgo.ListType(element)}, result, celgo.UnaryBinding(func(value ref.Val) ref.Val {
		list, ok := value.(traits.Lister)
		if !ok {
			return types.MaybeNoSuchOverloadErr(value)
		}
		return f(list)
	}))
}

func sumOf(zero traits.Adder, list traits.Lister) ref.Val {
	total := zero
	for it := list.Iterator(); it.HasNext() == types.True; {
		sum := total.Add(it.Next())
		next, ok := sum.(traits.Adder)
		if !ok {
			return types.MaybeNoSuchOverloadErr(sum)
		}
		total = next
	}
	return total.(ref.Val)
}

// extreme is the first element of which no other is further on a side: IntNegOne is the
// smaller side.
func extreme(name string, list traits.Lister, side types.Int) ref.Val {
	var found ref.Val
	for it := list.Iterator(); it.HasNext() == types.True; {
		next := it.Next()
		comparer, ok := next.(traits.Comparer)
		if !ok {
			return types.MaybeNoSuchOverloadErr(next)
		}
		if found == nil || comparer.Compare(found) == side {
			found = next
		}
	}
	if found == nil {
		return types.NewErr("%s called on empty list", name)
	}
	return found
}

func isSorted(list traits.Lister) ref.Val {
	var last traits.Comparer
	for it := list.Iterator(); it.HasNext() == types.True; {
		next := it.Next()
		comparer, ok := next.(traits.Comparer)
		if !ok {
			return types.MaybeNoSuchOverloadErr(next)
		}
		if last != nil && last.Compare(next) == types.IntOne {
			return types.False
		}
		last = comparer
	}
	return types.True
}

// indexOf is where a value is in a list, first or last; -1 if it is not.
func indexOf(value, element ref.Val, forward bool) ref.Val {
	list, ok := value.(traits.Lister)
	if !ok {
		return types.MaybeNoSuchOverloadErr(value)
	}
	size, _ := list.Size().(types.Int)
	for i := range size {
		at := i
		if !forward {
			at = size - 1 - i
		}
		if list.Get(at).Equal(element) == types.True {
			return at
		}
	}
	return types.Int(-1)
}
