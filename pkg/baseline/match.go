package baseline

import "time"

// A Matcher accepts the findings of one run. It must not be used by several goroutines at
// once.
type Matcher struct {
	entries []Entry
	index   map[string]int // by fingerprint
	met     []int          // findings, by entry
	now     time.Time
}

// NewMatcher returns a Matcher for a run at the time now.
func NewMatcher(entries []Entry, now time.Time) *Matcher {
	m := &Matcher{entries: entries, index: map[string]int{}, met: make([]int, len(entries)), now: now}
	for i, e := range entries {
		m.index[e.Fingerprint] = i
	}
	return m
}

// Accept reports whether the baseline accepts a finding, and by which entry. Of finding,
// only the fingerprint and the words count. An entry whose words are not those of the
// finding accepts nothing: what people read in a review is what they agree to. One with
// the count 2 accepts two findings, one that has expired none.
func (m *Matcher) Accept(finding Entry) (Entry, bool) {
	i, found := m.index[finding.Fingerprint]
	if !found {
		return Entry{}, false
	}
	e := m.entries[i]
	if e.Rule != finding.Rule || e.Object != finding.Object || e.Field != finding.Field || m.met[i] == e.Count {
		return Entry{}, false
	}
	m.met[i]++
	if e.Expired(m.now) {
		return Entry{}, false
	}
	return e, true
}

// Expired are the entries that have expired and whose findings the run met, in the order
// of the baseline. The count of each is that of these findings.
func (m *Matcher) Expired() []Entry {
	return m.counted(func(e Entry, met int) int {
		if e.Expired(m.now) {
			return met
		}
		return 0
	})
}

// Stale are the entries whose findings the run did not meet, in the order of the baseline.
// The count of each is that of the findings that are no more. It tells something only after
// a run over all that the baseline was written for.
func (m *Matcher) Stale() []Entry {
	return m.counted(func(e Entry, met int) int { return e.Count - met })
}

// counted are the entries of which count is not 0, each with that count.
func (m *Matcher) counted(count func(e Entry, met int) int) []Entry {
	var entries []Entry
	for i, e := range m.entries {
		if e.Count = count(e, m.met[i]); e.Count > 0 {
			entries = append(entries, e)
		}
	}
	return entries
}
