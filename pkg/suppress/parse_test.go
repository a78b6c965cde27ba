package suppress

import (
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/memgate/memgate/pkg/manifest"
)

func TestParse(t *testing.T) {
	day := time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		text  string
		rules []string
		terms terms
		err   string
	}{
		{text: `memgate:ignore a reason=b`, rules: []string{"a"}, terms: terms{reason: "b"}},
		{text: `memgate:ignore  a,b,c	reason="d e"  until=2027-01-31 `, rules: []string{"a", "b", "c"}, terms: terms{"d e", day}},
		{text: `memgate:ignore a until="2027-01-31" reason="\"b\" \\ \u00e9 é"`, rules: []string{"a"}, terms: terms{`"b" \ é é`, day}},
		{text: `memgate:ignore a reason=b=c,#4`, rules: []string{"a"}, terms: terms{reason: "b=c,#4"}},
		{text: `memgate:ignored a reason=b`, err: `found "memgate:ignored", want memgate:ignore`},
		{text: `memgate:ignore`, err: `memgate:ignore: no rule, want memgate:ignore RULE reason="..."`},
		{text: `memgate:ignore reason=b`, err: `memgate:ignore: no rule, want memgate:ignore RULE reason="..."`},
		{text: `memgate:ignore a, b reason=c`, err: `memgate:ignore: found "a,", want rules with "," and no blank between them`},
		{text: `memgate:ignore a,b,a reason=c`, err: `memgate:ignore: rule "a" is named twice`},
		{text: `memgate:ignore a`, err: `memgate:ignore: no reason, want reason="why this is accepted"`},
		{text: `memgate:ignore a reason=`, err: `memgate:ignore: no reason, want reason="why this is accepted"`},
		{text: `memgate:ignore a reason=" "`, err: `memgate:ignore: no reason, want reason="why this is accepted"`},
		{text: `memgate:ignore a reason="b\nc"`, err: `memgate:ignore: reason: found "b\nc", want one line of text`},
		{text: `memgate:ignore a reason="\xff"`, err: `memgate:ignore: reason: found "\xff", want one line of text`},
		{text: `memgate:ignore a because b`, err: `memgate:ignore: found "because", want reason="..." or until=2027-01-31`},
		{text: `memgate:ignore a reason=b c`, err: `memgate:ignore: found "c", want reason="..." or until=2027-01-31`},
		{text: `memgate:ignore a reason=b expires=2027-01-31`, err: `memgate:ignore: found "expires=", want reason="..." or until=2027-01-31`},
		{text: `memgate:ignore a Reason=b`, err: `memgate:ignore: found "Reason=", want reason="..." or until=2027-01-31`},
		{text: `memgate:ignore a reason=b reason=c`, err: `memgate:ignore: reason stands there twice, want it once`},
		{text: `memgate:ignore a reason="b`, err: `memgate:ignore: reason: found "\"b", want a text in double quotes that ends, with \" and \\ for these two inside of it`},
		{text: `memgate:ignore a reason="b"c`, err: `memgate:ignore: reason: found "c" behind the closing quote, want a blank`},
		{text: `memgate:ignore a reason=b"c"`, err: `memgate:ignore: reason: found "b\"c\"", want the whole of it in double quotes`},
		{text: `memgate:ignore a reason=b until=2027-02-29`, err: `memgate:ignore: until: found "2027-02-29", want a date such as 2027-01-31`},
		{text: `memgate:ignore a reason=b until=31.1.2027`, err: `memgate:ignore: until: found "31.1.2027", want a date such as 2027-01-31`},
		{text: `memgate:ignore a reason=b until=0001-01-01`, err: `memgate:ignore: until: found "0001-01-01", want a date such as 2027-01-31`},
		{text: `memgate:ignore a reason=b until=`, err: `memgate:ignore: until: found "", want a date such as 2027-01-31`},
	} {
		rules, terms, err := parse(tc.text)
		if !reflect.DeepEqual(rules, tc.rules) || terms != tc.terms || message(err) != tc.err {
			t.Errorf("parse(%q) = %q, %+v, %q; want %q, %+v, %q", tc.text, rules, terms, message(err), tc.rules, tc.terms, tc.err)
		}
	}
}

