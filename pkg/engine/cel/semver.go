package cel

import (
	celgo "github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// semverFunctions are those of semantic versions; a second argument that is true lets
// short forms pass, such as v1.2.
func semverFunctions() []celgo.EnvOption {
	kind := newKind(celgo.ObjectType("kubernetes.Semver"), func(a, b version) bool { return a.compare(b) == 0 })
	parse := func(text string, lenient bool) ref.Val {
		v, err := parseVersion(text, lenient)
		if err != nil {
			return types.WrapErr(err)
		}
		return kind.of(v)
	}
	is := func(text string, lenient bool) ref.Val {
		_, err := parseVersion(text, lenient)
		return types.Bool(err == nil)
	}
	strict := func(f func(string, bool) ref.Val) func(string) ref.Val {
		return func(text string) ref.Val { return f(text, false) }
	}
	number := func(i int) func(version) ref.Val {
		return func(v version) ref.Val { return types.Int(v.numbers[i]) }
	}
	flagged := []*types.Type{types.StringType, types.BoolType}
	return []celgo.EnvOption{
		function("semver", "string_to_semver", types.StringType, kind.Type, strict(parse)),
		celgo.Function("semver", celgo.Overload("string_bool_to_semver", flagged, kind.Type, binary(parse))),
		function("isSemver", "is_semver_string", types.StringType, types.BoolType, strict(is)),
		celgo.Function("isSemver", celgo.Overload("is_semver_string_bool", flagged, types.BoolType, binary(is))),
		method("major", "semver_major", kind.Type, types.IntType, number(0)),
		method("minor", "semver_minor", kind.Type, types.IntType, number(1)),
		method("patch", "semver_patch", kind.Type, types.IntType, number(2)),
		method2("isGreaterThan", "semver_is_greater_than", kind.Type, kind.Type, types.BoolType, func(a, b version) ref.Val {
			return types.Bool(a.compare(b) > 0)
		}),
		method2("isLessThan", "semver_is_less_than", kind.Type, kind.Type, types.BoolType, func(a, b version) ref.Val {
			return types.Bool(a.compare(b) < 0)
		}),
		method2("compareTo", "semver_compare_to", kind.Type, kind.Type, types.IntType, func(a, b version) ref.Val {
			return types.Int(a.compare(b))
		}),
	}
}
