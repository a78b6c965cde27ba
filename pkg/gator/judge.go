package gator

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/expansion"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/review"
)

// A verdict is what constraints have to say about one object, and about what it expands to.
type verdict struct {
	object  *manifest.Object
	asked   []bool // by constraint: it matches the kind of something that was judged
	results Results
	gaps    []report.Gap // one for each cause
}

// judge judges an object and what it expands to. What is found in the latter is reported
// on the object.
func (t *tester) judge(ctx context.Context, object *manifest.Object) verdict {
	v := verdict{object: object, asked: make([]bool, len(t.client.Constraints()))}
	options := review.Options{Namespace: t.namespace(ctx, object)}
	v.add(t.client.Review(ctx, review.New(object.Value, options)), nil)
	options.Source = review.Generated
	made, err := t.expansions.Expand(object.Value)
	switch {
	case err != nil:
		v.gap(report.ReasonNotExpanded, err.Error())
		return v
	case len(made) > 0 && len(t.mutators) > 0:
		v.gap(report.ReasonNotExpanded, "mutators are not run on what it expands to: "+strings.Join(t.mutators, ", "))
		return v
	}
	for _, g := range made {
		v.add(t.client.Review(ctx, review.New(g.Object, options)), &g)
	}
	for _, g := range t.expansions.Unexpanded(object.Value) {
		v.miss(t.client.Constraints(), review.New(g.Object, options))
	}
	return v
}

// namespace is the Namespace of an object as far as it is in the input. As in gator, there
// is always one called default, and what names none is in one without name and labels,
// which keeps most matches of namespaces from cluster-scoped objects. Of a kind that is
// known to be namespaced it is nil, so that such a match is not judged.
func (t *tester) namespace(ctx context.Context, object *manifest.Object) map[string]any {
	name := object.Namespace()
	if name == "" {
		kind := schema.FromAPIVersionAndKind(object.APIVersion(), object.Kind())
		if review.ScopeOf(kind.GroupKind()) == review.Namespaced {
			return nil
		}
		return namespaceOf("")
	}
	found := t.client.Namespace(ctx, name)
	if found == nil && name == "default" {
		return namespaceOf(name)
	}
	return found
}

func namespaceOf(name string) map[string]any {
	return map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name}}
}

// add keeps what constraints say of the object or, if made is not nil, of what was made of
// it.
func (v *verdict) add(outcomes []engine.Outcome, made *expansion.Generated) {
	for i, o := range outcomes {
		v.asked[i] = v.asked[i] || o.Clause != review.ByKinds
		if o.Err != nil {
			reason := engine.Reason(o.Err)
			v.gap(reason, strings.TrimPrefix(o.Err.Error(), reason+": "), o.Constraint)
		}
		for _, violation := range o.Violations {
			r := newResult(v.object, o, violation)
			if made != nil {
				r.Message = made.Message(r.Message)
				r.Action = cmp.Or(made.Action, r.Action)
			}
			v.results = append(v.results, r)
		}
	}
}

// miss keeps that a Pod, which the object makes in a cluster, is not made here, where
// constraints match it that were asked about nothing else.
func (v *verdict) miss(constraints []*policy.Constraint, pod *review.Review) {
	for i, c := range constraints {
		if v.asked[i] || !review.JudgesPods(c) {
			continue
		}
		if clause, _ := pod.Match(c.Match); clause == "" {
			v.gap(report.ReasonNotExpanded, "no ExpansionTemplate makes the Pod of this "+v.object.Kind(), c)
		}
	}
}

// gap keeps that the object was not judged, by constraints if these are known.
func (v *verdict) gap(reason, text string, constraints ...*policy.Constraint) {
	text = reason + ": " + text
	i := slices.IndexFunc(v.gaps, func(g report.Gap) bool { return g.Text == text })
	if i < 0 {
		i = len(v.gaps)
		v.gaps = append(v.gaps, report.Gap{Position: v.object.Position(), Reason: reason, Text: text})
	}
	for _, c := range constraints {
		v.gaps[i].Constraints = append(v.gaps[i].Constraints, report.Constraint{Kind: c.Kind(), Name: c.Name})
	}
}
