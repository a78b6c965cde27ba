package engine

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/memgate/memgate/pkg/engine/cel"
	"github.com/memgate/memgate/pkg/engine/rego"
	"github.com/memgate/memgate/pkg/policy"
)

// A TemplateError says that the code of a template does not compile.
type TemplateError struct {
	Template *policy.Template
	Err      error // joins one for each Fault
}

func (e *TemplateError) Error() string { return fmt.Sprintf("template %s: %v", e.Template.Kind, e.Err) }
func (e *TemplateError) Unwrap() error { return e.Err }

// Warnings are what is odd about the code of templates and changes no verdict, such as
// fields that Gatekeeper passes over in silence.
func (c *Client) Warnings() []*TemplateError {
	var found []*TemplateError
	seen := map[*policy.Template]bool{}
	for _, e := range c.entries {
		if t := e.constraint.Template; e.program != nil && e.program.cel != nil && !seen[t] {
			seen[t] = true
			if warnings := e.program.cel.Warnings(); len(warnings) > 0 {
				found = append(found, &TemplateError{t, errors.Join(warnings...)})
			}
		}
	}
	return found
}

// A Fault is one thing that is wrong with the code of a template.
type Fault struct {
	Path []any // of the text in the template, from the root
	Line int   // in that text, from 1; 0 if unknown
	Text string
}

// Faults are what is wrong, one at least.
func (e *TemplateError) Faults() []Fault { return e.faults(e.Err) }

func (e *TemplateError) faults(err error) []Fault {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var found []Fault
		for _, part := range joined.Unwrap() {
			found = append(found, e.faults(part)...)
		}
		return found
	}
	found := Fault{Path: e.Template.RegoAt(-1), Text: err.Error()}
	var ofRego *rego.CompileError
	var ofCEL *cel.Error
	switch {
	case errors.As(err, &ofRego):
		found.Line, found.Path = ofRego.Line, e.Template.RegoAt(ofRego.Lib)
	case errors.As(err, &ofCEL):
		found.Line, found.Path = ofCEL.Line, e.Template.CodeAt(cel.Engine, keys(ofCEL.Path)...)
	}
	return []Fault{found}
}

// keys are those of a path such as validations[0].expression.
func keys(path string) []any {
	var found []any
	for name := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		if i, err := strconv.Atoi(name); err == nil {
			found = append(found, i)
		} else {
			found = append(found, name)
		}
	}
	return found
}
