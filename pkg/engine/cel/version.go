package cel

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A version is a semantic version without its build metadata, which compares as nothing.
type version struct {
	numbers    [3]uint64 // major, minor, patch
	prerelease []string
}

// versionSyntax is the grammar of semver.org 2.0.0.
var versionSyntax = sync.OnceValue(func() *regexp.Regexp {
	const (
		number = `(0|[1-9][0-9]*)`
		label  = `(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)`
	)
	return regexp.MustCompile(`^` + number + `\.` + number + `\.` + number +
		`(?:-(` + label + `(?:\.` + label + `)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$`)
})

// parseVersion parses a version. If it is lenient, it takes a v before it, zeros before a
// number, and minor and patch that are missing.
func parseVersion(text string, lenient bool) (version, error) {
	var v version
	full := text
	if lenient {
		var ok bool
		if full, ok = normalized(text); !ok {
			return v, fmt.Errorf("got version %q, want all three numbers before a prerelease or build", text)
		}
	}
	found := versionSyntax().FindStringSubmatch(full)
	if found == nil {
		return v, fmt.Errorf("got %q, want a semantic version", text)
	}
	for i := range v.numbers {
		number, err := strconv.ParseUint(found[1+i], 10, 64)
		if err != nil {
			return v, fmt.Errorf("got version %q, want numbers of 64 bits", text)
		}
		v.numbers[i] = number
	}
	if found[4] == "" {
		return v, nil
	}
	v.prerelease = strings.Split(found[4], ".")
	for _, label := range v.prerelease {
		if _, err := strconv.ParseUint(label, 10, 64); isNumber(label) && err != nil {
			return v, fmt.Errorf("got version %q, want numbers of 64 bits", text)
		}
	}
	return v, nil
}

// normalized is the full form of a short version. The patch goes on to the end of the
// text here, so that zeros before it are dropped if a digit is behind them.
func normalized(text string) (string, bool) {
	parts := strings.SplitN(strings.TrimPrefix(text, "v"), ".", 3)
	for i, part := range parts {
		if len(part) > 1 {
			part = strings.TrimLeft(part, "0")
			if part == "" || part[0] < '0' || part[0] > '9' {
				part = "0" + part
			}
			parts[i] = part
		}
	}
	if len(parts) < 3 && strings.ContainsAny(parts[len(parts)-1], "+-") {
		return "", false
	}
	for len(parts) < 3 {
		parts = append(parts, "0")
	}
	return strings.Join(parts, "."), true
}

// compare is -1, 0 or 1 by precedence (semver.org 2.0.0, item 11).
func (v version) compare(other version) int {
	if c := slices.Compare(v.numbers[:], other.numbers[:]); c != 0 {
		return c
	}
	if len(v.prerelease) == 0 || len(other.prerelease) == 0 {
		return cmp.Compare(len(other.prerelease), len(v.prerelease)) // none is the release itself
	}
	return slices.CompareFunc(v.prerelease, other.prerelease, comparePrerelease)
}

// comparePrerelease compares two identifiers: numbers by value, and before all others.
func comparePrerelease(a, b string) int {
	switch {
	case isNumber(a) && isNumber(b):
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	case isNumber(a):
		return -1
	case isNumber(b):
		return 1
	}
	return strings.Compare(a, b)
}

func isNumber(text string) bool { return strings.Trim(text, "0123456789") == "" }
