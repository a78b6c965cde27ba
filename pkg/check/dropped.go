package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/report"
)

// dropped are objects that are no reference data because they are there in more than one
// form: of each kind the first.
type dropped map[engine.Kind]*drop

type drop struct {
	object *manifest.Object
	first  manifest.Position // of the other form
	more   int
}

func (d dropped) add(object *manifest.Object, first manifest.Position) {
	kind := engine.Kind{APIVersion: object.APIVersion(), Kind: object.Kind()}
	if known := d[kind]; known != nil {
		known.more++
		return
	}
	d[kind] = &drop{object: object, first: first}
}

// missed writes a gap for each kind of which an object was dropped, with the constraints
// that have judged something without it. memgate's own rules are made for data that is not
// there and say what they do then (withoutData), so that for them it is an assumption.
func (r *run) missed() error {
	all := r.dropped
	if r.stream != nil {
		all = r.stream.keeper.dropped
	}
	for _, kind := range slices.SortedFunc(maps.Keys(all), func(a, b engine.Kind) int {
		return cmp.Or(cmp.Compare(a.APIVersion, b.APIVersion), cmp.Compare(a.Kind, b.Kind))
	}) {
		d := all[kind]
		text := fmt.Sprintf("%s is in another form at %s, and which one counts is not known; name the right one with --context", objectOf(d.object), d.first)
		if d.more > 0 {
			text += fmt.Sprintf(" (and %d more of its kind)", d.more)
		}
		gap := report.Gap{Position: d.object.Position(), Reason: engine.ReasonRefdata, Text: engine.ReasonRefdata + ": " + text}
		assumed := false
		for _, i := range r.options.Client.ReadBy(d.object.Value) {
			switch c := r.constraints[i]; {
			case !r.judged[i]:
			case c.Template.ReadsWorkloads():
				assumed = true
			default:
				gap.Constraints = append(gap.Constraints, nameOf(c))
			}
		}
		var err error
		if assumed {
			err = r.writer.Note(report.Note{Position: gap.Position, Kind: report.NoteAssumed, Text: "judged without any form: " + text})
		}
		if err == nil && len(gap.Constraints) > 0 {
			err = r.gap(gap)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
