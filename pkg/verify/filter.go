package verify

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A Filter chooses tests and cases by name. The zero Filter chooses all.
type Filter struct {
	test, testCase *regexp.Regexp // nil for all
	either         bool           // they are the same expression, and one match is enough
}

// NewFilter reads a filter: "TEST//CASE", two regular expressions that both must match, of
// which an empty one matches all; or one, which chooses the tests of matching names with
// all their cases, and cases of matching names. "" chooses all.
func NewFilter(text string) (Filter, error) {
	if text == "" {
		return Filter{}, nil
	}
	parts := strings.Split(text, "//")
	if len(parts) > 2 {
		return Filter{}, fmt.Errorf("got %q, want at most one //", text)
	}
	var expressions []*regexp.Regexp
	for _, part := range parts {
		expression, err := regexp.Compile(part)
		if err != nil {
			return Filter{}, fmt.Errorf("got %q: %w", text, err)
		}
		expressions = append(expressions, expression)
	}
	return Filter{expressions[0], expressions[len(parts)-1], len(parts) == 1}, nil
}

func (f Filter) hasTest(t test) bool {
	return f.test == nil || f.test.MatchString(t.name) ||
		f.either && slices.ContainsFunc(t.cases, func(c testCase) bool { return f.hasCase(t, c) })
}

func (f Filter) hasCase(t test, c testCase) bool {
	if f.test == nil {
		return true
	}
	inTest, inCase := f.test.MatchString(t.name), f.testCase.MatchString(c.name)
	return inTest && inCase || f.either && (inTest || inCase)
}
