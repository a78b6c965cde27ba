package baseline_test

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/memgate/memgate/pkg/baseline"
	"github.com/memgate/memgate/pkg/manifest"
)

func day(text string) time.Time {
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return d
}

func at(line, column int) manifest.Position {
	return manifest.Position{File: "b.yaml", Line: line, Column: column}
}

func TestRead(t *testing.T) {
	for _, tc := range []struct {
		text string
		want []baseline.Entry
	}{
		{"", nil},
		{"# nothing yet\n", nil},
		{"---\n", nil},
		{"~\n", nil},
		{"findings: []\n", nil},
		{"findings:\n", nil},
		{"version: 1\nfindings: []\n", nil},
		{"version: 1\n", nil},
		{
			"version: 1\nfindings:\n- {fingerprint: b, rule: r, object: Pod b}\n- {rule: r, object: Pod a, fingerprint: a}\n",
			[]baseline.Entry{
				{Fingerprint: "a", Rule: "r", Object: "Pod a", Count: 1, Position: at(4, 41)},
				{Fingerprint: "b", Rule: "r", Object: "Pod b", Count: 1, Position: at(3, 17)},
			},
		},
		{ // texts stay what is written, whatever YAML takes them for
			"\ufefffindings:\r\n- fingerprint: 0123\r\n  rule: &r yes\r\n  object: 2027-01-31\r\n  field: 'a: b'\r\n  count: 2\r\n  owner: \"é\"\r\n  reason: |\r\n    one\r\n    two\r\n  expires: 2027-01-31\r\nversion: 1\r\n",
			[]baseline.Entry{{
				Fingerprint: "0123", Rule: "yes", Object: "2027-01-31", Field: "a: b", Count: 2,
				Owner: "é", Reason: "one\ntwo\n", Expires: day("2027-01-31"), Position: at(2, 16),
			}},
		},
	} {
		got, err := baseline.Read("b.yaml", strings.NewReader(tc.text))
		if err != nil || !reflect.DeepEqual(got, tc.want) {
			t.Errorf("Read(%q) = %+v, %v, want %+v", tc.text, got, err, tc.want)
		}
	}
}

