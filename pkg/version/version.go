// Package version says what a binary is made of, and answers the command "version"
// before anything else is set up, in binaries that know what they are made of from the
// linker.
//
// A process that links OPA and cel-go takes several milliseconds to start, most of them in
// the initialisation of packages. Of those whose imports are ready Go initialises first
// the one whose path sorts first, so that this one comes before nearly all of them, as
// long as it imports nothing that sorts late, such as runtime/debug. Hooks and package
// managers ask for the version often, and get it at the price of a small program.
package version

import (
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/memgate/memgate/pkg/policy/pack"
)

// Set by the linker: -X github.com/memgate/memgate/pkg/version.commit=0123abc.
var number, commit, opa string

func init() {
	if len(os.Args) != 2 || os.Args[1] != "version" || opa == "" {
		return
	}
	name, base := os.Args[0], 0
	for i := range len(name) {
		if name[i] == '/' || name[i] == '\\' {
			base = i + 1
		}
	}
	if err := Linked().Write(os.Stdout, name[base:]); err != nil {
		os.Exit(2)
	}
	os.Exit(0)
}

// Info is what a binary is made of; what is empty is not known.
type Info struct {
	Number string // such as v0.1.0
	Commit string
	OPA    string // version of OPA, without v
}

// Linked is what the linker was told.
func Linked() Info { return Info{number, commit, opa} }

// Write writes the versions of the binary name, a line each: of itself, its commit, its
// rules, OPA and Go.
func (i Info) Write(out io.Writer, name string) error {
	known := func(text, otherwise string) string {
		if text == "" {
			return otherwise
		}
		return text
	}
	_, err := fmt.Fprintf(out, "%s %s\ncommit %s\npack %s\nopa %s\ngo %s\n",
		name, known(i.Number, "(devel)"), known(i.Commit, "unknown"), pack.Version, known(i.OPA, "unknown"), runtime.Version())
	return err
}
