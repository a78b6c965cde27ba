package cel

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// A Request is one object under review and one constraint. All values are plain: maps
// with strings as keys, []any, string, bool, int64, float64 and nil.
type Request struct {
	// Review is input.review: an AdmissionRequest, with the Namespace as
	// "namespaceObject", or {} there.
	Review map[string]any
	// Parameters are spec.parameters where Constraint is nil.
	Parameters any
	// Constraint is what variables see as params. Without spec.parameters there,
	// variables.params is null.
	Constraint map[string]any
}

// A Violation is a validation that does not hold.
type Violation struct {
	Message string
	Details any // {}: Gatekeeper gives none
}

// Eval judges a request; the violations are in the order of the validations. It is safe
// for concurrent use. An error means that not all was judged; the violations are those
// that were found nevertheless. It joins an *Error for each expression that failed, is
// ErrLimit if one cost too much, and ErrIgnored if Gatekeeper passes over it. When ctx
// ends, the error is its cause.
func (p *Program) Eval(ctx context.Context, r Request) ([]Violation, error) {
	found, err := p.eval(ctx, &input{request: r})
	switch {
	case err == nil:
		return found, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("evaluation stopped: %w", context.Cause(ctx))
	case p.ignore:
		return found, fmt.Errorf("%w (%w)", err, ErrIgnored)
	}
	return found, err
}

func (p *Program) eval(ctx context.Context, in *input) ([]Violation, error) {
	if matches, err := p.matches(ctx, in); err != nil || !matches {
		return nil, err
	}
	phase := newPhase(ctx, p.variables, in, validationLimit)
	var (
		violated []*rule
		errs     []error
	)
	for i := range p.validations {
		v := &p.validations[i]
		value, err := phase.run(v.expression)
		switch {
		case phase.exhausted():
			return nil, err
		case err != nil:
			errs = append(errs, err)
		case value != types.True:
			violated = append(violated, v)
		}
	}
	// Gatekeeper evaluates variables anew for the messages, with the budget that is left.
	phase = newPhase(ctx, p.variables, in, phase.budget)
	var found []Violation
	for _, v := range violated {
		text, err := phase.message(v)
		if err != nil {
			return nil, err
		}
		found = append(found, Violation{text, map[string]any{}})
	}
	return found, errors.Join(errs...)
}

// matches evaluates the match conditions. One that is false decides, whatever the others
// are. They do not see the Namespace: Gatekeeper's matcher gives them none.
func (p *Program) matches(ctx context.Context, in *input) (bool, error) {
	if len(p.conditions) == 0 {
		return true, nil
	}
	phase := newPhase(ctx, p.variables, in, conditionLimit)
	phase.withoutNamespace = true
	var (
		matches = true
		errs    []error
	)
	for _, condition := range p.conditions {
		value, err := phase.run(condition)
		switch {
		case phase.exhausted():
			return false, err
		case err != nil:
			errs = append(errs, err)
		case value != types.True:
			matches = false
		}
	}
	if !matches {
		return false, nil
	}
	return true, errors.Join(errs...)
}

// message is the text of a violation. A messageExpression that fails, or whose value is
// empty, too long or of several lines gives way to the message, and that to the
// expression. The error is that of a budget that is spent.
func (p *phase) message(v *rule) (string, error) {
	if v.messageExpression != nil {
		value, err := p.run(v.messageExpression)
		if p.exhausted() {
			return "", err
		}
		if text := evaluatedMessage(value, err); text != "" {
			return text, nil
		}
	}
	if v.message != "" {
		return v.message, nil
	}
	return "failed expression: " + strings.TrimSpace(v.text), nil
}

func evaluatedMessage(value ref.Val, err error) string {
	if err != nil {
		return ""
	}
	text, _ := value.Value().(string)
	text = strings.TrimSpace(text)
	if len(text) > messageLimit || strings.Contains(text, "\n") {
		return ""
	}
	return text
}
