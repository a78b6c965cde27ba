package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/memgate/memgate/pkg/generate"
)

func newGenerateCommand() *cobra.Command {
	var (
		root  string
		check bool
	)
	cmd := &cobra.Command{
		Use:   "generate [flags]",
		Short: "Write templates, rule pages and packs from policies and bundles",
		Long: `Write everything that is generated from policies/ and bundles/ in a checkout of
memgate: templates/, the pages and the index of the rules, and the rendered bundles
that the binary embeds. Rules that break a convention are an error.`,
		Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&root, "root", ".", "root of the checkout")
	cmd.Flags().BoolVar(&check, "check", false, "write nothing; name the files that are stale, with exit status 1")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		act := generate.Write
		if check {
			act = generate.Stale
		}
		paths, err := act(root)
		for _, path := range paths {
			_, out := fmt.Fprintln(cmd.OutOrStdout(), path)
			err = errors.Join(err, out)
		}
		if err == nil && check && len(paths) > 0 {
			return statusError(statusDenied)
		}
		return err
	}
	return cmd
}
