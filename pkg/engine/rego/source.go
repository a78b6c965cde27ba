package rego

import (
	"errors"
	"fmt"

	"github.com/memgate/memgate/pkg/policy"
)

// Source is the Rego code of a template.
type Source struct {
	Version string // v0 or v1
	Module  string // with the rule "violation"
	Libs    []string
}

// ErrNoRego means that a template has no code for the Rego engine.
var ErrNoRego = errors.New("the template has no Rego code")

// SourceOf is the Rego among the code of a template, read as the constraint framework's
// schema package does: rego is required, the version is v0 unless it says otherwise, and
// unknown fields are passed over. The error is ErrNoRego or a *CompileError.
func SourceOf(code []policy.Code) (Source, error) {
	for _, c := range code {
		if c.Engine != policy.RegoEngine {
			continue
		}
		source, err := newSource(c.Source)
		if err != nil {
			return Source{}, &CompileError{Lib: -1, Text: err.Error()}
		}
		return source, nil
	}
	return Source{}, ErrNoRego
}

func newSource(value any) (Source, error) {
	if value == nil {
		return Source{}, errors.New("source is missing")
	}
	source, ok := value.(map[string]any)
	if !ok {
		return Source{}, fmt.Errorf("source: got a %T, want an object", value)
	}
	text := func(field string) (string, error) {
		value, found := source[field]
		text, ok := value.(string)
		if found && !ok {
			return "", fmt.Errorf("source.%s: got a %T, want a string", field, value)
		}
		return text, nil
	}
	var r Source
	var err error
	if _, found := source["rego"]; !found {
		return Source{}, errors.New("source.rego is missing")
	}
	if r.Module, err = text("rego"); err != nil {
		return Source{}, err
	}
	if r.Version, err = text("version"); err != nil {
		return Source{}, err
	}
	if r.Version == "" {
		r.Version = "v0"
	}
	libs, found := source["libs"]
	list, ok := libs.([]any)
	if found && !ok {
		return Source{}, fmt.Errorf("source.libs: got a %T, want a list", libs)
	}
	for i, lib := range list {
		text, ok := lib.(string)
		if !ok {
			return Source{}, fmt.Errorf("source.libs[%d]: got a %T, want a string", i, lib)
		}
		r.Libs = append(r.Libs, text)
	}
	return r, nil
}
