package check

import (
	"slices"
	"strconv"

	"github.com/memgate/memgate/pkg/baseline"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/report"
)

// BaselineEntry is the entry of a baseline that accepts a finding.
func BaselineEntry(f report.Finding) baseline.Entry {
	return baseline.Entry{Fingerprint: report.Fingerprint(f), Rule: f.Rule, Object: f.Object.String(), Field: f.Field, Count: 1}
}

// Objects are the objects that a document stands for, in the form in which Changes is
// asked about them.
func (o Options) Objects(document *manifest.Object) []*manifest.Object {
	return o.open(document).objects()
}

// adopt is why a finding that nothing in its object suppresses does not count, nil if it
// does. The baseline comes first, so that what it accepts does not depend on what changed.
func (r *run) adopt(f finding) *report.Suppression {
	if r.options.Baseline != nil {
		if entry, ok := r.options.Baseline.Accept(BaselineEntry(f.Finding)); ok {
			return &report.Suppression{
				Kind: report.SuppressedByBaseline, Reason: entry.Reason, Owner: entry.Owner, Until: date(entry.Expires), Position: entry.Position,
			}
		}
	}
	if f.unchanged {
		return &report.Suppression{Kind: report.SuppressedBySince}
	}
	return nil
}

// changed reports whether the findings of an object count, as far as it has changed.
func (r *run) changed(u unit) bool {
	changes := r.options.Changes
	switch {
	case changes == nil:
		return true
	case u.built != nil:
		return slices.ContainsFunc(u.built.Files, changes.HasFile)
	}
	return changes.Has(u.object.Position().File, u.object)
}

// settle notes what the baseline has and the run did not find.
func (r *run) settle() error {
	if r.options.Baseline == nil {
		return nil
	}
	for _, e := range r.options.Baseline.Expired() {
		if err := r.writer.Note(noteOf(e, report.NoteExpired, "the baseline accepted it until "+date(e.Expires))); err != nil {
			return err
		}
	}
	if !r.options.Whole {
		return nil
	}
	for _, e := range r.options.Baseline.Stale() {
		if err := r.writer.Note(noteOf(e, report.NoteUnused, "the baseline accepts what is no more")); err != nil {
			return err
		}
	}
	return nil
}

func noteOf(e baseline.Entry, kind, text string) report.Note {
	text += ": " + e.Object + ": " + e.Rule
	if e.Field != "" {
		text += " at " + e.Field
	}
	if e.Count > 1 {
		text += ", " + strconv.Itoa(e.Count) + " times"
	}
	return report.Note{Position: e.Position, Kind: kind, Text: text}
}
