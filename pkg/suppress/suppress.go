// Package suppress reads the suppressions that stand in manifests: how they are written,
// what they cover and for how long. It knows neither policies nor reports.
//
// A comment suppresses rules at what it is about (see manifest.Comment) and all below:
//
//	# memgate:ignore RULE[,RULE...] reason="..." until=2027-01-31
//
// An annotation suppresses a rule in the object, or in the pod template or whatever else
// has it in its metadata.annotations:
//
//	ignore.memgate.github.io/RULE: reason="..." until=2027-01-31
//
// The reason is required, as a word or in double quotes with the escapes of Go; until is
// the last day on which the suppression holds. An annotation without a word such as
// "until=" is the reason as a whole.
package suppress

import (
	"slices"
	"time"

	"github.com/memgate/memgate/pkg/manifest"
)

// A Suppression is why findings of one rule do not count. A comment that names several
// rules makes one for each.
type Suppression struct {
	Rule     string
	Reason   string            // one line, never empty
	Until    time.Time         // the last day on which it holds, as its midnight in UTC; zero if it has no end
	Kind     string            // Comment or Annotation
	Position manifest.Position // of the "#", or of the annotation's key
	Path     []any             // of what it covers, from the object's root; empty for all of the object

	covers func(path []any) bool
}

// The kinds of suppressions.
const (
	Comment    = "comment"
	Annotation = "annotation"
)

// Covers reports whether a finding of a rule at a path, as that of manifest.Object.Place,
// is suppressed while s holds. A finding without a path is one at the whole object.
func (s Suppression) Covers(rule string, path []any) bool {
	return rule == s.Rule && s.covers(path)
}

// Expired reports whether the time of s is over at now: whether its last day has ended,
// in UTC.
func (s Suppression) Expired(now time.Time) bool {
	return !s.Until.IsZero() && !now.Before(s.Until.AddDate(0, 0, 1))
}

// A Fault is a suppression that suppresses nothing, because of how or where it is written.
type Fault struct {
	Position manifest.Position // of the "#", or of the annotation's key
	Text     string            // what was found, what was wanted
}

// Of returns the suppressions of an object and what is wrong with others: comments in the
// order of the text, then annotations in the order of their paths. Rules are the ids that
// a suppression may name. An object that has none costs two searches of its text.
//
// Of a List, each item has suppressions of its own; see Outside.
func Of(object *manifest.Object, rules []string) ([]Suppression, []Fault) {
	r := reader{object: object, rules: rules}
	r.comments()
	r.annotations()
	return r.found, r.faults
}

// Outside returns a fault for each suppressing comment of a document that is about nothing
// in its objects: those of a List are its items.
func Outside(document *manifest.Object, objects []*manifest.Object) []Fault {
	comments := directives(document)
	if len(comments) == 0 {
		return nil
	}
	inside := map[manifest.Position]bool{}
	for _, object := range objects {
		for _, c := range directives(object) {
			inside[c.Position] = true
		}
	}
	var faults []Fault
	for _, c := range comments {
		if !inside[c.Position] {
			faults = append(faults, Fault{c.Position, directive + " stands in no object, want it above the first line of one or in it"})
		}
	}
	return faults
}

// A reader collects the suppressions of one object.
type reader struct {
	object *manifest.Object
	rules  []string
	found  []Suppression
	faults []Fault
}

// add keeps a suppression of one or more rules, or its faults.
func (r *reader) add(s Suppression, rules []string, t terms, err error) {
	if err != nil {
		r.faults = append(r.faults, Fault{s.Position, err.Error()})
		return
	}
	s.Reason, s.Until = t.reason, t.until
	known := true
	for _, rule := range rules {
		if !slices.Contains(r.rules, rule) {
			r.faults = append(r.faults, Fault{s.Position, unknown(rule, r.rules)})
			known = false
		}
	}
	if !known {
		return
	}
	for _, rule := range rules {
		s.Rule = rule
		r.found = append(r.found, s)
	}
}
