package check

import (
	"context"
	"slices"
	"strings"

	"github.com/memgate/memgate/pkg/blame"
	"github.com/memgate/memgate/pkg/defaults"
	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/expansion"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/review"
	"github.com/memgate/memgate/pkg/workload"
)

// judged is all that a run has to say about one object.
type judged struct {
	entries  []report.Entry // the object, and then what was judged in its place
	findings []finding
	gaps     []report.Gap
	notes    []report.Note
}

// A finding is one that counts, or one that something in the object suppresses.
type finding struct {
	report.Finding
	path       []any // of the field, from the root of the object; nil if the rule names none
	suppressed *report.Suppression
	unchanged  bool // the object is as it was
}

// A subject is what constraints look at: an object as it is written, or one that it
// stands for.
type subject struct {
	path      []any // in the object, of what the subject was made of; nil for the object itself
	review    *review.Review
	generated *expansion.Generated // by what it was made; nil for the object and for pod templates in custom resources
}

// A judging is the work on one object.
type judging struct {
	*run
	unit
	name      report.Object
	namespace map[string]any     // the Namespace, nil if it is not known
	origin    []manifest.Related // of the object, if a renderer wrote it
	own       []engine.Outcome   // of the object itself
	all       judged
}

// judge judges an object, and the objects that it stands for where constraints would not
// find them by themselves.
func (r *run) judge(ctx context.Context, u unit) judged {
	j := judging{run: r, unit: u, name: objectOf(u.object)}
	if u.built == nil { // else its places say where it comes from
		j.origin = review.Origin(u.object)
	}
	if u.given != "" {
		j.assume("namespace " + u.given + ", as --namespace says")
	}
	if by, excluded := r.options.Exclusions.Excludes(r.options.Process, u.object.Value); excluded {
		j.exclude(by)
		return j.all
	}
	j.itself(ctx)
	j.podTemplates(ctx)
	j.expand(ctx)
	r.suppress(u.object, &j.all)
	if !r.changed(u) {
		for i := range j.all.findings {
			j.all.findings[i].unchanged = true
		}
	}
	slices.SortFunc(j.all.findings, func(a, b finding) int { return report.Compare(a.Finding, b.Finding) })
	return j.all
}

func (j *judging) assume(text string) {
	j.all.notes = append(j.all.notes, report.Note{Position: j.object.Position(), Kind: report.NoteAssumed, Text: j.name.String() + ": " + text, Object: &j.name})
}

func (j *judging) exclude(by string) {
	entry := report.Entry{Position: j.object.Position(), Object: j.name}
	for range j.constraints {
		entry.Fates = append(entry.Fates, report.Fate{Status: report.Excluded, By: "Config: " + by})
	}
	j.all.entries = append(j.all.entries, entry)
}

// itself judges the object as it is written, or as the request that it is part of.
func (j *judging) itself(ctx context.Context) {
	namespace := j.object.Namespace()
	if j.request != nil {
		namespace = j.request.Namespace()
	}
	if namespace != "" {
		j.namespace = j.options.Client.Namespace(ctx, namespace)
	}
	s := subject{}
	if j.request != nil {
		s.review = j.request.Review(j.namespace) // the API server has filled in the rest
	} else {
		s.review = review.New(j.defaulted(ctx, j.object.Value), review.Options{Namespace: j.namespace})
	}
	j.own = j.options.Client.Review(ctx, s.review)
	j.add(ctx, s, j.own)
}

// podTemplates judges the pods that a custom resource makes.
func (j *judging) podTemplates(ctx context.Context) {
	for _, template := range review.PodTemplates(j.object) {
		s := subject{path: template.Path, review: review.New(j.defaulted(ctx, template.Pod.Value), review.Options{Namespace: j.namespace, Source: review.Generated})}
		outcomes := j.options.Client.Review(ctx, s.review)
		for i, o := range outcomes {
			if o.Constraint.ReadsPodsOf(j.object.APIVersion(), j.object.Kind()) {
				outcomes[i] = elsewhere(o)
			}
		}
		j.add(ctx, s, outcomes)
	}
}

