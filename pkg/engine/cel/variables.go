package cel

import (
	"fmt"
	"reflect"

	celgo "github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// variables is what expressions see under that name: a map whose values are evaluated
// when they are first read, errors included.
type variables struct {
	phase   *phase
	defined map[string]*expression
	values  map[string]ref.Val
}

var _ traits.Mapper = (*variables)(nil)

// Find gives the value of a variable.
func (v *variables) Find(key ref.Val) (ref.Val, bool) {
	name, ok := key.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(key), true
	}
	value, known := v.values[string(name)]
	if known {
		return value, true
	}
	e, known := v.defined[string(name)]
	if !known {
		return nil, false
	}
	value, err := v.phase.run(e)
	if err != nil {
		value = types.WrapErr(err)
	}
	v.values[string(name)] = value
	return value, true
}

// Get is Find, with an error for what is not there.
func (v *variables) Get(key ref.Val) ref.Val {
	if value, found := v.Find(key); found {
		return value
	}
	return types.NewErr("no such key: %v", key)
}

// Contains evaluates the variable, so that one that fails is not there either.
func (v *variables) Contains(key ref.Val) ref.Val {
	value, found := v.Find(key)
	if found && types.IsError(value) {
		return value
	}
	return types.Bool(found)
}

// Size is the number of variables, Gatekeeper's included.
func (v *variables) Size() ref.Val { return types.Int(len(v.defined)) }

// Iterator is that of an empty list. Nothing iterates over variables: their type, which is
// no map, does not allow it.
func (v *variables) Iterator() traits.Iterator {
	return types.NewStringList(types.DefaultTypeAdapter, nil).Iterator()
}

func (v *variables) ConvertToNative(to reflect.Type) (any, error) {
	return nil, fmt.Errorf("variables: no conversion to %s", to)
}

func (v *variables) ConvertToType(to ref.Type) ref.Val {
	if to == types.TypeType {
		return v.Type().(ref.Val)
	}
	return types.NewErr("variables: no conversion to %s", to.TypeName())
}

func (v *variables) Equal(other ref.Val) ref.Val { return types.Bool(other == ref.Val(v)) }

func (v *variables) Type() ref.Type { return celgo.ObjectType(variablesType) }

func (v *variables) Value() any { return v }
