package cel

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Names that a source may not give to what it defines, as Gatekeeper's
// drivers/k8scel/schema has them.
const (
	reservedPrefix = "gatekeeper_internal_"
	paramsVariable = "params"
	objectVariable = "anyObject"
)

// A source is what code[].source holds.
type source struct {
	validations []validationSource
	conditions  []named
	variables   []named
	ignore      bool // failurePolicy is Ignore
}

type validationSource struct{ expression, message, messageExpression string }

type named struct{ name, expression string }

// A compilation takes a source apart, compiles it and collects its faults.
type compilation struct {
	faults   []error
	warnings []error // what Gatekeeper passes over
}

func (c *compilation) fault(path, format string, args ...any) {
	c.faults = append(c.faults, &Error{Path: path, Err: fmt.Errorf(format, args...)})
}

func (c *compilation) warn(path, format string, args ...any) {
	c.warnings = append(c.warnings, &Error{Path: path, Err: fmt.Errorf(format, args...)})
}

// source reads a decoded source. The name of the field matchCondition is singular in
// Gatekeeper, and fields that it does not know are ignored there.
func (c *compilation) source(value any) source {
	var s source
	if value == nil {
		c.fault("", "got null, want an object")
		return s
	}
	fields := c.object("", value, "validations", "failurePolicy", "matchCondition", "variables", "generateVAP")
	for i, entry := range c.list("validations", fields["validations"]) {
		path := fmt.Sprintf("validations[%d]", i)
		fields := c.object(path, entry, "expression", "message", "messageExpression")
		s.validations = append(s.validations, validationSource{
			expression:        c.text(path+".expression", fields["expression"]),
			message:           c.text(path+".message", fields["message"]),
			messageExpression: c.text(path+".messageExpression", fields["messageExpression"]),
		})
	}
	if len(c.faults) == 0 && len(s.validations) == 0 {
		c.fault("validations", "got none, want one at least: nothing would ever be violated")
	}
	s.conditions = c.named("matchCondition", fields["matchCondition"])
	s.variables = c.named("variables", fields["variables"])
	c.distinct(s.variables)
	if policy := fields["failurePolicy"]; policy != nil {
		switch text := c.text("failurePolicy", policy); text {
		case "Fail":
		case "Ignore":
			s.ignore = true
		default:
			c.fault("failurePolicy", "got %q, want Fail or Ignore", text)
		}
	}
	if value := fields["generateVAP"]; value != nil {
		if _, ok := value.(bool); !ok {
			c.fault("generateVAP", "got %s, want a boolean", describe(value))
		}
	}
	return s
}

func (c *compilation) named(list string, value any) []named {
	var found []named
	for i, entry := range c.list(list, value) {
		path := fmt.Sprintf("%s[%d]", list, i)
		fields := c.object(path, entry, "name", "expression")
		n := named{c.text(path+".name", fields["name"]), c.text(path+".expression", fields["expression"])}
		if strings.HasPrefix(n.name, reservedPrefix) {
			c.fault(path+".name", "got %q, want a name that does not begin with %s", n.name, reservedPrefix)
		}
		found = append(found, n)
	}
	return found
}

// distinct refuses what Gatekeeper's own variables are called, and a name that is there
// twice: Gatekeeper lets the later one take the place of the earlier even in what is
// between them, where it may end up defined by itself.
func (c *compilation) distinct(variables []named) {
	for i, v := range variables {
		path := fmt.Sprintf("variables[%d].name", i)
		switch {
		case v.name == paramsVariable || v.name == objectVariable:
			c.fault(path, "got %q, which Gatekeeper defines itself; want another name", v.name)
		case slices.ContainsFunc(variables[:i], func(other named) bool { return other.name == v.name }):
			c.fault(path, "got %q twice, want names that differ", v.name)
		}
	}
}

// object is a mapping, none if value is null.
func (c *compilation) object(path string, value any, known ...string) map[string]any {
	if value == nil {
		return nil
	}
	fields, ok := value.(map[string]any)
	if !ok {
		c.fault(path, "got %s, want an object", describe(value))
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(known, key) {
			c.warn(path, "unknown field %q; have %s", key, strings.Join(known, ", "))
		}
	}
	return fields
}

func (c *compilation) list(path string, value any) []any {
	if value == nil {
		return nil
	}
	entries, ok := value.([]any)
	if !ok {
		c.fault(path, "got %s, want a list", describe(value))
	}
	return entries
}

func (c *compilation) text(path string, value any) string {
	if value == nil {
		return ""
	}
	text, ok := value.(string)
	if !ok {
		c.fault(path, "got %s, want a string", describe(value))
	}
	return text
}

// err joins the faults, in the order in which they were found.
func (c *compilation) err() error { return errors.Join(c.faults...) }

func describe(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	default:
		return fmt.Sprintf("%T %v", value, value)
	}
}
