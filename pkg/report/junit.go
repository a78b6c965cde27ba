package report

import (
	"encoding/xml"
	"io"
	"strings"
)

// The part of the JUnit format that CI servers agree on: counts as attributes, and an
// element in a testcase for what did not pass.
type (
	junitSuites struct {
		XMLName xml.Name `xml:"testsuites"`
		junitCounts
		Suites []*junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name string `xml:"name,attr"`
		junitCounts
		Cases []junitCase `xml:"testcase"`
	}
	junitCounts struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr"`
		Line    int           `xml:"line,attr,omitempty"`
		Skipped *junitOutcome `xml:"skipped"`
		Failure *junitOutcome `xml:"failure"`
		Error   *junitOutcome `xml:"error"`
	}
	junitOutcome struct {
		Message string `xml:"message,attr"` // the first line
		Text    string `xml:",chardata"`    // the others
	}
)

// JUnit writes a run as JUnit's XML, whole, when it is closed: a testsuite for each file
// and a testcase for each object and each rule that has findings for it. Denials are
// failures, other findings are skipped tests with their message, and what was not judged
// is an error, with a testcase for each constraint that could not judge.
func JUnit(out io.Writer) Writer { return &junit{out: out} }

type junit struct {
	cases
	out io.Writer
}

func (j *junit) Close(Summary) error {
	j.settle()
	var all junitSuites
	byFile := map[string]*junitSuite{}
	for _, c := range j.all {
		file := c.position.File
		suite := byFile[file]
		if suite == nil {
			suite = &junitSuite{Name: file}
			byFile[file] = suite
			all.Suites = append(all.Suites, suite)
		}
		suite.Cases = append(suite.Cases, junitCaseOf(c))
		suite.count(c.verdict)
		all.count(c.verdict)
	}
	if _, err := io.WriteString(j.out, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(j.out)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(j.out, "\n")
	return err
}

func (n *junitCounts) count(v verdict) {
	n.Tests++
	switch v {
	case warned:
		n.Skipped++
	case denied:
		n.Failures++
	case notJudged:
		n.Errors++
	}
}

func junitCaseOf(c *testCase) junitCase {
	entry := junitCase{Name: c.name(), Class: c.position.File, File: c.position.File, Line: c.position.Line}
	if c.verdict == passed {
		return entry
	}
	outcome := &junitOutcome{Message: c.lines[0], Text: strings.Join(c.lines[1:], "\n")}
	switch c.verdict {
	case warned:
		entry.Skipped = outcome
	case denied:
		entry.Failure = outcome
	case notJudged:
		entry.Error = outcome
	}
	return entry
}
