package verify

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// The part of the JUnit format that CI servers agree on: counts and times as attributes,
// and an element in a testcase for what did not pass.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Time     string       `xml:"time,attr"` // seconds
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		File     string      `xml:"file,attr,omitempty"`
		Line     int         `xml:"line,attr,omitempty"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr,omitempty"`
		Line    int           `xml:"line,attr,omitempty"`
		Time    string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure"`
		Skipped *struct{}     `xml:"skipped"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes a result as JUnit's XML: a testsuite for each test of a suite, with a
// testcase for each case. A test that fails by itself, or that has no cases, has a
// testcase of its own name; so has the coverage of each template, where there is a
// threshold to reach.
func WriteJUnit(out io.Writer, r Result, threshold float64) error {
	var all junitSuites
	seconds := 0.0
	add := func(s junitSuite, took float64) {
		for _, c := range s.Cases {
			s.Tests++
			if c.Failure != nil {
				s.Failures++
			}
			if c.Skipped != nil {
				s.Skipped++
			}
		}
		s.Time = junitTime(took)
		all.Suites = append(all.Suites, s)
		all.Tests, all.Failures, all.Skipped = all.Tests+s.Tests, all.Failures+s.Failures, all.Skipped+s.Skipped
		seconds += took
	}
	for _, s := range r.Suites {
		for _, t := range s.Tests {
			add(junitTest(s.File, t), t.Seconds)
		}
	}
	if threshold > 0 && len(r.Coverage) > 0 {
		add(junitCoverage(r.Coverage, threshold), 0)
	}
	all.Time = junitTime(seconds)
	if _, err := io.WriteString(out, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(out)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(out, "\n")
	return err
}

func junitTest(file string, t TestResult) junitSuite {
	s := junitSuite{Name: file + ": " + t.Name, File: file, Line: t.Line}
	if len(t.Faults) > 0 || len(t.Cases) == 0 {
		s.Cases = append(s.Cases, junitCaseOf(s, t.Name, t.Line, t.Status, t.Seconds, t.Faults))
	}
	for _, c := range t.Cases {
		s.Cases = append(s.Cases, junitCaseOf(s, c.Name, c.Line, c.Status, c.Seconds, c.Faults))
	}
	return s
}

func junitCaseOf(s junitSuite, name string, line int, status Status, seconds float64, found []Fault) junitCase {
	c := junitCase{Name: name, Class: s.Name, File: s.File, Line: line, Time: junitTime(seconds)}
	switch status {
	case Failed:
		c.Failure = junitFailureOf(found)
	case Skipped:
		c.Skipped = &struct{}{}
	}
	return c
}

func junitFailureOf(found []Fault) *junitFailure {
	var texts []string
	for _, f := range found {
		texts = append(texts, f.Error())
	}
	return &junitFailure{Message: strings.Join(texts, "; "), Text: strings.Join(texts, "\n")}
}

func junitCoverage(coverage []Coverage, threshold float64) junitSuite {
	s := junitSuite{Name: "coverage"}
	for _, each := range coverage {
		c := junitCase{Name: each.Template, Class: s.Name, File: each.File, Time: junitTime(0)}
		if each.Short {
			c.Failure = &junitFailure{Message: fmt.Sprintf("%s: %s of the lines of %s are covered, want %g%%", each.File, each.Share, each.Template, threshold)}
			for _, m := range each.Modules {
				if len(m.Missing) > 0 {
					c.Failure.Text += m.missing(each.File) + "\n"
				}
			}
		}
		s.Cases = append(s.Cases, c)
	}
	return s
}

func junitTime(seconds float64) string { return fmt.Sprintf("%.3f", seconds) }
