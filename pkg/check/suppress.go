package check

import (
	"slices"
	"time"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/suppress"
)

// suppress takes out the findings of an object that comments and annotations in it
// suppress, and notes those of them that do nothing.
func (r *run) suppress(object *manifest.Object, all *judged) {
	if r.options.Rules == nil {
		return
	}
	written, faults := suppress.Of(object, r.options.Rules)
	// A build takes annotations along, but not the comments.
	base, _ := object.Written(nil)
	comments := len(written)
	if base != nil {
		more, wrong := suppress.Of(base, r.options.Rules)
		for i := range more {
			if more[i].Kind == suppress.Comment {
				written = append(written, more[i])
			}
		}
		faults = slices.Concat(faults, slices.DeleteFunc(wrong, func(f suppress.Fault) bool { return slices.Contains(faults, f) }))
	}
	all.gaps = append(all.gaps, suppressionGaps(faults)...)
	for n, s := range written {
		used, expired := false, s.Expired(r.now)
		for i := range all.findings {
			f := &all.findings[i]
			path := f.path
			if n >= comments {
				_, path = object.Written(path)
			}
			if !s.Covers(f.Rule, path) {
				continue
			}
			used = true
			if !expired && f.suppressed == nil {
				f.suppressed = &report.Suppression{Kind: s.Kind, Reason: s.Reason, Until: date(s.Until), Position: s.Position}
			}
		}
		note := report.Note{Position: s.Position, Text: "the " + s.Kind + " that suppresses " + s.Rule}
		switch {
		case used && expired:
			note.Kind, note.Text = report.NoteExpired, note.Text+" held until "+date(s.Until)
		case !used && r.judges(s.Rule, all.entries):
			note.Kind, note.Text = report.NoteUnused, note.Text+" suppresses nothing"
		default:
			continue
		}
		all.notes = append(all.notes, note)
	}
}

// judges reports whether a rule has judged an object: only then a suppression of it is
// known to do nothing.
func (r *run) judges(rule string, entries []report.Entry) bool {
	judged := false
	for _, entry := range entries {
		for i, fate := range entry.Fates {
			if r.constraints[i].Template.Rule != rule {
				continue
			}
			if fate.Status == report.NotJudged {
				return false
			}
			judged = judged || fate.Status == report.Judged
		}
	}
	return judged
}

func suppressionGaps(faults []suppress.Fault) []report.Gap {
	var gaps []report.Gap
	for _, fault := range faults {
		gaps = append(gaps, report.Gap{Position: fault.Position, Reason: report.ReasonSuppression, Text: report.ReasonSuppression + ": " + fault.Text})
	}
	return gaps
}

// date is a day as 2027-01-31, "" if there is none.
func date(day time.Time) string {
	if day.IsZero() {
		return ""
	}
	return day.Format(time.DateOnly)
}
