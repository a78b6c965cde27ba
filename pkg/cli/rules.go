package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/policy/pack"
)

func newRulesCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "rules [flags]",
		Short: "List the built-in rules",
		Args:  cobra.NoArgs,
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "format of the list: text or json")
	mustComplete(cmd, "output", "text", "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return writeRules(cmd.OutOrStdout(), output) }
	return cmd
}

func writeRules(out io.Writer, output string) error {
	switch output {
	case "json":
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(pack.Rules)
	case "text":
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, rule := range pack.Rules {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", rule.ID, rule.Group, rule.Severity, rule.Title)
		}
		return table.Flush()
	}
	return fmt.Errorf("--output: got %q, want text or json", output)
}

func newExplainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain RULE",
		Short: "Print the page of a built-in rule: what, why, parameters, examples, remedy",
		Args:  cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			ids := make([]string, len(pack.Rules))
			for i, rule := range pack.Rules {
				ids[i] = rule.ID
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			page, err := policy.Page(args[0])
			if err != nil {
				return err
			}
			_, err = io.WriteString(cmd.OutOrStdout(), page)
			return err
		},
	}
}
