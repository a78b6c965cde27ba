// Package cli holds the commands of memgate and memgate-webhook: their flags, streams
// and exit statuses. What they do is in the other packages.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/memgate/memgate/pkg/manifest"
)

// Exit statuses.
const (
	statusOK        = 0 // all was judged and nothing denied
	statusDenied    = 1 // something was denied
	statusUsage     = 2 // bad flags, a path or policy that does not load, a report that cannot be written
	statusNotJudged = 3 // nothing was denied, but not all could be judged
)

// statusError is an exit status without a text to print.
type statusError int

func (s statusError) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// A Builder builds the directory of a kustomization, by the name of its file. It is handed in
// because the webhook, which shares this package, is not to link kustomize.
type Builder = func(ctx context.Context, file string) (*manifest.Built, error)

// Memgate runs the command memgate with the arguments and streams of the process and
// returns its exit status.
func Memgate(build Builder) int {
	return run(newRoot(build))
}

func newRoot(build Builder) *cobra.Command {
	root := &cobra.Command{
		Use:   "memgate",
		Short: "Check the memory of Kubernetes workloads by Gatekeeper policies, without a cluster",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.AddCommand(newCheckCommand(build), newBaselineCommand(build), newInitCommand(), newVerifyCommand(), newRulesCommand(), newExplainCommand(), newGenerateCommand(), newVersionCommand("memgate"))
	return root
}

// Webhook runs the command memgate-webhook, as Memgate runs memgate.
func Webhook() int {
	root := newWebhookCommand()
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newVersionCommand("memgate-webhook"))
	return run(root)
}

func run(root *cobra.Command) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetIn(os.Stdin)
	root.SetOut(os.Stdout)
	root.SetErr(os.Stderr)
	command, err := root.ExecuteContextC(ctx)
	return status(err, command, root.ErrOrStderr())
}

// status prints an error, once, and is the exit status for it.
func status(err error, command *cobra.Command, errs io.Writer) int {
	var code statusError
	switch {
	case err == nil:
		return statusOK
	case errors.As(err, &code):
		return int(code)
	}
	for _, line := range lines(err) {
		fmt.Fprintf(errs, "%s: %s\n", command.CommandPath(), line)
	}
	return statusUsage
}

// lines are the texts of an error and, if it joins several, of each.
func lines(err error) []string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []string
		for _, part := range joined.Unwrap() {
			all = append(all, lines(part)...)
		}
		return all
	}
	return []string{err.Error()}
}
