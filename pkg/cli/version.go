package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	opa "github.com/open-policy-agent/opa/v1/version"
	"github.com/spf13/cobra"

	"github.com/memgate/memgate/pkg/policy"
)

// Set when a release is linked: -X github.com/memgate/memgate/pkg/cli.version=v0.1.0.
// Otherwise they come from the build information of the binary, if it has any.
var version, commit string

func newVersionCommand(name string) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of " + name + ", its rules and its evaluator",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			number, revision := build()
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s %s\ncommit %s\npack %s\nopa %s\ngo %s\n",
				name, number, revision, policy.PackVersion(), opa.Version, runtime.Version())
			return err
		},
	}
}

func build() (number, revision string) {
	number, revision = version, commit
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	if number == "" {
		number = info.Main.Version
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && revision == "" {
			revision = setting.Value
		}
	}
	if number == "" {
		number = "(devel)"
	}
	if revision == "" {
		revision = "unknown"
	}
	return number, revision
}
