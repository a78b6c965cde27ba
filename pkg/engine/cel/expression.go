package cel

import (
	"fmt"

	celgo "github.com/google/cel-go/cel"
)

// Limits of Kubernetes (k8s.io/apiserver/pkg/apis/cel).
const (
	expressionLimit  = 1_000_000 // cost of one expression
	validationLimit  = 1_000_000 // of the validations and messages of a review, as Gatekeeper calls it
	conditionLimit   = 2_500_000 // of the match conditions of a review
	interruptionRate = 100       // steps of a comprehension from one look at the context to the next
	messageLimit     = 5 * 1024  // bytes of an evaluated message
)

// An expression is compiled and safe for concurrent use.
type expression struct {
	path    string // in the source
	text    string
	program celgo.Program
}

// compile is compile, with the faults added to those of the source.
func (c *compilation) compile(env *celgo.Env, path, text string, want *celgo.Type) (*expression, *celgo.Type) {
	e, result, faults := compile(env, path, text, want)
	c.faults = append(c.faults, faults...)
	return e, result
}

// compile compiles an expression and gives the type of its result, which must be the one
// that is wanted; dyn is whatever it may be.
func compile(env *celgo.Env, path, text string, want *celgo.Type) (*expression, *celgo.Type, []error) {
	ast, issues := env.Compile(text)
	if issues.Err() != nil {
		var faults []error
		for _, issue := range issues.Errors() {
			faults = append(faults, &Error{path, issue.Location.Line(), issue.Location.Column() + 1, explained(issue.Message)})
		}
		return nil, nil, faults
	}
	result := ast.OutputType()
	if want != celgo.DynType && !result.IsExactType(want) {
		return nil, nil, []error{&Error{Path: path, Err: fmt.Errorf("got a result of type %s, want %s", result, want)}}
	}
	program, err := env.Program(ast, programOptions()...)
	if err != nil {
		return nil, nil, []error{&Error{Path: path, Err: err}}
	}
	return &expression{path, text, program}, result, nil
}

// explained is cel-go's text, with a hint where the name is one of Kubernetes' that
// Gatekeeper has not.
func explained(message string) error {
	switch message {
	case "undeclared reference to 'authorizer' (in container '')":
		return fmt.Errorf("%s: there is no cluster to ask; Gatekeeper's engine has no authorizer either", message)
	case "undeclared reference to 'params' (in container '')":
		return fmt.Errorf("%s: want variables.params", message)
	}
	return fmt.Errorf("%s", message)
}
