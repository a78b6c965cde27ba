package baseline_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/memgate/memgate/pkg/baseline"
)

const file = `# Findings that are accepted: "memgate check --baseline" reports what is not among them.
# Written by "memgate baseline", which drops entries whose findings are no more and keeps
# owner, reason and expires of the others. Other edits and comments do not survive it.
version: 1
findings:
- fingerprint: "0002"
  rule: memory-limit-required
  object: Deployment shop/web
  field: spec.template.spec.containers[name=web].resources
  count: 2
  owner: team-shop
  reason: 'waits for OPS-12: new nodes'
  expires: 2027-01-31
- fingerprint: a1
  rule: memory-limit-required
  object: Pod a
  reason: "two\nlines"
- fingerprint: a0
  rule: shm-size-required
  object: Pod a
`

func entries() []baseline.Entry {
	return []baseline.Entry{
		{
			Fingerprint: "0002", Rule: "memory-limit-required", Object: "Deployment shop/web",
			Field: "spec.template.spec.containers[name=web].resources", Count: 2,
			Owner: "team-shop", Reason: "waits for OPS-12: new nodes", Expires: day("2027-01-31"),
		},
		{Fingerprint: "a1", Rule: "memory-limit-required", Object: "Pod a", Count: 1, Reason: "two\nlines"},
		{Fingerprint: "a0", Rule: "shm-size-required", Object: "Pod a", Count: 1},
	}
}

// bare are entries as if they had been read from nowhere.
func bare(entries []baseline.Entry) []baseline.Entry {
	for i := range entries {
		entries[i].Position = baseline.Entry{}.Position
	}
	return entries
}

func TestWrite(t *testing.T) {
	shuffled := entries()
	shuffled[0], shuffled[2] = shuffled[2], shuffled[0]
	if got := write(t, shuffled); got != file {
		t.Errorf("Write(%+v) writes\n%swant\n%s", shuffled, got, file)
	}
	got, err := baseline.Read("b.yaml", strings.NewReader(file))
	if err != nil || !reflect.DeepEqual(bare(got), entries()) {
		t.Errorf("Read(%s) = %+v, %v, want %+v", file, got, err, entries())
	}
	if got, want := write(t, nil), strings.Split(file, "version")[0]+"version: 1\nfindings: []\n"; got != want {
		t.Errorf("Write(nil) writes\n%swant\n%s", got, want)
	}
}

func TestWriteMany(t *testing.T) {
	var want []baseline.Entry
	for i := range 2001 {
		want = append(want, baseline.Entry{Fingerprint: fmt.Sprintf("%04d", i), Rule: "r", Object: "Pod a", Count: i + 1})
	}
	got, err := baseline.Read("b.yaml", strings.NewReader(write(t, want)))
	if err != nil || !reflect.DeepEqual(bare(got), want) {
		t.Errorf("Read of what Write writes of %d entries = %d entries that differ, %v", len(want), len(got), err)
	}
}

func write(t *testing.T, entries []baseline.Entry) string {
	t.Helper()
	var out bytes.Buffer
	if err := baseline.Write(&out, entries); err != nil {
		t.Fatalf("Write(%+v) = %v, want no error", entries, err)
	}
	return out.String()
}

func TestUpdate(t *testing.T) {
	old := entries()
	findings := []baseline.Entry{
		{Fingerprint: "new", Rule: "mlock-needs-limit", Object: "Pod b", Count: 1},
		{Fingerprint: "0002", Rule: "memory-limit-required", Object: "Deployment shop/web", Field: "spec", Count: 1},
		{Fingerprint: "new", Rule: "mlock-needs-limit", Object: "Pod b", Count: 1},
	}
	want := []baseline.Entry{
		{
			Fingerprint: "0002", Rule: "memory-limit-required", Object: "Deployment shop/web", Field: "spec", Count: 1,
			Owner: "team-shop", Reason: "waits for OPS-12: new nodes", Expires: day("2027-01-31"),
		},
		{Fingerprint: "new", Rule: "mlock-needs-limit", Object: "Pod b", Count: 2},
	}
	if got := baseline.Update(old, findings); !reflect.DeepEqual(got, want) {
		t.Errorf("Update(%+v, %+v) = %+v, want %+v", old, findings, got, want)
	}
	if got := baseline.Update(old, nil); got != nil {
		t.Errorf("Update(%+v, nil) = %+v, want nothing", old, got)
	}
}

