package cel

import (
	"regexp"

	celgo "github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
)

// A search looks for a regular expression in a text; a negative limit is none.
type search func(re *regexp.Regexp, text string, limit int) ref.Val

func find(re *regexp.Regexp, text string, _ int) ref.Val { return types.String(re.FindString(text)) }

func findAll(re *regexp.Regexp, text string, limit int) ref.Val {
	return texts(re.FindAllString(text, limit))
}

// regexFunctions are find and findAll of strings.
func regexFunctions() []celgo.EnvOption {
	var (
		text  = types.StringType
		found = celgo.ListType(text)
	)
	return []celgo.EnvOption{
		celgo.Function("find",
			celgo.MemberOverload("string_find_string", []*types.Type{text, text}, text, search(find).binding())),
		celgo.Function("findAll",
			celgo.MemberOverload("string_find_all_string", []*types.Type{text, text}, found, search(findAll).binding()),
			celgo.MemberOverload("string_find_all_string_int", []*types.Type{text, text, types.IntType}, found, search(findAll).binding())),
	}
}

func (s search) binding() celgo.OverloadOpt {
	return celgo.FunctionBinding(func(args ...ref.Val) ref.Val {
		pattern, ok := args[1].Value().(string)
		if !ok {
			return types.MaybeNoSuchOverloadErr(args[1])
		}
		re, err := regexp.Compile(pattern)
		if err != nil {
			return types.WrapErr(err)
		}
		return s.call(re, args)
	})
}

// call takes the text, the pattern, which is compiled already, and perhaps a limit.
func (s search) call(re *regexp.Regexp, args []ref.Val) ref.Val {
	text, ok := args[0].Value().(string)
	if !ok {
		return types.MaybeNoSuchOverloadErr(args[0])
	}
	limit := int64(-1)
	if len(args) == 3 {
		if limit, ok = args[2].Value().(int64); !ok {
			return types.MaybeNoSuchOverloadErr(args[2])
		}
	}
	return s(re, text, int(limit))
}

// constantRegexes compile patterns that are constants with the expression.
func constantRegexes() []*interpreter.RegexOptimization {
	return []*interpreter.RegexOptimization{search(find).constant("find"), search(findAll).constant("findAll")}
}

func (s search) constant(function string) *interpreter.RegexOptimization {
	return &interpreter.RegexOptimization{
		Function: function, RegexIndex: 1,
		Factory: func(call interpreter.InterpretableCall, pattern string) (interpreter.InterpretableCall, error) {
			re, err := regexp.Compile(pattern)
			if err != nil {
				return nil, err
			}
			return interpreter.NewCall(call.ID(), call.Function(), call.OverloadID(), call.Args(), func(args ...ref.Val) ref.Val {
				return s.call(re, args)
			}), nil
		},
	}
}
