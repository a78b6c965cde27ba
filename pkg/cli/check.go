package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/memgate/memgate/pkg/check"
	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/report"
)

type checkFlags struct {
	config   configFlags
	policies policyFlags
	inputs   inputFlags
	reports  reportFlags
	gate     gateFlags
	adoption adoptionFlags
}

func newCheckCommand(build Builder) *cobra.Command {
	f := checkFlags{inputs: inputFlags{build: build}}
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
	f.register(cmd)
	var g gatorFlags
	g.register(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if g.compat {
			return runGator(cmd, g, f, args)
		}
		if err := g.validate(cmd); err != nil {
			return err
		}
		if err := f.config.apply(cmd, &args); err != nil {
			return err
		}
		return runCheck(cmd, f, args)
	}
	return cmd
}

func (f *checkFlags) register(cmd *cobra.Command) {
	f.config.register(cmd)
	f.policies.register(cmd)
	f.policies.registerCache(cmd)
	f.inputs.register(cmd)
	f.reports.register(cmd)
	f.gate.register(cmd)
	f.adoption.register(cmd)
}

// relaxGC lets garbage grow to twice what is live before it is collected, unless GOGC is
// set: over thousands of manifests a fifth of the CPU for 20 MiB (GOGC=200 and 100).
func relaxGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
}

func runCheck(cmd *cobra.Command, f checkFlags, paths []string) error {
	outputs, err := f.reports.parse()
	if err != nil {
		return err
	}
	f.inputs.written = outputs
	f.reports.page = slices.ContainsFunc(outputs, func(o output) bool { return o.format == "html" })
	var reports *checkReport
	bar := newProgress(cmd.ErrOrStderr(), time.Now)
	summary, err := f.run(cmd.Context(), cmd.InOrStdin(), paths, func(of session) (report.Writer, error) {
		reports, err = f.reports.open(outputs, bar.over(cmd.OutOrStdout()), bar.over(cmd.ErrOrStderr()), of)
		if err != nil {
			return nil, err
		}
		return bar.watch(reports, of.files), nil
	})
	bar.erase()
	if reports != nil {
		if end := reports.end(); err == nil && end != nil {
			err = fmt.Errorf("report: %w", end)
		}
	}
	if err != nil {
		return err
	}
	if x := reports.explanation; x != nil && x.Objects() == 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "nothing was explained: no object is called %q\n", f.reports.explain)
		return statusError(statusNotJudged)
	}
	return f.gate.verdict(summary, cmd.ErrOrStderr())
}

// run judges what is at the paths. The report is opened when all that is judged by is
// known to be right.
func (f *checkFlags) run(ctx context.Context, in io.Reader, paths []string, open func(session) (report.Writer, error)) (report.Summary, error) {
	relaxGC()
	if err := errors.Join(f.gate.validate(), f.inputs.validate()); err != nil {
		return report.Summary{}, err
	}
	client, set, err := f.policies.client(engine.Options{Point: f.inputs.point, RefdataLimit: int64(f.inputs.refdataLimit), Keep: f.inputs.keep()})
	found, missing := f.inputs.find(paths, in)
	if err := errors.Join(missing, err); err != nil {
		return report.Summary{}, err
	}
	options := check.Options{
		Client:      client,
		Namespace:   f.inputs.namespace,
		MaxDocument: int64(f.inputs.maxDocument),
		Stream:      f.inputs.stream,
		Build:       f.inputs.builder(),
		Frames:      f.reports.verbose || f.reports.page,
		Workloads:   f.reports.page,
		Allow:       f.gate.allows,
		Fails:       f.gate.fails,
	}
	if err := f.inputs.parity(&options, set); err != nil {
		return report.Summary{}, err
	}
	if err := errors.Join(f.inputs.collect(ctx, &options), f.adoption.apply(ctx, &options, f.inputs.source(), paths)); err != nil {
		return report.Summary{}, err
	}
	for _, left := range found.LeftOut {
		options.Notes = append(options.Notes, report.Note{Position: manifest.Position{File: left.Name}, Kind: report.NoteLeftOut, Text: "by " + left.By})
	}
	w, err := open(session{client, f.inputs.point, f.inputs.stream, found.Files})
	if err != nil {
		return report.Summary{}, err
	}
	summary, err := check.Run(ctx, found.Files, found.Faults, options, w)
	switch {
	case ctx.Err() != nil:
		return summary, errors.New("interrupted; the report is not complete")
	case err != nil:
		return summary, fmt.Errorf("report: %w", err)
	}
	return summary, nil
}
