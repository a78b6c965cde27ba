package cli

import (
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/memgate/memgate/pkg/version"
)

func newVersionCommand(name string) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of " + name + ", its rules and its evaluator",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return built().Write(cmd.OutOrStdout(), name)
		},
	}
}

// built is what this binary is made of: what the linker was told, else what Go notes when
// it builds, as by go install.
func built() version.Info {
	info := version.Linked()
	noted, ok := debug.ReadBuildInfo()
	if !ok || info.OPA != "" {
		return info
	}
	info.Number = noted.Main.Version
	for _, setting := range noted.Settings {
		if setting.Key == "vcs.revision" {
			info.Commit = setting.Value
		}
	}
	for _, module := range noted.Deps {
		if module.Path == "github.com/open-policy-agent/opa" {
			info.OPA = strings.TrimPrefix(module.Version, "v")
		}
	}
	return info
}
