package cli

import (
	"github.com/spf13/cobra"

	"github.com/memgate/memgate/pkg/version"
)

func newVersionCommand(name string) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of " + name + ", its rules and its evaluator",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return version.Write(cmd.OutOrStdout(), name)
		},
	}
}
