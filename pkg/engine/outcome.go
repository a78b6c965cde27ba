package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/memgate/memgate/pkg/engine/cel"
	"github.com/memgate/memgate/pkg/engine/rego"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/refdata"
	"github.com/memgate/memgate/pkg/review"
)

// A Status says what became of one object and one constraint.
type Status int

// The statuses. Only Judged without violations is a pass.
const (
	Judged      Status = iota
	NotMatched         // by Outcome.Clause
	NotEnforced        // at this enforcement point, or for this operation
	NotJudged          // because of Outcome.Err
)

// An Outcome is what one constraint has to say about one review.
type Outcome struct {
	Constraint *policy.Constraint
	Actions    []policy.Action // at the enforcement point, from the strictest
	Status     Status
	Clause     review.Clause // of the match, if Status is NotMatched
	Err        error         // if Status is NotJudged
	Violations []Violation   // in the order of the evaluator
}

// Action is the strictest action of the outcome.
func (o Outcome) Action() policy.Action { return o.Actions[0] }

// A Violation is one element of a template's violation rule.
type Violation struct {
	Message string
	Details any // as JSON has it, integers as json.Number; {} if the rule gave none
}

// Path is details.path: keys (string) and indices (int) from the root of the object to
// the offending field; nil if the rule gave none.
func (v Violation) Path() []any {
	details, _ := v.Details.(map[string]any)
	elements, _ := details["path"].([]any)
	if elements == nil {
		return nil
	}
	path := make([]any, len(elements))
	for i, element := range elements {
		switch element := element.(type) {
		case string:
			path[i] = element
		case json.Number:
			n, err := element.Int64()
			if err != nil {
				return nil
			}
			path[i] = int(n)
		case int:
			path[i] = element
		default:
			return nil
		}
	}
	return path
}

// Below is the violation as seen from an object that holds the one under review at a
// path: details.path begins there.
func (v Violation) Below(prefix []any) Violation {
	path := v.Path()
	if len(prefix) == 0 || path == nil {
		return v
	}
	details := maps.Clone(v.Details.(map[string]any))
	details["path"] = slices.Concat(prefix, path)
	v.Details = details
	return v
}

// An EvalError is an error of evaluating a template, such as two values for one rule.
type EvalError struct{ Err error }

func (e *EvalError) Error() string { return e.Err.Error() }
func (e *EvalError) Unwrap() error { return e.Err }

// Reasons why something was not judged, as reports count them.
const (
	ReasonNamespace  = "namespace unknown"
	ReasonRefdata    = "reference data missing"
	ReasonEngine     = "engine not supported"
	ReasonExternal   = "external data"
	ReasonLimit      = "evaluation limit reached"
	ReasonEvaluation = "evaluation error"
)

// Reason is the reason behind Outcome.Err.
func Reason(err error) string {
	switch {
	case errors.Is(err, review.ErrNamespace):
		return ReasonNamespace
	case errors.Is(err, refdata.ErrLimit):
		return ReasonRefdata
	case errors.Is(err, ErrNoCode):
		return ReasonEngine
	case errors.Is(err, rego.ErrExternalData):
		return ReasonExternal
	case errors.Is(err, ErrLimit), errors.Is(err, rego.ErrSteps), errors.Is(err, cel.ErrLimit):
		return ReasonLimit
	}
	return ReasonEvaluation
}

// violations converts findings. A message that is no text cannot be reported, and so
// the constraint was not judged.
func violations(found []rego.Finding) ([]Violation, error) {
	converted := make([]Violation, 0, len(found))
	for _, f := range found {
		msg, ok := f.Msg.(ast.String)
		if !ok {
			return nil, &EvalError{fmt.Errorf("violation: msg: got %v, want a string", f.Msg)}
		}
		details, err := ast.JSON(f.Details)
		if err != nil {
			return nil, &EvalError{fmt.Errorf("violation: details: %w", err)}
		}
		converted = append(converted, Violation{string(msg), plain(details)})
	}
	return converted, nil
}

// plain copies a value that OPA gave out. What a rule passes on from the inventory
// without looking at it is otherwise the store's own, with numbers as float64.
func plain(value any) any {
	switch value := value.(type) {
	case map[string]any:
		object := make(map[string]any, len(value))
		for key, entry := range value {
			object[key] = plain(entry)
		}
		return object
	case []any:
		list := make([]any, len(value))
		for i, entry := range value {
			list[i] = plain(entry)
		}
		return list
	case float64:
		return json.Number(strconv.FormatFloat(value, 'g', -1, 64))
	}
	return value
}
