package policy

import (
	"fmt"

	"github.com/memgate/memgate/pkg/manifest"
)

// An Error is a policy that does not load.
type Error struct {
	Position manifest.Position
	Text     string // what was found, what was wanted
}

func (e *Error) Error() string { return e.Position.String() + ": " + e.Text }

// Fault is an *Error at a path of an object.
func Fault(object *manifest.Object, path []any, format string, args ...any) error {
	return &Error{Position: object.Place(path).Start, Text: fmt.Sprintf(format, args...)}
}
