// Package baseline reads and writes files of accepted findings, and decides which findings
// of a run they accept. It knows fingerprints and the words beside them; it knows neither
// manifests nor policies.
package baseline

import (
	"cmp"
	"slices"
	"time"

	"github.com/memgate/memgate/pkg/manifest"
)

// An Entry is a finding that is accepted. Its fingerprint is what it is known by; rule,
// object and field say the same in words, for those who review the file.
type Entry struct {
	Fingerprint string    // as in a report
	Rule        string    // id of the rule
	Object      string    // kind namespace/name
	Field       string    // path, "" if the rule names none
	Count       int       // how many findings have the fingerprint; at least 1
	Owner       string    // who answers for it, "" if nobody is named
	Reason      string    // "" if none is given
	Expires     time.Time // midnight UTC of the last day on which the entry holds; zero if it has no end

	Position manifest.Position // of the fingerprint, in the file that the entry was read from
}

// Expired reports whether the last day of the entry is over.
func (e Entry) Expired(now time.Time) bool {
	return !e.Expires.IsZero() && !now.Before(e.Expires.AddDate(0, 0, 1))
}

// Update is the baseline that accepts the findings of a run, sorted. Findings with the same
// fingerprint make one entry, whose count is their sum. Owner, reason and expiry are those
// of old, an expiry that is over included: writing a file anew accepts nothing again that
// was accepted for a time. Entries of old that none of the findings has are left out.
func Update(old, findings []Entry) []Entry {
	known := map[string]Entry{}
	for _, e := range old {
		known[e.Fingerprint] = e
	}
	at := map[string]int{}
	var entries []Entry
	for _, e := range findings {
		if i, found := at[e.Fingerprint]; found {
			entries[i].Count += e.Count
			continue
		}
		k := known[e.Fingerprint]
		e.Owner, e.Reason, e.Expires, e.Position = k.Owner, k.Reason, k.Expires, k.Position
		at[e.Fingerprint] = len(entries)
		entries = append(entries, e)
	}
	sortEntries(entries)
	return entries
}

// sortEntries puts the entries of an object next to each other. Two entries of one
// baseline differ in the fingerprint, so the order is total.
func sortEntries(entries []Entry) {
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(
			cmp.Compare(a.Object, b.Object), cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.Field, b.Field), cmp.Compare(a.Fingerprint, b.Fingerprint),
		)
	})
}
