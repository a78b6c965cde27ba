package check

import (
	"context"
	"strings"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/review"
)

// judged is all that a run has to say about one object.
type judged struct {
	entries  []report.Entry // the object, and then what was judged in its place
	findings []finding
	gaps     []report.Gap
}

// A finding is one that counts, or one that something in the object suppresses.
type finding struct {
	report.Finding
	suppressed *report.Suppression
	unchanged  bool // the object is as it was
}

// A subject is what constraints look at: an object as it is written, or one that it
// stands for.
type subject struct {
	object *manifest.Object // the one that is written
	path   []any            // of the pod template that is judged, nil for the object itself
	review *review.Review
}

// judge judges an object, and the pods that it makes where constraints would not find
// them by themselves.
func (r *run) judge(ctx context.Context, object *manifest.Object) judged {
	var namespace map[string]any
	if name := object.Namespace(); name != "" {
		namespace = r.options.Client.Namespace(ctx, name)
	}
	var all judged
	options := review.Options{Namespace: namespace}
	r.add(&all, subject{object, nil, review.New(object.Value, options)}, func(s subject) []engine.Outcome {
		return r.options.Client.Review(ctx, s.review)
	})
	options.Source = review.Generated
	for _, template := range review.PodTemplates(object) {
		r.add(&all, subject{object, template.Path, review.New(template.Pod.Value, options)}, func(s subject) []engine.Outcome {
			outcomes := r.options.Client.Review(ctx, s.review)
			for i, o := range outcomes {
				if o.Constraint.ReadsPodsOf(object.APIVersion(), object.Kind()) {
					outcomes[i] = engine.Outcome{Constraint: o.Constraint, Actions: o.Actions, Status: engine.NotMatched, Clause: review.BySource}
				}
			}
			return outcomes
		})
	}
	if changes := r.options.Changes; changes != nil && !changes.Has(object.Position().File, object) {
		for i := range all.findings {
			all.findings[i].unchanged = true
		}
	}
	sortFindings(all.findings)
	return all
}

// add judges a subject and keeps what comes of it.
func (r *run) add(all *judged, s subject, outcomesOf func(subject) []engine.Outcome) {
	object := objectOf(s.object)
	entry := report.Entry{Position: s.object.Position(), Object: object, Template: s.path}
	gaps := gapsOf{at: entry.Position, object: &object}
	for _, o := range outcomesOf(s) {
		fate := report.Fate{Status: statuses[o.Status]}
		switch o.Status {
		case engine.NotMatched:
			fate.By = string(o.Clause)
		case engine.NotJudged:
			fate.By = engine.Reason(o.Err)
			gaps.add(fate.By, strings.TrimPrefix(o.Err.Error(), fate.By+": "), constraintOf(o))
		case engine.Judged:
			for _, violation := range o.Violations {
				all.findings = append(all.findings, finding{Finding: r.findingOf(s, object, o, violation)})
			}
		}
		entry.Fates = append(entry.Fates, fate)
	}
	all.entries = append(all.entries, entry)
	all.gaps = append(all.gaps, gaps.all...)
}

var statuses = map[engine.Status]report.Status{
	engine.Judged:      report.Judged,
	engine.NotMatched:  report.NotMatched,
	engine.NotEnforced: report.NotEnforced,
	engine.NotJudged:   report.NotJudged,
}

// gapsOf are the gaps of one object, one for each cause.
type gapsOf struct {
	at     manifest.Position
	object *report.Object
	all    []report.Gap
	byText map[string]int
}

func (g *gapsOf) add(reason, text string, constraint report.Constraint) {
	text = reason + ": " + text
	i, found := g.byText[text]
	if !found {
		i = len(g.all)
		if g.byText == nil {
			g.byText = map[string]int{}
		}
		g.byText[text] = i
		g.all = append(g.all, report.Gap{Position: g.at, Reason: reason, Text: text, Object: g.object})
	}
	g.all[i].Constraints = append(g.all[i].Constraints, constraint)
}

func (r *run) findingOf(s subject, object report.Object, o engine.Outcome, v engine.Violation) report.Finding {
	v = v.Below(s.path)
	path := v.Path()
	found := report.Finding{
		Place:      s.object.Place(path),
		Field:      manifest.FieldString(s.object.Value, path),
		Action:     string(o.Action()),
		Rule:       o.Constraint.Template.Rule,
		Severity:   o.Constraint.Template.Severity,
		Constraint: constraintOf(o),
		Object:     object,
		Template:   s.path,
		Message:    v.Message,
		Details:    v.Details,
	}
	if r.options.Frames {
		found.Frame.First, found.Frame.Lines = s.object.Lines(found.Place, 1)
	}
	return found
}

func constraintOf(o engine.Outcome) report.Constraint {
	return report.Constraint{Kind: o.Constraint.Kind(), Name: o.Constraint.Name}
}

func objectOf(o *manifest.Object) report.Object {
	return report.Object{APIVersion: o.APIVersion(), Kind: o.Kind(), Namespace: o.Namespace(), Name: o.Name()}
}
