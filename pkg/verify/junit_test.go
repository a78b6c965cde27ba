package verify_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/verify"
)

// strictJUnit reads JUnit's XML as Jenkins' schema has it: no element and no attribute but
// these, and counts that are those of the elements.
func strictJUnit(t *testing.T, text string, r verify.Result) {
	t.Helper()
	allowed := map[string][]string{
		"testsuites": {"tests", "failures", "skipped", "time"},
		"testsuite":  {"name", "file", "line", "tests", "failures", "skipped", "time"},
		"testcase":   {"name", "classname", "file", "line", "time"},
		"failure":    {"message"},
		"skipped":    nil,
	}
	decoder := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		attributes, known := allowed[element.Name.Local]
		if !known {
			t.Errorf("element %s is no part of JUnit's format", element.Name.Local)
		}
		for _, a := range element.Attr {
			if !strings.Contains(" "+strings.Join(attributes, " ")+" ", " "+a.Name.Local+" ") {
				t.Errorf("attribute %s of %s is no part of JUnit's format", a.Name.Local, element.Name.Local)
			}
		}
	}
	type counts struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Skipped  int `xml:"skipped,attr"`
	}
	var read struct {
		counts
		Suites []struct {
			counts
			Cases []struct {
				Failure *struct {
					Message string `xml:"message,attr"`
				} `xml:"failure"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(text), &read); err != nil {
		t.Fatal(err)
	}
	var all counts
	for i, s := range read.Suites {
		var found counts
		for _, c := range s.Cases {
			found.Tests++
			if c.Failure != nil {
				found.Failures++
				if c.Failure.Message == "" {
					t.Errorf("testsuite %d: a failure without a message", i)
				}
			}
			if c.Skipped != nil {
				found.Skipped++
			}
		}
		if s.counts != found {
			t.Errorf("testsuite %d says %+v and holds %+v", i, s.counts, found)
		}
		all = counts{all.Tests + found.Tests, all.Failures + found.Failures, all.Skipped + found.Skipped}
	}
	if read.counts != all {
		t.Errorf("testsuites says %+v and holds %+v", read.counts, all)
	}
	failures := r.Summary.Cases.Failed + r.Summary.CoverageShort
	for _, s := range r.Suites {
		for _, test := range s.Tests {
			if len(test.Faults) > 0 {
				failures++
			}
		}
	}
	if all.Failures != failures {
		t.Errorf("JUnit has %d failures, the result %d", all.Failures, failures)
	}
}

// TestNames wants names that mean something to a terminal or to XML to come out as text.
func TestNames(t *testing.T) {
	r := verify.Result{
		Suites: []verify.SuiteResult{{File: "a&b.yaml", Status: verify.Failed, Tests: []verify.TestResult{{
			Name: "<t>\n\x1b[31m", Status: verify.Failed,
			Cases: []verify.CaseResult{{Name: `"]]>`, Status: verify.Failed, Faults: []verify.Fault{{File: "f", Line: 1, Text: "<&\x00\nPASS"}}}},
		}}}},
		Summary: verify.Summary{Tests: verify.Counts{Failed: 1}, Cases: verify.Counts{Failed: 1}, Judged: 1},
	}
	junit := text(t, func(w io.Writer) error { return verify.WriteJUnit(w, r, 0) })
	strictJUnit(t, junit, r)
	var read struct {
		Suite struct {
			Name string `xml:"name,attr"`
			Case struct {
				Name    string `xml:"name,attr"`
				Failure string `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(junit), &read); err != nil {
		t.Fatal(err)
	}
	got := []string{read.Suite.Name, read.Suite.Case.Name, read.Suite.Case.Failure}
	want := []string{"a&b.yaml: <t>\n\ufffd[31m", `"]]>`, "f:1: <&\ufffd\nPASS"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("JUnit reads back as %q, want %q", got, want)
	}
	const lines = "    --- FAIL: \"]]>\t(0.000s)\n        f:1: <&\x00\\nPASS\n--- FAIL: <t>\\n\\x1b[31m\t(0.000s)\nFAIL\ta&b.yaml\t0.000s\nFAIL\n"
	if got := asText(t, r, false); got != lines {
		t.Errorf("text: got %q, want %q", got, lines)
	}
}
