package check

import (
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/report"
)

// write writes what a document holds and counts it.
func (r *run) write(d document, all []judged) error {
	if d.skip != nil {
		r.summary.NotManifest++
		if err := r.writer.Skip(*d.skip); err != nil {
			return err
		}
	}
	if d.note != nil {
		if err := r.writer.Note(*d.note); err != nil {
			return err
		}
	}
	for _, j := range all {
		if err := r.account(j); err != nil {
			return err
		}
	}
	for _, gap := range d.gaps {
		if err := r.gap(gap); err != nil {
			return err
		}
	}
	return nil
}

// account writes what is known of one object and counts it.
func (r *run) account(j judged) error {
	for _, entry := range j.entries {
		r.count(entry)
		if err := r.writer.Object(entry); err != nil {
			return err
		}
	}
	for _, f := range j.findings {
		if err := r.finding(f); err != nil {
			return err
		}
	}
	for _, gap := range j.gaps {
		if err := r.gap(gap); err != nil {
			return err
		}
	}
	for _, note := range j.notes {
		if err := r.writer.Note(note); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) count(entry report.Entry) {
	if entry.Template == nil {
		r.summary.Objects++
	} else {
		r.summary.PodTemplates++
	}
	for i, fate := range entry.Fates {
		switch fate.Status {
		case report.Judged:
			r.summary.Judged++
			r.judged[i] = true
		case report.NotMatched:
			r.summary.NotMatched++
		case report.NotEnforced:
			r.summary.NotEnforced++
		case report.Excluded:
			r.summary.Excluded++
		case report.NotJudged: // counted with its gap
		}
	}
}

func (r *run) finding(f finding) error {
	if f.suppressed == nil {
		f.suppressed = r.adopt(f)
	}
	if f.suppressed != nil {
		r.summary.Suppressed[f.suppressed.Kind]++
		return r.writer.Suppressed(f.Finding, *f.suppressed)
	}
	r.summary.Violations[f.Action]++
	if fails := r.options.Fails; fails != nil && fails(f.Finding) || fails == nil && f.Action == string(policy.Deny) {
		r.summary.Failures++
	}
	return r.writer.Finding(f.Finding)
}

func (r *run) gap(gap report.Gap) error {
	n := max(1, len(gap.Constraints))
	r.summary.NotJudged[gap.Reason] += n
	if r.options.Allow != nil && r.options.Allow(gap.Reason) {
		gap.Allowed = true
		r.summary.Allowed += n
	}
	return r.writer.Gap(gap)
}
