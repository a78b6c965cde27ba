package cel

import (
	"fmt"
	"slices"
	"strings"

	celgo "github.com/google/cel-go/cel"
)

// A Program is the compiled source of a template. It is immutable and safe for concurrent
// use.
type Program struct {
	variables   map[string]*expression
	conditions  []*expression
	validations []rule
	ignore      bool
	warnings    []error
}

type rule struct {
	*expression
	message           string
	messageExpression *expression // nil if there is none that compiles
}

// Compile compiles source, the decoded YAML of code[].source. The error joins an *Error
// for each fault. Gatekeeper takes a template whose expressions do not compile, and finds
// out when it evaluates them.
func Compile(source any) (*Program, error) {
	var c compilation
	s := c.source(source)
	if err := c.err(); err != nil {
		return nil, err
	}
	base, err := shared()
	if err != nil {
		return nil, fmt.Errorf("CEL environment: %w", err)
	}
	p := &Program{variables: base.own, ignore: s.ignore}
	envs := base.environments
	if len(s.variables) > 0 {
		if p.variables, envs, err = base.define(&c, s.variables); err != nil {
			return nil, fmt.Errorf("CEL environment: %w", err)
		}
	}
	for i, condition := range s.conditions {
		e, _ := c.compile(envs.conditions, fmt.Sprintf("matchCondition[%d].expression", i), condition.expression, celgo.BoolType)
		p.conditions = append(p.conditions, e)
	}
	for i, v := range s.validations {
		path := fmt.Sprintf("validations[%d]", i)
		e, _ := c.compile(envs.conditions, path+".expression", v.expression, celgo.BoolType)
		p.validations = append(p.validations, rule{
			expression:        e,
			message:           strings.TrimSpace(v.message),
			messageExpression: c.message(envs.conditions, path+".messageExpression", v.messageExpression),
		})
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	p.warnings = c.warnings
	return p, nil
}

// message compiles a message expression. Gatekeeper takes the message in place of one that
// does not compile.
func (c *compilation) message(env *celgo.Env, path, text string) *expression {
	if text == "" {
		return nil
	}
	e, _, faults := compile(env, path, text, celgo.StringType)
	c.warnings = append(c.warnings, faults...)
	return e
}

// Warnings are faults of the source that change no verdict, each an *Error: fields that
// Gatekeeper does not know, and message expressions that do not compile. Gatekeeper is
// silent about them.
func (p *Program) Warnings() []error { return slices.Clone(p.warnings) }
