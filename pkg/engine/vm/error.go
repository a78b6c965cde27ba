package vm

import (
	"errors"
	"fmt"
)

// Unsupported says that only topdown can answer: what the plan needs, or what came up
// while it ran, is not known here.
type Unsupported struct {
	Cause string // one of few, for counting
	Err   error  // more about it, or nil
}

func (e *Unsupported) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("vm: %s: %v", e.Cause, e.Err)
	}
	return "vm: " + e.Cause
}

func (e *Unsupported) Unwrap() error { return e.Err }

// ErrLimit means that an evaluation needed more steps or memory than it may.
var ErrLimit = errors.New("evaluation limit reached")

// catch ends what a panic with an *Unsupported ends with that as its error.
func catch(err *error) {
	switch caught := recover().(type) {
	case nil:
	case *Unsupported:
		*err = caught
	default:
		panic(caught)
	}
}

// halt is what a panic carries that ends an evaluation with an error.
type halt struct{ err error }

func limitError(what string, limit int64) error {
	return fmt.Errorf("%w: more than %d %s", ErrLimit, limit, what)
}

func panicError(caught any) error {
	if err, ok := caught.(error); ok {
		return err
	}
	return fmt.Errorf("%v", caught)
}