func TestMatcher(t *testing.T) {
	limit, shm, reason := entries()[0], entries()[2], entries()[1]
	other := limit
	other.Rule = "memory-overcommit"
	elsewhere, another := limit, limit
	elsewhere.Field, another.Object = "spec.other", "Deployment shop/other"
	bare := baseline.Entry{Fingerprint: limit.Fingerprint, Rule: limit.Rule, Object: limit.Object, Field: limit.Field}
	unknown := baseline.Entry{Fingerprint: "ffff", Rule: limit.Rule, Object: limit.Object}
	times := func(n int, e baseline.Entry) baseline.Entry { e.Count = n; return e }
	for _, tc := range []struct {
		name           string
		now            string
		findings       []baseline.Entry
		accepted       []bool
		expired, stale []baseline.Entry
	}{
		{"nothing found", "2026-01-01T00:00:00Z", nil, nil, nil, []baseline.Entry{limit, reason, shm}},
		{"all found", "2026-01-01T00:00:00Z", []baseline.Entry{bare, shm, bare, reason}, []bool{true, true, true, true}, nil, nil},
		{"more than the count", "2026-01-01T00:00:00Z", []baseline.Entry{bare, bare, bare, shm, shm, reason}, []bool{true, true, false, true, false, true}, nil, nil},
		{"less than the count", "2026-01-01T00:00:00Z", []baseline.Entry{bare, shm, reason}, []bool{true, true, true}, nil, []baseline.Entry{times(1, limit)}},
		{"another fingerprint", "2026-01-01T00:00:00Z", []baseline.Entry{unknown, shm, reason}, []bool{false, true, true}, nil, []baseline.Entry{limit}},
		{"other words", "2026-01-01T00:00:00Z", []baseline.Entry{other, shm, reason}, []bool{false, true, true}, nil, []baseline.Entry{limit}},
		{"another field", "2026-01-01T00:00:00Z", []baseline.Entry{elsewhere, shm, reason}, []bool{false, true, true}, nil, []baseline.Entry{limit}},
		{"another object", "2026-01-01T00:00:00Z", []baseline.Entry{another, shm, reason}, []bool{false, true, true}, nil, []baseline.Entry{limit}},
		{"the last second", "2027-01-31T23:59:59Z", []baseline.Entry{bare, bare, shm, reason}, []bool{true, true, true, true}, nil, nil},
		{"the last second elsewhere", "2027-02-01T00:59:59+01:00", []baseline.Entry{bare, bare, shm, reason}, []bool{true, true, true, true}, nil, nil},
		{"expired", "2027-02-01T00:00:00Z", []baseline.Entry{bare, shm, reason}, []bool{false, true, true}, []baseline.Entry{times(1, limit)}, []baseline.Entry{times(1, limit)}},
		{"expired, more than the count", "2027-02-01T00:00:00Z", []baseline.Entry{bare, bare, bare, shm, reason}, []bool{false, false, false, true, true}, []baseline.Entry{limit}, nil},
		{"expired and gone", "2027-02-01T00:00:00Z", []baseline.Entry{shm, reason}, []bool{true, true}, nil, []baseline.Entry{limit}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, tc.now)
			if err != nil {
				t.Fatal(err)
			}
			m := baseline.NewMatcher(entries(), now)
			for i, finding := range tc.findings {
				got, ok := m.Accept(finding)
				var want baseline.Entry
				if tc.accepted[i] {
					for _, e := range entries() {
						if e.Fingerprint == finding.Fingerprint {
							want = e
						}
					}
				}
				if ok != tc.accepted[i] || got != want {
					t.Errorf("finding %d: Accept(%+v) = %+v, %v, want %+v, %v", i, finding, got, ok, want, tc.accepted[i])
				}
			}
			if got := m.Expired(); !reflect.DeepEqual(got, tc.expired) {
				t.Errorf("Expired() = %+v, want %+v", got, tc.expired)
			}
			if got := m.Stale(); !reflect.DeepEqual(got, tc.stale) {
				t.Errorf("Stale() = %+v, want %+v", got, tc.stale)
			}
		})
	}
}
