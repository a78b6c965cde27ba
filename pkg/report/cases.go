package report

import (
	"fmt"
	"slices"

	"github.com/memgate/memgate/pkg/manifest"
)

// A verdict is how the test of an object by a rule ends.
type verdict int

// Verdicts, from the best. A case with several findings has the worst.
const (
	passed    verdict = iota
	warned            // warn, dryrun and allowed gaps: what a test runner shows and does not fail for
	denied            // the only failure
	notJudged         // neither pass nor failure
)

// A testCase is a run in the words of test runners: an object that a rule has findings
// for, an object that a constraint could not judge, an object without either, or a
// document that cannot be read.
type testCase struct {
	position manifest.Position // of the first finding that has the verdict
	object   string
	rule     string // or the constraint that could not judge; "" if there is none
	verdict  verdict
	lines    []string // as Text has them, without the place of what was not judged; the first has the verdict
}

func (c testCase) name() string {
	if c.rule == "" {
		return c.object
	}
	return c.object + ": " + c.rule
}

// cases makes testCases of the events of a run, in their order. It is the part of a Writer
// that JUnit and TAP share.
type cases struct {
	Ignore
	all    []*testCase
	object *testCase             // the last one, while nothing was found
	open   map[caseKey]*testCase // those of the last object
}

type caseKey struct {
	file   string
	object Object
	rule   string
}

func (c *cases) Object(e Entry) error {
	if e.Template != nil {
		return nil // told of as the object that holds it
	}
	c.settle()
	c.object = &testCase{position: e.Position, object: e.Object.String()}
	c.open = nil
	return nil
}

// settle ends the last object, which passed if nothing was found.
func (c *cases) settle() {
	if c.object != nil {
		c.all = append(c.all, c.object)
		c.object = nil
	}
}

func (c *cases) add(at manifest.Position, o Object, rule string, v verdict, line string) {
	c.object = nil
	key := caseKey{at.File, o, rule}
	entry := c.open[key]
	if entry == nil {
		entry = &testCase{position: at, object: o.String(), rule: rule}
		c.all = append(c.all, entry)
		if c.open == nil {
			c.open = map[caseKey]*testCase{}
		}
		c.open[key] = entry
	}
	if v > entry.verdict {
		entry.verdict, entry.position = v, at
		entry.lines = slices.Insert(entry.lines, 0, line)
	} else {
		entry.lines = append(entry.lines, line)
	}
}

func (c *cases) Finding(f Finding) error {
	v := warned
	if f.Action == "deny" {
		v = denied
	}
	c.add(f.Place.Start, f.Object, f.Rule, v, fmt.Sprintf("%s: %s: %s", f.Place.Start, f.Action, f.text()))
	return nil
}

func (c *cases) Gap(g Gap) error {
	v := notJudged
	if g.Allowed {
		v = warned
	}
	if g.Object == nil || len(g.Constraints) == 0 {
		c.settle()
		name := g.Reason
		if g.Position.Line > 0 {
			name = fmt.Sprintf("%s at line %d", name, g.Position.Line)
		}
		c.all = append(c.all, &testCase{position: g.Position, object: name, verdict: v, lines: []string{g.text()}})
		return nil
	}
	line := Gap{Text: g.Text}.text()
	for _, constraint := range g.Constraints {
		c.add(g.Position, *g.Object, constraint.String(), v, line)
	}
	return nil
}