func TestParseAnnotation(t *testing.T) {
	day := time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		text  string
		terms terms
		err   string
	}{
		{text: "the cache is sized by hand", terms: terms{reason: "the cache is sized by hand"}},
		{text: " it's \"fine\",\n  see https://example.com/?a=b \n", terms: terms{reason: `it's "fine", see https://example.com/?a=b`}},
		{text: `reason="a b" until=2027-01-31`, terms: terms{"a b", day}},
		{text: "until=2027-01-31\nreason=a\n", terms: terms{"a", day}},
		{text: "", err: `no reason, want reason="why this is accepted"`},
		{text: "until=2027-01-31", err: `no reason, want reason="why this is accepted"`},
		{text: "a until=2027-01-31", err: `found "a", want reason="..." or until=2027-01-31, and around a text with "=" in it, reason="..."`},
		{text: "expires=2027-01-31", err: `found "expires=", want reason="..." or until=2027-01-31`},
		{text: "a \x1b[2J", err: `reason: found "a \x1b[2J", want one line of text`},
	} {
		terms, err := parseAnnotation(tc.text)
		if terms != tc.terms || message(err) != tc.err {
			t.Errorf("parseAnnotation(%q) = %+v, %q; want %+v, %q", tc.text, terms, message(err), tc.terms, tc.err)
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestUnknown(t *testing.T) {
	for rule, want := range map[string]string{
		"*":                     `found "*", want the id of each rule that is suppressed`,
		"mem-limit-required":    `rule "mem-limit-required" is unknown, did you mean "memory-limit-required"`,
		"shm-siz":               `rule "shm-siz" is unknown, did you mean "shm-size"`,
		"shm-sizex":             `rule "shm-sizex" is unknown, did you mean "shm-size"`,
		"privileged":            `rule "privileged" is unknown`,
		"":                      `rule "" is unknown`,
		strings.Repeat("x", 50): `rule "` + strings.Repeat("x", 50) + `" is unknown`,
	} {
		if got := unknown(rule, rules); got != want {
			t.Errorf("unknown(%q, %q) = %q, want %q", rule, rules, got, want)
		}
	}
}

// What parses can be written so that it parses to the same, and what does not parse says
// why.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		`a reason=b`, `a,b,c reason="d e" until=2027-01-31`, `a until="2027-01-31" reason="\"b\" \\ \u00e9 é"`, `a,, reason=b`, "a\r\nreason=b", `a reason=`, `the cache is sized by hand`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		written := func(terms terms) string {
			s := " reason=" + strconv.Quote(terms.reason)
			if !terms.until.IsZero() {
				s += " until=" + terms.until.Format(time.DateOnly)
			}
			return s
		}
		rules, terms, err := parse(directive + " " + text)
		if err != nil && err.Error() == directive+": " {
			t.Errorf("parse(%q) gives an empty error", text)
		}
		if err == nil {
			again := directive + " " + strings.Join(rules, ",") + written(terms)
			if r, got, err := parse(again); err != nil || !reflect.DeepEqual(r, rules) || got != terms {
				t.Errorf("parse(%q) = %q, %+v, %v; want %q, %+v, as of %q", again, r, got, err, rules, terms, text)
			}
			if len(rules) == 0 || terms.reason == "" {
				t.Errorf("parse(%q) = %q, %+v; want a rule and a reason", text, rules, terms)
			}
		}
		if terms, err := parseAnnotation(text); err == nil {
			if got, err := parseAnnotation(written(terms)); err != nil || got != terms {
				t.Errorf("parseAnnotation(%q) = %+v, %v; want %+v, as of %q", written(terms), got, err, terms, text)
			}
		}
		// In a manifest: all that is found has a place and a text.
		document := "apiVersion: v1\nkind: Pod\nmetadata: {annotations: {ignore.memgate.github.io/shm-size: " + strconv.Quote(text) + "}}\na: b # memgate:" + text + "\n"
		object, err := manifest.NewReader("t", strings.NewReader(document), manifest.Options{}).Next()
		if err != nil {
			return // such as by a character that YAML does not have
		}
		found, faults := Of(object, []string{"shm-size", "a"})
		for _, s := range found {
			if s.Position.Line < 3 || s.Position.Column < 1 || s.Reason == "" || s.Rule == "" {
				t.Errorf("Of(%q) gives %+v, want a place, a reason and a rule", document, s)
			}
		}
		for _, f := range faults {
			if f.Position.Line < 3 || f.Position.Column < 1 || f.Text == "" {
				t.Errorf("Of(%q) gives %+v, want a place and a text", document, f)
			}
		}
		if len(found) == 0 && len(faults) == 0 {
			t.Errorf("Of(%q) gives nothing, want a suppression or a fault of the annotation", document)
		}
	})
}