func TestReadErrors(t *testing.T) {
	const keys = "fingerprint, rule, object, field, count, owner, reason or expires"
	const head = "version: 1\nfindings:\n- fingerprint: a\n  rule: r\n  object: Pod a\n"
	for _, tc := range []struct{ text, want string }{
		{"a\n", `b.yaml:1:1: got "a", want a mapping with version or findings`},
		{"- a\n", `b.yaml:1:1: got a list, want a mapping with version or findings`},
		{"version: 2\n", `b.yaml:1:10: version: got "2", want 1, the only one that this memgate knows`},
		{"version:\n", `b.yaml:1:9: version: got nothing, want 1, the only one that this memgate knows`},
		{"version: [1]\n", `b.yaml:1:10: version: got a list, want 1, the only one that this memgate knows`},
		{strings.TrimPrefix(head, "version: 1\n"), `b.yaml:1:1: no version, want "version: 1"`},
		{"version: 1\nfinding: []\n", `b.yaml:2:1: unknown key "finding", want version or findings`},
		{"version: 1\nfindings: {}\n", `b.yaml:2:11: findings: got a mapping, want a list`},
		{"version: 1\nfindings: []\nversion: 1\n", `b.yaml:3:1: duplicate key "version", first at line 1`},
		{"version: 1\n---\nversion: 1\n", `b.yaml:2:1: found a second document, want one`},
		{"version: 1\nfindings: [a]\n", `b.yaml:2:12: got "a", want a mapping with ` + keys},
		{"version: 1\nfindings:\n-\n", `b.yaml:3:2: got nothing, want a mapping with ` + keys},
		{head + "  onwer: me\n", `b.yaml:6:3: unknown key "onwer", want ` + keys},
		{head + "  {}: me\n", `b.yaml:6:3: unknown key a mapping, want ` + keys},
		{head + "  rule: s\n", `b.yaml:6:3: duplicate key "rule", first at line 4`},
		{head + "  field: ''\n", `b.yaml:6:10: field: got nothing, want a text`},
		{head + "  owner:\n", `b.yaml:6:9: owner: got nothing, want a text`},
		{head + "  owner: {}\n", `b.yaml:6:10: owner: got a mapping, want a text`},
		{head + "  reason: null\n", `b.yaml:6:11: reason: got nothing, want a text`},
		{head + "  count: 0\n", `b.yaml:6:10: count: got "0", want a number from 1`},
		{head + "  count: 1.5\n", `b.yaml:6:10: count: got "1.5", want a number from 1`},
		{head + "  count: 99999999999999999999\n", `b.yaml:6:10: count: got "99999999999999999999", want a number from 1`},
		{head + "  expires: 2027-02-29\n", `b.yaml:6:12: expires: got "2027-02-29", want a date such as 2027-01-31`},
		{head + "  expires: 31.1.2027\n", `b.yaml:6:12: expires: got "31.1.2027", want a date such as 2027-01-31`},
		{head + "  expires: 2027-01-31T00:00:00Z\n", `b.yaml:6:12: expires: got "2027-01-31T00:00:00Z", want a date such as 2027-01-31`},
		{head + "  expires: 0001-01-01\n", `b.yaml:6:12: expires: got "0001-01-01", want a date such as 2027-01-31`},
		{"version: 1\nfindings:\n- rule: r\n  object: Pod a\n", `b.yaml:3:3: an entry without fingerprint, want fingerprint, rule and object`},
		{"version: 1\nfindings:\n- fingerprint: a\n  object: Pod a\n", `b.yaml:3:3: an entry without rule, want fingerprint, rule and object`},
		{"version: 1\nfindings:\n- fingerprint: a\n  rule: r\n", `b.yaml:3:3: an entry without object, want fingerprint, rule and object`},
		{head + "- {rule: s, object: Pod b, fingerprint: a}\n", `b.yaml:6:41: duplicate fingerprint "a", first at line 3; want one entry with a count`},
		{head + "- &b {<<: *b}\n", `b.yaml:6:7: unknown key "<<", want ` + keys},
		{"version: &v 1\nfindings:\n- {fingerprint: *v, rule: r, object: Pod a}\n", `b.yaml:3:17: fingerprint: got the alias *v, want a text`},
		{"version: &v 1\nfindings:\n- *v\n", `b.yaml:3:3: got the alias *v, want a mapping with ` + keys},
		{"version: &v 1\nfindings: *v\n", `b.yaml:2:11: findings: got the alias *v, want a list`},
		{"version: 1\nfindings:\n- *v\n", `b.yaml: found no YAML: unknown anchor 'v' referenced`},
		{"version: 1\n\tfindings: []\n", `b.yaml:2: found no YAML: found a tab character that violates indentation`},
		{"version: 1\nfindings: [\n", `b.yaml:2: found no YAML: did not find expected node content`},
		{"version: \xff\n", `b.yaml: found no YAML: invalid leading UTF-8 octet`},
	} {
		got, err := baseline.Read("b.yaml", strings.NewReader(tc.text))
		if err == nil || err.Error() != tc.want || got != nil {
			t.Errorf("Read(%q) = %v, %v, want the error %s", tc.text, got, err, tc.want)
		}
	}
}

func TestReadLimit(t *testing.T) {
	_, err := baseline.Read("b.yaml", io.LimitReader(endless{}, 64<<20+1))
	if want := "b.yaml: larger than 64 MiB, want a baseline for each of several parts"; err == nil || err.Error() != want {
		t.Errorf("Read(64 MiB and a byte) = %v, want the error %s", err, want)
	}
	if got, err := baseline.Read("b.yaml", io.LimitReader(endless{}, 64<<20)); err != nil || got != nil {
		t.Errorf("Read(64 MiB of blank lines) = %v, %v, want nothing", got, err)
	}
	broken := errors.New("broken")
	if _, err := baseline.Read("b.yaml", iotest.ErrReader(broken)); !errors.Is(err, broken) || err.Error() != "b.yaml: broken" {
		t.Errorf("Read(a broken file) = %v, want b.yaml: broken", err)
	}
}

// endless is a file of blank lines.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '\n'
	}
	return len(p), nil
}
