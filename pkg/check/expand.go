package check

import (
	"context"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/review"
)

// expand judges what ExpansionTemplates make of the object, as Gatekeeper does, and tells
// which constraints would judge the pods that nothing makes of it.
func (j *judging) expand(ctx context.Context) {
	made, err := j.options.Expansion.Expand(j.object.Value)
	if err != nil {
		j.all.gaps = append(j.all.gaps, report.Gap{
			Position: j.object.Position(), Reason: report.ReasonNotExpanded, Text: report.ReasonNotExpanded + ": " + err.Error(), Object: &j.name,
		})
		return
	}
	for _, g := range made {
		s := subject{path: g.Path, generated: &g, review: review.New(g.Object, review.Options{Namespace: j.namespace, Source: review.Generated})}
		outcomes := j.options.Client.Review(ctx, s.review)
		for i, o := range outcomes {
			switch {
			case j.own[i].Status != engine.NotMatched && o.Constraint.Template.ReadsWorkloads():
				outcomes[i] = elsewhere(o)
			case g.Action != "" && o.Status == engine.Judged:
				outcomes[i].Actions = []policy.Action{policy.Action(g.Action)}
			}
		}
		j.add(ctx, s, outcomes)
	}
	j.notExpanded()
}

// notExpanded finds the constraints that do not match the object by its kind and would
// match a Pod that it makes: in a cluster they judge that.
func (j *judging) notExpanded() {
	pods := map[int]bool{}
	for i, o := range j.own {
		if j.pods[i] && o.Status == engine.NotMatched && o.Clause == review.ByKinds {
			pods[i] = true
		}
	}
	if len(pods) == 0 {
		return
	}
	entry := &j.all.entries[0]
	gaps := gapsOf{at: entry.Position, object: &j.name}
	for _, g := range j.options.Expansion.Unexpanded(j.object.Value) {
		pod := review.New(g.Object, review.Options{Namespace: j.namespace})
		for i, o := range j.own {
			if !pods[i] || entry.Fates[i].Status != report.NotMatched {
				continue
			}
			if clause, err := pod.Match(o.Constraint.Match); clause != "" && err == nil {
				continue
			}
			entry.Fates[i] = report.Fate{Status: report.NotJudged, By: report.ReasonNotExpanded}
			gaps.add(report.ReasonNotExpanded, "the Pod that it makes is judged in a cluster; --expand judges it here, as does an ExpansionTemplate among the policies", constraintOf(o))
		}
	}
	j.all.gaps = append(j.all.gaps, gaps.all...)
}

// judgesPods reports for each constraint whether it judges pods that nothing here makes.
func judgesPods(constraints []*policy.Constraint) []bool {
	pods := make([]bool, len(constraints))
	for i, c := range constraints {
		pods[i] = review.JudgesPods(c)
	}
	return pods
}
