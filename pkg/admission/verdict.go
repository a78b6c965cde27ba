package admission

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
)

// statusWarning is the code of Gatekeeper for a request that is allowed with warnings
// (httpStatusWarning of its pkg/webhook).
const statusWarning = 299

// A verdict is what the outcomes of a review come to, in Gatekeeper's words and order
// (v3.23 pkg/webhook/policy.go): results by the enforcementAction of the constraint as
// it is written, then by message, here then by kind and name of the constraint.
type verdict struct {
	denials  []string // "[<constraint>] <message>"
	warnings []string // the same, then those that could not judge
	unjudged []string // "[<constraint>] could not judge: <reason>", of constraints that deny
	events   []event
}

// An event is what the log has of a verdict.
type event struct {
	outcome engine.Outcome
	message string // empty if the constraint was not judged
}

func newVerdict(outcomes []engine.Outcome) *verdict {
	v := &verdict{}
	for _, o := range outcomes {
		for _, violation := range o.Violations {
			v.events = append(v.events, event{o, violation.Message})
		}
	}
	slices.SortStableFunc(v.events, func(a, b event) int {
		return cmp.Or(
			cmp.Compare(a.outcome.Constraint.EnforcementAction(), b.outcome.Constraint.EnforcementAction()),
			cmp.Compare(a.message, b.message))
	})
	for _, e := range v.events {
		line := fmt.Sprintf("[%s] %s", e.outcome.Constraint.Name, e.message)
		if slices.Contains(e.outcome.Actions, policy.Deny) {
			v.denials = append(v.denials, line)
		}
		if slices.Contains(e.outcome.Actions, policy.Warn) {
			v.warnings = append(v.warnings, line)
		}
	}
	for _, o := range outcomes {
		if o.Status != engine.NotJudged {
			continue
		}
		v.events = append(v.events, event{outcome: o})
		line := fmt.Sprintf("[%s] could not judge: %s", o.Constraint.Name, cause(o.Err))
		if slices.Contains(o.Actions, policy.Deny) {
			v.unjudged = append(v.unjudged, line)
		}
		if slices.Contains(o.Actions, policy.Warn) {
			v.warnings = append(v.warnings, line)
		}
	}
	return v
}

// cause is why something was not judged, in one line. Of an evaluation error that is
// its first: OPA lists the values in conflict below it, and those may be of the object.
func cause(err error) string {
	text := err.Error()
	var evaluation *engine.EvalError
	if errors.As(err, &evaluation) {
		text, _, _ = strings.Cut(text, "\n")
	}
	return strings.TrimSuffix(oneLine(text), ":")
}

// refused reports whether there is no verdict: nothing denies, and something that
// might could not be judged. reason says what.
func (v *verdict) refused() bool  { return len(v.denials) == 0 && len(v.unjudged) > 0 }
func (v *verdict) reason() string { return strings.Join(v.unjudged, "\n") }

func (v *verdict) allowed() bool   { return len(v.denials) == 0 }
func (v *verdict) message() string { return strings.Join(v.denials, "\n") }

func (v *verdict) code() int {
	switch {
	case len(v.denials) > 0:
		return http.StatusForbidden
	case len(v.warnings) > 0:
		return statusWarning
	}
	return http.StatusOK
}

// log writes one line for each violation, whatever its action, and for each constraint
// that could not judge.
func (v *verdict) log(ctx context.Context, to *slog.Logger) {
	for _, e := range v.events {
		level, what, message := slog.LevelInfo, "violation", e.message
		if e.outcome.Status == engine.NotJudged {
			level, what, message = slog.LevelError, "not judged", cause(e.outcome.Err)
		}
		actions := make([]string, len(e.outcome.Actions))
		for i, action := range e.outcome.Actions {
			actions[i] = string(action)
		}
		to.Log(ctx, level, what,
			"constraint", e.outcome.Constraint.Kind()+"/"+e.outcome.Constraint.Name,
			"action", strings.Join(actions, ","),
			"message", message)
	}
}

// about are the attributes by which the log names a request. Of the object they hold
// nothing but its name.
func about(request map[string]any) []any {
	text := func(of any, key string) string {
		object, _ := of.(map[string]any)
		s, _ := object[key].(string)
		return s
	}
	kind := text(request["kind"], "kind")
	if group := text(request["kind"], "group"); group != "" {
		kind += "." + group
	}
	name := text(request, "name")
	for _, field := range []string{"object", "oldObject"} {
		object, _ := request[field].(map[string]any)
		name = cmp.Or(name, text(object["metadata"], "name"), text(object["metadata"], "generateName"))
	}
	return []any{
		"uid", request["uid"],
		"kind", kind,
		"namespace", text(request, "namespace"),
		"name", name,
		"operation", request["operation"],
	}
}
