package cel

import (
	"errors"
	"fmt"
)

var (
	// ErrLimit means that an evaluation costs more than Kubernetes allows.
	ErrLimit = errors.New("cost limit exceeded")
	// ErrIgnored marks the error of an evaluation that Gatekeeper passes over, because
	// failurePolicy is Ignore.
	ErrIgnored = errors.New("failurePolicy is Ignore")
)

// An Error is a fault of a source, or of the evaluation of one of its expressions.
type Error struct {
	Path   string // where in the source, as in validations[0].expression; "" is all of it
	Line   int    // in the text of the expression, from 1; 0 if unknown
	Column int    // in code points, from 1; 0 if unknown
	Err    error
}

func (e *Error) Error() string {
	path := e.Path
	if path == "" {
		path = "source"
	}
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d:%d: %v", path, e.Line, e.Column, e.Err)
	}
	return fmt.Sprintf("%s: %v", path, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }
