package gator

import (
	"cmp"
	"slices"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
)

// A Result is a violation, with the fields of gator's JSON. Its values are read-only.
type Result struct {
	Target          string         `json:"target"`
	Message         string         `json:"msg,omitempty"`
	Metadata        map[string]any `json:"metadata,omitempty"` // details of Rego; nil for CEL
	Constraint      map[string]any `json:"constraint"`         // with the defaults of its template
	Action          string         `json:"enforcementAction,omitempty"`
	ScopedActions   []string       `json:"scopedActions,omitempty"` // where Action is scoped, from the strictest
	ViolatingObject map[string]any `json:"violatingObject"`         // as it is written
	Trace           *string        `json:"trace"`                   // none is made
}

func newResult(object *manifest.Object, o engine.Outcome, v engine.Violation) Result {
	r := Result{
		Target:          policy.Target,
		Message:         v.Message,
		Constraint:      o.Constraint.Object,
		Action:          o.Constraint.EnforcementAction(),
		ViolatingObject: object.Value,
	}
	if r.Action == scoped {
		for _, action := range o.Actions {
			r.ScopedActions = append(r.ScopedActions, string(action))
		}
	}
	isRego := func(c policy.Code) bool { return c.Engine == policy.RegoEngine }
	if slices.ContainsFunc(o.Constraint.Template.Code(), isRego) {
		r.Metadata = map[string]any{"details": v.Details}
	}
	return r
}

const scoped = "scoped"

// Denies reports whether the result fails a run. The action of an ExpansionTemplate does
// not take the place of scoped actions.
func (r Result) Denies() bool {
	return r.Action == string(policy.Deny) || slices.Contains(r.ScopedActions, string(policy.Deny))
}

// Results are violations in the order of gator, by action and message; where these are the
// same, which gator leaves to chance, in the order of objects in the input and then of
// constraints, by kind and name.
type Results []Result

func (r Results) sort() {
	slices.SortStableFunc(r, func(a, b Result) int {
		return cmp.Or(cmp.Compare(a.Action, b.Action), cmp.Compare(a.Message, b.Message))
	})
}

// Denials are the results that fail a run.
func (r Results) Denials() Results {
	found := Results{}
	for _, result := range r {
		if result.Denies() {
			found = append(found, result)
		}
	}
	return found
}
