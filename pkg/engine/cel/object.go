package cel

import (
	"fmt"
	"reflect"

	celgo "github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// A kind is a type that Kubernetes adds to CEL, with T as its native values.
type kind[T any] struct {
	*types.Type
	equal func(a, b T) bool
}

func newKind[T any](t *types.Type, equal func(a, b T) bool) *kind[T] { return &kind[T]{t, equal} }

// of is the CEL value of a native one.
func (k *kind[T]) of(native T) ref.Val { return object[T]{native, k} }

// An object is a value of such a type.
type object[T any] struct {
	native T
	kind   *kind[T]
}

// Equal is an error for a value of another type, and for one that is held by a pointer:
// sums of quantities, which the API server can compare on the left side only.
func (o object[T]) Equal(other ref.Val) ref.Val {
	same, ok := other.(object[T])
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return types.Bool(o.kind.equal(o.native, same.native))
}

func (o object[T]) ConvertToNative(to reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s: no conversion to %s", o.kind, to)
}

func (o object[T]) ConvertToType(to ref.Type) ref.Val {
	switch to.TypeName() {
	case o.kind.TypeName():
		return o
	case types.TypeType.TypeName():
		return o.kind.Type
	}
	return types.NewErr("%s: no conversion to %s", o.kind, to.TypeName())
}

func (o object[T]) Type() ref.Type { return o.kind.Type }

func (o object[T]) Value() any { return o.native }

// function declares a function of one argument.
func function[A any](name, id string, argument, result *types.Type, f func(A) ref.Val) celgo.EnvOption {
	return celgo.Function(name, celgo.Overload(id, []*types.Type{argument}, result, unary(f)))
}

// method declares a method without arguments.
func method[A any](name, id string, receiver, result *types.Type, f func(A) ref.Val) celgo.EnvOption {
	return celgo.Function(name, celgo.MemberOverload(id, []*types.Type{receiver}, result, unary(f)))
}

// method2 declares a method with an argument.
func method2[A, B any](name, id string, receiver, argument, result *types.Type, f func(A, B) ref.Val) celgo.EnvOption {
	return celgo.Function(name, celgo.MemberOverload(id, []*types.Type{receiver, argument}, result, binary(f)))
}

// unary and binary bind functions of native values.
func unary[A any](f func(A) ref.Val) celgo.OverloadOpt {
	return celgo.UnaryBinding(func(value ref.Val) ref.Val {
		a, ok := value.Value().(A)
		if !ok {
			return types.MaybeNoSuchOverloadErr(value)
		}
		return f(a)
	})
}

func binary[A, B any](f func(A, B) ref.Val) celgo.OverloadOpt {
	return celgo.BinaryBinding(func(first, second ref.Val) ref.Val {
		a, ok := first.Value().(A)
		if !ok {
			return types.MaybeNoSuchOverloadErr(first)
		}
		b, ok := second.Value().(B)
		if !ok {
			return types.MaybeNoSuchOverloadErr(second)
		}
		return f(a, b)
	})
}

// texts is a list of strings.
func texts(list []string) ref.Val { return types.NewStringList(types.DefaultTypeAdapter, list) }
