package verify

import (
	"errors"
	"fmt"
	"strings"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/source"
)

// A Fault is what is wrong, and where. It is an error.
type Fault struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`   // from 1; 0 if unknown
	Column int    `json:"column,omitempty"` // from 1; 0 if unknown
	Text   string `json:"text"`             // what was found, what was wanted
}

func (f Fault) Error() string {
	return manifest.Position{File: f.File, Line: f.Line, Column: f.Column}.String() + ": " + f.Text
}

func faultAt(at manifest.Position, format string, args ...any) Fault {
	return Fault{at.File, at.Line, at.Column, fmt.Sprintf(format, args...)}
}

// faults are the faults that an error joins. One that has no place gets that of who asked.
func faults(err error, asked manifest.Position) []Fault {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var found []Fault
		for _, part := range joined.Unwrap() {
			found = append(found, faults(part, asked)...)
		}
		return found
	}
	var (
		placed Fault
		wrong  *policy.Error
		syntax *manifest.SyntaxError
		none   *manifest.NotManifestError
		path   *source.PathError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &placed):
		return []Fault{placed}
	case errors.As(err, &wrong):
		return []Fault{faultAt(wrong.Position, "%s", wrong.Text)}
	case errors.As(err, &syntax):
		return []Fault{faultAt(syntax.Position, "%s", syntax.Message)}
	case errors.As(err, &none):
		return []Fault{faultAt(none.Position, "found %s, want a mapping with apiVersion and kind", none.Found)}
	case errors.As(err, &path):
		return []Fault{faultAt(asked, "%s: %s", path.Name, path.Reason())}
	}
	return []Fault{faultAt(asked, "%v", err)}
}

// oneLine keeps a text on its line, and terminals from reading more into it.
func oneLine(text string) string {
	return escaped.Replace(text)
}

var escaped = strings.NewReplacer("\r", `\r`, "\n", `\n`, "\x1b", `\x1b`)
