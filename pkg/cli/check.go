package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/memgate/memgate/pkg/check"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/source"
)

type checkFlags struct {
	policies         policyFlags
	namespace        string
	outputs          []string
	color            string
	verbose          bool
	allowNoManifests bool
	maxDocument      size
	refdataLimit     size
}

func newCheckCommand() *cobra.Command {
	f := checkFlags{maxDocument: 32 << 20, refdataLimit: 256 << 20}
	cmd := &cobra.Command{
		Use:   "check [flags] [PATH...]",
		Short: "Judge manifests by policies",
		Long: `Judge the Kubernetes manifests in files, below directories (*.yaml, *.yml, *.json)
and, for "-", on standard input. Without a PATH that is the current directory.

Violations go to standard output, a line each:

  file:line:col: deny|warn|dryrun: message [rule]

All else goes to standard error: what could not be judged, and a line of counts.
Other formats, for CI and for tools, take the place of text, or go to files beside it.

Exit status:
  0  everything was judged, nothing was denied
  1  something was denied
  2  a flag, a path, a policy or a bundle is wrong, and nothing was judged; or a report
     cannot be written
  3  nothing was denied, but something could not be judged, or there was nothing to judge`,
		Example: `  memgate check deploy/
  helm template ./chart | memgate check -
  memgate check --policy policies/ --namespace shop manifests/
  memgate check -o text -o sarif=memgate.sarif -o junit=memgate.xml deploy/`,
	}
	flags := cmd.Flags()
	f.policies.register(cmd)
	f.policies.registerCache(cmd)
	flags.StringVarP(&f.namespace, "namespace", "n", "", "namespace of objects that name none")
	flags.StringArrayVarP(&f.outputs, "output", "o", nil, "format of the report: text (default), json, sarif, junit, github, gitlab or tap; FORMAT=FILE writes to a file; repeatable")
	flags.StringVar(&f.color, "color", "auto", "colour the report: auto, always or never")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "name the documents that are no manifests")
	flags.BoolVar(&f.allowNoManifests, "allow-no-manifests", false, "exit with 0 if there is no manifest to judge")
	flags.Var(&f.maxDocument, "max-document", "size of the largest document that is read")
	flags.Var(&f.refdataLimit, "refdata-limit", "bytes of reference data that are kept; 0 means no limit")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			args = []string{"."}
		}
		return runCheck(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr(), f, args)
	}
	return cmd
}

// relaxGC lets garbage grow to twice what is live before it is collected, unless GOGC is
// set: over thousands of manifests a fifth of the CPU for 20 MiB (GOGC=200 and 100).
func relaxGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
}

func runCheck(ctx context.Context, in io.Reader, out, errs io.Writer, f checkFlags, paths []string) error {
	relaxGC()
	outputs, err := parseOutputs(f.outputs, checkFormats)
	if err != nil {
		return err
	}
	client, err := f.policies.client(policy.OfflinePoint, int64(f.refdataLimit))
	files, faults, missing := source.Find(paths, in)
	if err := errors.Join(missing, err); err != nil {
		return err
	}
	if files, err = unwritten(files, outputs, paths); err != nil {
		return err
	}
	reports, err := newCheckReport(outputs, out, errs, f)
	if err != nil {
		return err
	}
	summary, err := check.Run(ctx, files, faults, check.Options{
		Client:      client,
		Namespace:   f.namespace,
		MaxDocument: int64(f.maxDocument),
	}, reports)
	err = errors.Join(err, reports.end())
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted; the report is not complete")
	case err != nil:
		return fmt.Errorf("report: %w", err)
	}
	return f.verdict(summary, errs)
}

// verdict is the exit status of a run, and says why if it is one without a finding.
func (f checkFlags) verdict(s report.Summary, errs io.Writer) error {
	switch {
	case s.Violations[string(policy.Deny)] > 0:
		return statusError(statusDenied)
	case s.Constraints == 0:
		fmt.Fprintln(errs, "nothing was judged: no constraint is loaded")
		return statusError(statusNotJudged)
	case s.TotalNotJudged() > 0:
		return statusError(statusNotJudged)
	case s.Objects == 0 && !f.allowNoManifests:
		fmt.Fprintln(errs, "nothing was judged: there is no manifest under the paths; --allow-no-manifests accepts that")
		return statusError(statusNotJudged)
	}
	return nil
}