// elsewhere is the outcome of a constraint that judges the same in another place.
func elsewhere(o engine.Outcome) engine.Outcome {
	return engine.Outcome{Constraint: o.Constraint, Actions: o.Actions, Status: engine.NotMatched, Clause: review.BySource}
}

// defaulted is an object as an API server would hand it on.
func (j *judging) defaulted(ctx context.Context, value map[string]any) map[string]any {
	if !j.options.Defaults || value["kind"] != "Pod" {
		return value
	}
	metadata, _ := value["metadata"].(map[string]any)
	namespace, _ := metadata["namespace"].(string)
	changed, assumptions := defaults.Apply(value, j.options.Client.InNamespace(ctx, namespace, LimitRange))
	for _, assumption := range assumptions {
		j.assume(assumption)
	}
	return changed
}

// LimitRange is the kind that defaults are taken from.
var LimitRange = engine.Kind{APIVersion: "v1", Kind: "LimitRange"}

// add keeps what comes of a subject.
func (j *judging) add(ctx context.Context, s subject, outcomes []engine.Outcome) {
	entry := report.Entry{Position: j.object.Position(), Object: j.name, Template: s.path}
	if s.generated != nil {
		entry.Implied = s.generated.Template
	}
	if j.options.Workloads && s.path == nil {
		value, _ := s.review.Request["object"].(map[string]any)
		entry.Pods = workload.Of(value)
	}
	gaps := gapsOf{at: entry.Position, object: &j.name}
	for _, o := range outcomes {
		fate := report.Fate{Status: statuses[o.Status]}
		switch o.Status {
		case engine.NotMatched:
			fate.By = string(o.Clause)
		case engine.NotJudged:
			fate.By = engine.Reason(o.Err)
			gaps.add(fate.By, strings.TrimPrefix(o.Err.Error(), fate.By+": "), constraintOf(o))
		case engine.Judged:
			j.all.findings = append(j.all.findings, j.findings(ctx, s, o)...)
		}
		entry.Fates = append(entry.Fates, fate)
	}
	j.all.entries = append(j.all.entries, entry)
	j.all.gaps = append(j.all.gaps, gaps.all...)
}

var statuses = map[engine.Status]report.Status{
	engine.Judged:      report.Judged,
	engine.NotMatched:  report.NotMatched,
	engine.NotEnforced: report.NotEnforced,
	engine.NotJudged:   report.NotJudged,
}

// findings are the violations of an outcome, each at its place: where the rule says, or
// else what it read and says suggests.
func (j *judging) findings(ctx context.Context, s subject, o engine.Outcome) []finding {
	var (
		found []finding
		reads [][]engine.Read
	)
	for i, v := range o.Violations {
		v = v.Below(s.path)
		f := finding{path: v.Path(), Finding: report.Finding{
			Action:     string(o.Action()),
			Rule:       o.Constraint.Template.Rule,
			Severity:   o.Constraint.Template.Severity,
			Constraint: constraintOf(o),
			Object:     j.name,
			Template:   s.path,
			Message:    v.Message,
			Details:    v.Details,
		}}
		if s.generated != nil {
			f.Implied, f.Message = s.generated.Template, s.generated.Message(v.Message)
		}
		f.Field = manifest.FieldString(j.object.Value, f.path)
		at := f.path
		if at == nil {
			if reads == nil {
				reads = j.options.Client.Trace(ctx, s.review, o)
			}
			value, _ := s.review.Request["object"].(map[string]any)
			at = slices.Concat(s.path, blame.Path(value, reads[i], v.Message))
			f.Derived = true
		}
		f.Place = j.object.Place(at)
		f.Derived = f.Derived || f.Place.Derived
		f.Place.Related = append(f.Place.Related, j.origin...)
		if j.options.Frames {
			f.Frame.First, f.Frame.Lines = j.object.Lines(f.Place, 1)
		}
		found = append(found, f)
	}
	return found
}

func constraintOf(o engine.Outcome) report.Constraint { return nameOf(o.Constraint) }

func nameOf(c *policy.Constraint) report.Constraint {
	return report.Constraint{Kind: c.Kind(), Name: c.Name}
}

func objectOf(o *manifest.Object) report.Object {
	return report.Object{APIVersion: o.APIVersion(), Kind: o.Kind(), Namespace: o.Namespace(), Name: o.Name()}
}
