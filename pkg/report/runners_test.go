package report_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/report"
)

// verdicts are what a test runner reads of the sample, by test.
var verdicts = []string{
	"pass Pod shop/fine",
	"skip Pod shop/web: low-rule",
	"fail Pod shop/web: high-rule",
	"error Pod shop/web: K/a",
	"error Pod shop/web: K/b",
	"fail Pod shop/data: high-rule",
	"skip Pod shop/data: KCustom",
	"pass Pod shop/last",
	"error unreadable at line 12",
	"error unreadable",
	"skip not built",
}

// TestJUnit reads JUnit's XML back: counts are those of the elements, and a message has
// the verdict of its test.
func TestJUnit(t *testing.T) {
	type counts struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
	}
	type outcome struct {
		Message string `xml:"message,attr"`
	}
	var read struct {
		XMLName xml.Name `xml:"testsuites"`
		counts
		Suites []struct {
			counts
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string   `xml:"name,attr"`
				Class   string   `xml:"classname,attr"`
				File    string   `xml:"file,attr"`
				Failure *outcome `xml:"failure"`
				Error   *outcome `xml:"error"`
				Skipped *outcome `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	text := written(t, func(out *strings.Builder) report.Writer { return report.JUnit(out) })
	if err := xml.Unmarshal([]byte(text), &read); err != nil {
		t.Fatal(err)
	}
	var got []string
	var all counts
	for _, suite := range read.Suites {
		var found counts
		for _, c := range suite.Cases {
			found.Tests++
			verdict := "pass"
			want := ""
			var given outcome
			switch {
			case c.Failure != nil:
				found.Failures++
				verdict, given, want = "fail", *c.Failure, ": deny: "
			case c.Error != nil:
				found.Errors++
				verdict, given, want = "error", *c.Error, "not judged: "
			case c.Skipped != nil:
				found.Skipped++
				verdict, given, want = "skip", *c.Skipped, ": "
			}
			if !strings.Contains(given.Message, want) {
				t.Errorf("%s: message %q, want one with %q", c.Name, given.Message, want)
			}
			if c.Class != suite.Name || c.File != suite.Name {
				t.Errorf("%s: class %q and file %q in suite %q", c.Name, c.Class, c.File, suite.Name)
			}
			got = append(got, verdict+" "+c.Name)
		}
		if suite.counts != found {
			t.Errorf("testsuite %s says %+v and holds %+v", suite.Name, suite.counts, found)
		}
		all = counts{all.Tests + found.Tests, all.Failures + found.Failures, all.Errors + found.Errors, all.Skipped + found.Skipped}
	}
	if read.counts != all {
		t.Errorf("testsuites says %+v and holds %+v", read.counts, all)
	}
	if !slices.Equal(got, verdicts) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(verdicts, "\n"))
	}
}

var (
	tapPoint = regexp.MustCompile(`^(not )?ok (\d+) - (?:[^\\#]|\\[\\#])*?: ((?:Pod|unreadable|not built)(?:[^\\#]|\\[\\#])*?)( # TODO .*)?$`)
	tapYAML  = regexp.MustCompile(`^  (---|\.\.\.|messages: \||  (.+))$`)
)

// TestTAP reads TAP back, line by line, as the grammar of version 13 has it.
func TestTAP(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(written(t, func(out *strings.Builder) report.Writer { return report.TAP(out) }), "\n"), "\n")
	if want := []string{"TAP version 13", fmt.Sprintf("1..%d", len(verdicts))}; !slices.Equal(lines[:2], want) {
		t.Errorf("it begins with %q, want %q", lines[:2], want)
	}
	var got []string
	for _, line := range lines[2 : len(lines)-1] {
		if m := tapYAML.FindStringSubmatch(line); m != nil {
			if last := len(got) - 1; strings.HasPrefix(m[2], "not judged: ") {
				got[last] = strings.Replace(got[last], "fail", "error", 1)
			}
			continue
		}
		m := tapPoint.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("%q is neither a test point nor part of its diagnosis", line)
			continue
		}
		if n := strconv.Itoa(len(got) + 1); m[2] != n {
			t.Errorf("%q has number %s, want %s", line, m[2], n)
		}
		verdict := "pass"
		switch {
		case m[4] != "":
			verdict = "skip"
		case m[1] != "":
			verdict = "fail"
		}
		got = append(got, verdict+" "+m[3])
	}
	if !slices.Equal(got, verdicts) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(verdicts, "\n"))
	}
	var out strings.Builder
	odd := report.Finding{Action: "warn", Rule: "r", Object: report.Object{Kind: "Pod", Name: "a # SKIP\nok 2 \\"}}
	w := report.TAP(&out)
	if err := w.Finding(odd); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(report.Summary{}); err != nil {
		t.Fatal(err)
	}
	if want := "\nnot ok 1 - : Pod a \\# SKIP ok 2 \\\\: r # TODO not denied\n"; !strings.Contains(out.String(), want) {
		t.Errorf("got %q, want it to have %q", out.String(), want)
	}
}

// TestEmpty wants a run without objects to be a report that can be read.
func TestEmpty(t *testing.T) {
	for _, tc := range []struct {
		name string
		make func(io.Writer) report.Writer
		want string
	}{
		{"junit", func(w io.Writer) report.Writer { return report.JUnit(w) }, xml.Header + `<testsuites tests="0" failures="0" errors="0" skipped="0"></testsuites>` + "\n"},
		{"tap", func(w io.Writer) report.Writer { return report.TAP(w) }, "TAP version 13\n1..0 # SKIP there is nothing to judge\n# " + report.Summary{}.String() + "\n"},
		{"gitlab", report.GitLab, "[]\n"},
		{"github", func(w io.Writer) report.Writer { return report.GitHub(w, nil) }, ""},
	} {
		var out strings.Builder
		if err := tc.make(&out).Close(report.Summary{}); err != nil {
			t.Error(err)
		}
		if out.String() != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, out.String(), tc.want)
		}
	}
}
