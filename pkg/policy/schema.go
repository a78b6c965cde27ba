package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// A Schema is an OpenAPI v3 schema as a CustomResourceDefinition may hold it, so far
// as values are checked by it. CEL rules (x-kubernetes-validations) and formats are
// not. It is immutable after compile and safe for concurrent use.
type Schema struct {
	Type                 string             `json:"type"`
	Properties           map[string]*Schema `json:"properties"`
	AdditionalProperties *schemaOrBool      `json:"additionalProperties"`
	Items                *Schema            `json:"items"`
	Required             []string           `json:"required"`
	Enum                 []any              `json:"enum"`
	Default              *json.RawMessage   `json:"default"`
	Nullable             bool               `json:"nullable"`
	Minimum              *float64           `json:"minimum"`
	Maximum              *float64           `json:"maximum"`
	ExclusiveMinimum     bool               `json:"exclusiveMinimum"`
	ExclusiveMaximum     bool               `json:"exclusiveMaximum"`
	MultipleOf           *float64           `json:"multipleOf"`
	MinLength            *int               `json:"minLength"`
	MaxLength            *int               `json:"maxLength"`
	Pattern              string             `json:"pattern"`
	MinItems             *int               `json:"minItems"`
	MaxItems             *int               `json:"maxItems"`
	UniqueItems          bool               `json:"uniqueItems"`
	MinProperties        *int               `json:"minProperties"`
	MaxProperties        *int               `json:"maxProperties"`
	AllOf                []*Schema          `json:"allOf"`
	AnyOf                []*Schema          `json:"anyOf"`
	OneOf                []*Schema          `json:"oneOf"`
	Not                  *Schema            `json:"not"`
	PreserveUnknown      bool               `json:"x-kubernetes-preserve-unknown-fields"`
	IntOrString          bool               `json:"x-kubernetes-int-or-string"`
	Description          string             `json:"description"`

	pattern    *regexp.Regexp
	hasDefault bool
	fallback   any // the default, with integers as int64
}

type schemaOrBool struct {
	Schema *Schema
	Allows bool
}

func (s *schemaOrBool) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, &s.Allows); err == nil {
		return nil
	}
	s.Allows = true
	return json.Unmarshal(text, &s.Schema)
}

// each calls visit for the schema and all schemas in it.
func (s *Schema) each(visit func(*Schema) error) error {
	if s == nil {
		return nil
	}
	if err := visit(s); err != nil {
		return err
	}
	parts := slices.Concat(s.AllOf, s.AnyOf, s.OneOf, []*Schema{s.Items, s.Not})
	if s.AdditionalProperties != nil {
		parts = append(parts, s.AdditionalProperties.Schema)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if err := s.Properties[name].each(visit); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, part := range parts {
		if err := part.each(visit); err != nil {
			return err
		}
	}
	return nil
}

// preserveUnknown does what legacySchema: true asks for.
func (s *Schema) preserveUnknown() {
	_ = s.each(func(part *Schema) error {
		if part.Type == "" || part.Type == "object" {
			part.PreserveUnknown = true
		}
		return nil
	})
}

// compile prepares patterns and defaults, once.
func (s *Schema) compile() error {
	return s.each(func(part *Schema) (err error) {
		switch part.Type {
		case "", "object", "array", "string", "integer", "number", "boolean":
		default:
			return fmt.Errorf("type: got %q, want object, array, string, integer, number or boolean", part.Type)
		}
		if part.Pattern != "" {
			if part.pattern, err = regexp.Compile(part.Pattern); err != nil {
				return fmt.Errorf("pattern: %w", err)
			}
		}
		if part.Default == nil {
			return nil
		}
		part.hasDefault = true
		if err = utiljson.Unmarshal(*part.Default, &part.fallback); err != nil {
			return fmt.Errorf("default: %w", err)
		}
		if faults := part.Faults(part.fallback); len(faults) > 0 {
			return errors.New("default: " + faults[0].Text)
		}
		return nil
	})
}

// defaulted is value with the schema's defaults filled in, in place, and whether there
// is a value at all. It follows structural defaulting of the API server: a null that
// the schema does not allow counts as absent where there is a default.
func (s *Schema) defaulted(value any) (any, bool) {
	if value == nil {
		if !s.hasDefault || s.fallback == nil {
			return nil, false
		}
		value = deepCopy(s.fallback)
	}
	s.fill(value)
	return value, true
}

func (s *Schema) fill(value any) {
	if s == nil {
		return
	}
	switch value := value.(type) {
	case map[string]any:
		for name, property := range s.Properties {
			found, ok := value[name]
			if property.hasDefault && property.fallback != nil && (!ok || found == nil && !property.Nullable) {
				value[name] = deepCopy(property.fallback)
			}
		}
		for name := range value {
			if property, ok := s.Properties[name]; ok {
				property.fill(value[name])
			} else if s.AdditionalProperties != nil {
				s.AdditionalProperties.Schema.fill(value[name])
			}
		}
	case []any:
		for _, item := range value {
			s.Items.fill(item)
		}
	}
}

// deepCopy copies a value as JSON has it.
func deepCopy(value any) any {
	switch value := value.(type) {
	case map[string]any:
		object := make(map[string]any, len(value))
		for key, entry := range value {
			object[key] = deepCopy(entry)
		}
		return object
	case []any:
		list := make([]any, len(value))
		for i, entry := range value {
			list[i] = deepCopy(entry)
		}
		return list
	}
	return value
}
