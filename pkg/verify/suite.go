// Package verify runs Gatekeeper's Suites (test.gatekeeper.sh): tests of a template and a
// constraint, each by cases that review one object and assert what is found. It finds and
// reads suites, runs them, counts the lines of Rego that they reach, and writes results.
// It knows neither flags nor exit statuses.
package verify

import (
	"errors"
	"strings"

	"github.com/memgate/memgate/pkg/manifest"
)

// group is the API group of suites. Gatekeeper's gator (v3.23 pkg/gator/verify), whose
// format this is, reads every version of it.
const group = "test.gatekeeper.sh"

// A Suite is one document of the kind Suite.
type Suite struct {
	File    string  // slash-separated, as it was found
	Unknown []Fault // fields that have no effect
	at      manifest.Position
	skip    bool
	tests   []test
}

// A test is a template and a constraint, and what they are to find.
type test struct {
	name       string
	at         manifest.Position
	template   reference
	constraint reference
	expansion  reference
	invalid    bool // the constraint is to be refused
	skip       bool
	cases      []testCase
}

// A testCase is one object and what is to be found in it.
type testCase struct {
	name       string
	at         manifest.Position
	object     reference
	inventory  []reference
	assertions []assertion
	skip       bool
	faults     []Fault // why it cannot be run
}

// A reference is the path of a file, relative to that of the suite, and where it is
// written.
type reference struct {
	path string
	at   manifest.Position
}

func isSuite(object *manifest.Object) bool {
	name, _, _ := strings.Cut(object.APIVersion(), "/")
	return name == group && object.Kind() == "Suite"
}

// newSuite reads a suite. The error joins a Fault for each field of a wrong type.
func newSuite(object *manifest.Object) (*Suite, error) {
	reading := &reading{object: object}
	top := fields{suite: reading, value: object.Value}
	top.only("apiVersion", "kind", "metadata", "skip", "tests")
	s := &Suite{File: object.Position().File, at: object.Position(), skip: top.flag("skip")}
	for _, f := range top.mappings("tests") {
		s.tests = append(s.tests, newTest(f))
	}
	s.Unknown = reading.unknown
	return s, errors.Join(reading.faults...)
}

func newTest(f fields) test {
	f.only("name", "template", "constraint", "expansion", "cases", "invalid", "skip")
	t := test{
		name: f.text("name"), at: f.place(),
		template: f.reference("template"), constraint: f.reference("constraint"), expansion: f.reference("expansion"),
		invalid: f.flag("invalid"), skip: f.flag("skip"),
	}
	for _, f := range f.mappings("cases") {
		t.cases = append(t.cases, newCase(f))
	}
	return t
}

func newCase(f fields) testCase {
	f.only("name", "object", "inventory", "assertions", "skip")
	c := testCase{
		name: f.text("name"), at: f.place(),
		object: f.reference("object"), inventory: f.references("inventory"), skip: f.flag("skip"),
	}
	for _, f := range f.mappings("assertions") {
		a, err := newAssertion(f)
		c.assertions, c.faults = append(c.assertions, a), append(c.faults, faults(err, c.at)...)
	}
	if len(c.assertions) == 0 {
		c.faults = append(c.faults, faultAt(c.at, "assertions: want one at least, such as violations: no"))
	}
	return c
}
