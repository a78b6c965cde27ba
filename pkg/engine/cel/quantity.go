package cel

import (
	"fmt"

	celgo "github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/memgate/memgate/pkg/quantity"
)

// quantityFunctions are those of Kubernetes quantities, such as 1.5Gi.
func quantityFunctions() []celgo.EnvOption {
	kind := newKind(celgo.ObjectType("kubernetes.Quantity"), func(a, b *resource.Quantity) bool { return a.Equal(*b) })
	// A sum is held by a pointer: object.Equal says why.
	sum := func(a *resource.Quantity, change func(*resource.Quantity)) ref.Val {
		result := a.DeepCopy()
		change(&result)
		return &object[*resource.Quantity]{&result, kind}
	}
	add := func(a, b *resource.Quantity) ref.Val { return sum(a, func(q *resource.Quantity) { q.Add(*b) }) }
	sub := func(a, b *resource.Quantity) ref.Val { return sum(a, func(q *resource.Quantity) { q.Sub(*b) }) }
	integer := func(f func(a, b *resource.Quantity) ref.Val) func(*resource.Quantity, int64) ref.Val {
		return func(a *resource.Quantity, b int64) ref.Val {
			return f(a, resource.NewQuantity(b, resource.DecimalExponent))
		}
	}
	return []celgo.EnvOption{
		function("quantity", "string_to_quantity", types.StringType, kind.Type, func(text string) ref.Val {
			q, err := quantity.Parse(text)
			if err != nil {
				return types.NewErr("quantity(%.100q): %v", text, err)
			}
			return kind.of(&q)
		}),
		function("isQuantity", "is_quantity_string", types.StringType, types.BoolType, func(text string) ref.Val {
			_, err := quantity.Parse(text)
			return types.Bool(err == nil)
		}),
		function("sign", "quantity_sign", kind.Type, types.IntType, func(q *resource.Quantity) ref.Val { return types.Int(q.Sign()) }),
		method("isInteger", "quantity_is_integer", kind.Type, types.BoolType, func(q *resource.Quantity) ref.Val {
			_, ok := q.AsInt64()
			return types.Bool(ok)
		}),
		method("asInteger", "quantity_get_int", kind.Type, types.IntType, func(q *resource.Quantity) ref.Val {
			value, ok := q.AsInt64()
			if !ok {
				return types.WrapErr(fmt.Errorf("got quantity %s, want an integer of 64 bits", q))
			}
			return types.Int(value)
		}),
		method("asApproximateFloat", "quantity_get_float", kind.Type, types.DoubleType, func(q *resource.Quantity) ref.Val {
			return types.Double(q.AsApproximateFloat64())
		}),
		method2("isGreaterThan", "quantity_is_greater_than", kind.Type, kind.Type, types.BoolType, func(a, b *resource.Quantity) ref.Val {
			return types.Bool(a.Cmp(*b) > 0)
		}),
		method2("isLessThan", "quantity_is_less_than", kind.Type, kind.Type, types.BoolType, func(a, b *resource.Quantity) ref.Val {
			return types.Bool(a.Cmp(*b) < 0)
		}),
		method2("compareTo", "quantity_compare_to", kind.Type, kind.Type, types.IntType, func(a, b *resource.Quantity) ref.Val {
			return types.Int(a.Cmp(*b))
		}),
		method2("add", "quantity_add", kind.Type, kind.Type, kind.Type, add),
		method2("add", "quantity_add_int", kind.Type, types.IntType, kind.Type, integer(add)),
		method2("sub", "quantity_sub", kind.Type, kind.Type, kind.Type, sub),
		method2("sub", "quantity_sub_int", kind.Type, types.IntType, kind.Type, integer(sub)),
	}
}
