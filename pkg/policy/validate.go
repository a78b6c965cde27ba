package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// A SchemaFault is one way in which a value does not fit a schema.
type SchemaFault struct {
	Path []any  // keys and indices, from the value
	Text string // what was found, what was wanted
}

// Faults are the ways in which value does not fit the schema, in order of path.
func (s *Schema) Faults(value any) []SchemaFault {
	var v validator
	v.check(s, value, nil)
	return v.faults
}

type validator struct {
	faults []SchemaFault
	loose  bool // inside allOf, anyOf, oneOf, not: unknown fields are the outer schema's business
}

func (v *validator) fault(path []any, format string, args ...any) {
	v.faults = append(v.faults, SchemaFault{slices.Clone(path), fmt.Sprintf(format, args...)})
}

func (v *validator) check(s *Schema, value any, path []any) {
	if s == nil {
		return
	}
	if value == nil && s.Nullable {
		return
	}
	if !s.checkType(value) {
		want := s.Type
		if s.IntOrString {
			want = "integer or string"
		}
		v.fault(path, "got %s, want %s", describe(value), want)
		return
	}
	if len(s.Enum) > 0 && !slices.ContainsFunc(s.Enum, func(e any) bool { return equal(e, value) }) {
		v.fault(path, "got %s, want one of %s", quote(value), quoteAll(s.Enum))
	}
	switch value := value.(type) {
	case map[string]any:
		v.object(s, value, path)
	case []any:
		v.array(s, value, path)
	case string:
		v.text(s, value, path)
	case int64:
		v.number(s, float64(value), path)
	case float64:
		v.number(s, value, path)
	}
	v.combined(s, value, path)
}

func (s *Schema) checkType(value any) bool {
	if s.IntOrString {
		switch value.(type) {
		case int64, string:
			return true
		}
		return false
	}
	switch s.Type {
	case "":
		return true
	case "object":
		_, ok := value.(map[string]any)
		return ok
	case "array":
		_, ok := value.([]any)
		return ok
	case "string":
		_, ok := value.(string)
		return ok
	case "boolean":
		_, ok := value.(bool)
		return ok
	case "number":
		switch value.(type) {
		case int64, float64:
			return true
		}
		return false
	}
	switch value := value.(type) { // integer
	case int64:
		return true
	case float64:
		return value == math.Trunc(value)
	}
	return false
}

func (v *validator) object(s *Schema, value map[string]any, path []any) {
	for _, name := range s.Required {
		if _, ok := value[name]; !ok {
			v.fault(path, "%q is missing", name)
		}
	}
	if s.MinProperties != nil && len(value) < *s.MinProperties {
		v.fault(path, "got %d fields, want at least %d", len(value), *s.MinProperties)
	}
	if s.MaxProperties != nil && len(value) > *s.MaxProperties {
		v.fault(path, "got %d fields, want at most %d", len(value), *s.MaxProperties)
	}
	for _, name := range slices.Sorted(maps.Keys(value)) {
		at := append(slices.Clone(path), name)
		switch property, ok := s.Properties[name]; {
		case ok:
			v.check(property, value[name], at)
		case s.AdditionalProperties != nil && s.AdditionalProperties.Allows:
			v.check(s.AdditionalProperties.Schema, value[name], at)
		case !v.loose && !s.PreserveUnknown:
			v.fault(at, "unknown field%s", have(s.Properties))
		}
	}
}

func have(properties map[string]*Schema) string {
	if len(properties) == 0 {
		return ""
	}
	return "; have " + strings.Join(slices.Sorted(maps.Keys(properties)), ", ")
}

func (v *validator) array(s *Schema, value []any, path []any) {
	if s.MinItems != nil && len(value) < *s.MinItems {
		v.fault(path, "got %d items, want at least %d", len(value), *s.MinItems)
	}
	if s.MaxItems != nil && len(value) > *s.MaxItems {
		v.fault(path, "got %d items, want at most %d", len(value), *s.MaxItems)
	}
	for i, item := range value {
		at := append(slices.Clone(path), i)
		v.check(s.Items, item, at)
		if s.UniqueItems && slices.ContainsFunc(value[:i], func(e any) bool { return equal(e, item) }) {
			v.fault(at, "item %s stands twice", quote(item))
		}
	}
}

func (v *validator) text(s *Schema, value string, path []any) {
	length := utf8.RuneCountInString(value)
	if s.MinLength != nil && length < *s.MinLength {
		v.fault(path, "got %d characters, want at least %d", length, *s.MinLength)
	}
	if s.MaxLength != nil && length > *s.MaxLength {
		v.fault(path, "got %d characters, want at most %d", length, *s.MaxLength)
	}
	if s.pattern != nil && !s.pattern.MatchString(value) {
		v.fault(path, "got %q, want a match of %s", value, s.Pattern)
	}
}

func (v *validator) number(s *Schema, value float64, path []any) {
	if s.Minimum != nil && (value < *s.Minimum || s.ExclusiveMinimum && value == *s.Minimum) {
		v.fault(path, "got %v, want at least %v%s", value, *s.Minimum, exclusive(s.ExclusiveMinimum))
	}
	if s.Maximum != nil && (value > *s.Maximum || s.ExclusiveMaximum && value == *s.Maximum) {
		v.fault(path, "got %v, want at most %v%s", value, *s.Maximum, exclusive(s.ExclusiveMaximum))
	}
	if s.MultipleOf != nil && math.Mod(value, *s.MultipleOf) != 0 {
		v.fault(path, "got %v, want a multiple of %v", value, *s.MultipleOf)
	}
}

func exclusive(yes bool) string {
	if yes {
		return " (exclusive)"
	}
	return ""
}

// combined checks allOf, anyOf, oneOf and not.
func (v *validator) combined(s *Schema, value any, path []any) {
	fits := func(part *Schema) bool {
		inner := validator{loose: true}
		inner.check(part, value, nil)
		return len(inner.faults) == 0
	}
	for _, part := range s.AllOf {
		inner := validator{loose: true}
		inner.check(part, value, path)
		v.faults = append(v.faults, inner.faults...)
	}
	if len(s.AnyOf) > 0 && !slices.ContainsFunc(s.AnyOf, fits) {
		v.fault(path, "got %s, want it to fit one of anyOf", quote(value))
	}
	if len(s.OneOf) > 0 {
		if n := count(s.OneOf, fits); n != 1 {
			v.fault(path, "got %s, which fits %d of oneOf, want one", quote(value), n)
		}
	}
	if s.Not != nil && fits(s.Not) {
		v.fault(path, "got %s, which not forbids", quote(value))
	}
}

func count(parts []*Schema, fits func(*Schema) bool) int {
	n := 0
	for _, part := range parts {
		if fits(part) {
			n++
		}
	}
	return n
}

func describe(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "an object"
	case []any:
		return "an array"
	default:
		return quote(value)
	}
}

func quote(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

func quoteAll(values []any) string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = quote(value)
	}
	return strings.Join(texts, ", ")
}

// equal compares JSON values; 1 and 1.0 are the same.
func equal(a, b any) bool {
	if x, ok := toFloat(a); ok {
		y, ok := toFloat(b)
		return ok && x == y
	}
	return reflect.DeepEqual(a, b)
}

func toFloat(value any) (float64, bool) {
	switch value := value.(type) {
	case int64:
		return float64(value), true
	case float64:
		return value, true
	}
	return 0, false
}
