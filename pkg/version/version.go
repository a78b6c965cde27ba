// Package version says what a binary is made of, and answers the command "version"
// before anything else is set up.
//
// A process that links OPA takes several milliseconds to start, most of them in the
// initialisation of packages. Go initialises packages in the order of their import
// paths as far as their imports allow, so that this one, which imports next to nothing,
// comes before OPA's. Hooks and package managers ask for the version often, and get it
// at the price of a small program.
package version

import (
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/memgate/memgate/pkg/policy/pack"
)

// Set when a release is linked: -X github.com/memgate/memgate/pkg/version.number=v0.1.0.
// Otherwise they come from the build information of the binary, if it has any.
var number, commit string

func init() {
	if len(os.Args) != 2 || os.Args[1] != "version" {
		return
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || !strings.HasPrefix(info.Path, "github.com/memgate/memgate/cmd/") {
		return // some other program that links this package
	}
	if err := Write(os.Stdout, path.Base(info.Path)); err != nil {
		os.Exit(2)
	}
	os.Exit(0)
}

// Write writes the versions of the binary name, a line each: of itself, its commit, its
// rules, OPA and Go.
func Write(out io.Writer, name string) error {
	self, revision, opa := number, commit, "unknown"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	if self == "" {
		self = info.Main.Version
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && revision == "" {
			revision = setting.Value
		}
	}
	for _, module := range info.Deps {
		if module.Path == "github.com/open-policy-agent/opa" {
			opa = strings.TrimPrefix(module.Version, "v")
		}
	}
	if self == "" {
		self = "(devel)"
	}
	if revision == "" {
		revision = "unknown"
	}
	_, err := fmt.Fprintf(out, "%s %s\ncommit %s\npack %s\nopa %s\ngo %s\n", name, self, revision, pack.Version, opa, runtime.Version())
	return err
}
