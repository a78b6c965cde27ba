package verify

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/memgate/memgate/pkg/manifest"
)

// fields are a mapping in a suite, read field by field. A reading that finds another type
// than the one it wants notes a fault and goes on without.
type fields struct {
	suite *reading
	path  []any // from the root of the suite
	value map[string]any
}

// A reading is the state of reading one suite.
type reading struct {
	object  *manifest.Object
	faults  []error
	unknown []Fault
}

func (f fields) place(path ...any) manifest.Position {
	return f.suite.object.Place(f.below(path...)).Start
}

func (f fields) below(path ...any) []any { return slices.Concat(f.path, path) }

// wrong notes that the value at a path is not what is wanted.
func (f fields) wrong(got any, want string, path ...any) {
	f.suite.faults = append(f.suite.faults, faultAt(f.place(path...), "%s: got %s, want %s",
		manifest.PathString(f.below(path...)), describe(got), want))
}

// only notes the fields that are not among known ones.
func (f fields) only(known ...string) {
	for _, key := range slices.Sorted(maps.Keys(f.value)) {
		if !slices.Contains(known, key) {
			f.suite.unknown = append(f.suite.unknown, faultAt(f.place(key), "%s: unknown field, which has no effect; have %s",
				manifest.PathString(f.below(key)), strings.Join(known, ", ")))
		}
	}
}

func (f fields) text(key string) string {
	switch value := f.value[key].(type) {
	case nil:
	case string:
		return value
	default:
		f.wrong(value, "a text, in quotes", key)
	}
	return ""
}

func (f fields) flag(key string) bool {
	switch value := f.value[key].(type) {
	case nil:
	case bool:
		return value
	default:
		f.wrong(value, "true or false", key)
	}
	return false
}

func (f fields) list(key string) []any {
	switch value := f.value[key].(type) {
	case nil:
	case []any:
		return value
	default:
		f.wrong(value, "a list", key)
	}
	return nil
}

// mappings are the elements of a list of mappings.
func (f fields) mappings(key string) []fields {
	var found []fields
	for i, element := range f.list(key) {
		value, ok := element.(map[string]any)
		if !ok {
			f.wrong(element, "a mapping", key, i)
			continue
		}
		found = append(found, fields{f.suite, f.below(key, i), value})
	}
	return found
}

// reference is the file that a field names; none if there is no such field.
func (f fields) reference(key string) reference {
	return reference{f.text(key), f.place(key)}
}

// references are the files that a list names.
func (f fields) references(key string) []reference {
	var found []reference
	for i, element := range f.list(key) {
		name, ok := element.(string)
		if !ok {
			f.wrong(element, "the path of a file", key, i)
			continue
		}
		found = append(found, reference{name, f.place(key, i)})
	}
	return found
}

func describe(value any) string {
	switch value := value.(type) {
	case nil:
		return "nothing"
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	case string:
		return fmt.Sprintf("%q", value)
	case bool:
		return fmt.Sprintf("the boolean %t", value)
	}
	return fmt.Sprintf("the number %v", value)
}
