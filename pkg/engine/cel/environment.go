package cel

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	celgo "github.com/google/cel-go/cel"
	"github.com/google/cel-go/ext"
	"github.com/google/cel-go/interpreter"
)

// environments are what the expressions of one source are compiled in.
type environments struct {
	conditions *celgo.Env // match conditions, validations and messages
	variables  *celgo.Env // the same with params, the constraint
}

// Gatekeeper's own variables (drivers/k8scel/transform).
var ownVariables = []named{
	{objectVariable, `has(request.operation) && request.operation == "DELETE" && object == null ? oldObject : object`},
	{paramsVariable, `!has(params.spec) ? null : !has(params.spec.parameters) ? null: params.spec.parameters`},
}

// A foundation is what all sources share.
type foundation struct {
	environments
	schema *schema
	own    map[string]*expression // Gatekeeper's variables
}

// shared builds the foundation when it is first asked for.
var shared = sync.OnceValues(func() (*foundation, error) {
	f := &foundation{schema: newSchema(), own: map[string]*expression{}}
	var err error
	if f.conditions, err = celgo.NewEnv(slices.Concat(languageOptions(), libraries(), []celgo.EnvOption{
		celgo.Variable("object", celgo.DynType),
		celgo.Variable("oldObject", celgo.DynType),
		celgo.Variable("request", celgo.ObjectType(requestType)),
		celgo.Variable("namespaceObject", celgo.ObjectType(namespaceType)),
		celgo.Variable("variables", celgo.ObjectType(variablesType)),
		f.schema.install,
	})...); err != nil {
		return nil, err
	}
	if f.environments.variables, err = f.conditions.Extend(celgo.Variable("params", celgo.DynType)); err != nil {
		return nil, err
	}
	var c compilation
	c.define(f.environments.variables, f.schema, f.own, "Gatekeeper's variables", ownVariables)
	return f, c.err()
})

// define compiles the variables of a source, beside Gatekeeper's own, and gives the
// environments in which they are known.
func (f *foundation) define(c *compilation, variables []named) (map[string]*expression, environments, error) {
	var (
		s    = f.schema.extensible()
		envs environments
		err  error
	)
	if envs.conditions, err = f.conditions.Extend(celgo.CustomTypeProvider(s)); err != nil {
		return nil, envs, err
	}
	if envs.variables, err = f.environments.variables.Extend(celgo.CustomTypeProvider(s)); err != nil {
		return nil, envs, err
	}
	all := maps.Clone(f.own)
	c.define(envs.variables, s, all, "variables", variables)
	return all, envs, nil
}

// define compiles variables, each of which knows those before it.
func (c *compilation) define(env *celgo.Env, s *schema, to map[string]*expression, list string, variables []named) {
	for i, v := range variables {
		e, result := c.compile(env, fmt.Sprintf("%s[%d].expression", list, i), v.expression, celgo.DynType)
		s.addVariable(v.name, result)
		to[v.name] = e
	}
}

// languageOptions are those of k8s.io/apiserver/pkg/cel/environment for expressions that
// are stored, which is how Gatekeeper compiles.
func languageOptions() []celgo.EnvOption {
	return []celgo.EnvOption{
		celgo.HomogeneousAggregateLiterals(),
		celgo.EagerlyValidateDeclarations(true),
		celgo.DefaultUTCTimeZone(true),
		celgo.CrossTypeNumericComparisons(true),
		celgo.OptionalTypes(),
		celgo.ASTValidators(
			celgo.ValidateDurationLiterals(),
			celgo.ValidateTimestampLiterals(),
			celgo.ValidateRegexLiterals(),
			celgo.ValidateHomogeneousAggregateLiterals(),
		),
	}
}

// libraries are the functions beside CEL's own. Those of the authorizer are missing:
// Gatekeeper has no authorizer that they could be called with.
func libraries() []celgo.EnvOption {
	return slices.Concat(
		[]celgo.EnvOption{
			ext.Strings(ext.StringsVersion(2)),
			ext.Sets(),
			ext.TwoVarComprehensions(),
			ext.Lists(ext.ListsVersion(3)),
		},
		listFunctions(), regexFunctions(), urlFunctions(), addressFunctions(),
		quantityFunctions(), semverFunctions(), formatFunctions(),
	)
}

func programOptions() []celgo.ProgramOption {
	return []celgo.ProgramOption{
		celgo.EvalOptions(celgo.OptOptimize, celgo.OptTrackCost),
		celgo.CostLimit(expressionLimit),
		celgo.CostTracking(costs{}),
		celgo.CostTrackerOptions(interpreter.PresenceTestHasCost(false)),
		celgo.InterruptCheckFrequency(interruptionRate),
		celgo.OptimizeRegex(constantRegexes()...),
	}
}
