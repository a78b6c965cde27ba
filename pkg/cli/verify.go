package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/policy/pack"
	"github.com/memgate/memgate/pkg/verify"
)

type verifyFlags struct {
	command   *cobra.Command
	run       string
	verbose   bool
	engine    string
	coverage  bool
	threshold float64
	outputs   []string
}

func newVerifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify [flags] [PATH|DIR|DIR/...]",
		Short: "Run the tests of policies: Gatekeeper's Suites",
		Long: `Run Suites (test.gatekeeper.sh/v1alpha1), as Gatekeeper's "gator verify" does: those in a
file, in the files of a directory or, for DIR/..., in all files below it. Without a PATH
that is ./...

A case fails if an assertion does not hold, and if its object could not be judged; every
fault comes with its place.

Coverage is counted in lines of Rego where the head of a rule or an expression begins, of
a template with its libs, over all tests of it that run.

Exit status:
  0  something was judged, nothing failed
  1  a test or a case failed, or the coverage of a template is below the threshold
  2  a flag, a path or a suite is wrong, and nothing was run; or a report cannot be written
  3  no test ran: there is no suite, or all of them are skipped or left out by --run`,
		Example: `  memgate verify tests/...
  memgate verify tests/... --run 'required-labels//^missing-'
  memgate verify -o text -o junit=report.xml --coverage-threshold 90`,
	}
	f.command = cmd
	flags := cmd.Flags()
	flags.StringVarP(&f.run, "run", "r", "", "run the tests, or cases, whose names match a regular expression; TEST//CASE has one for each")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "name what passes and what is skipped, too, and show what Rego prints (by topdown, which -v and --coverage make the default)")
	flags.StringArrayVarP(&f.outputs, "output", "o", nil, "format of the report: text (default), json or junit; FORMAT=FILE writes to a file; repeatable")
	flags.BoolVar(&f.coverage, "coverage", false, "count the lines of Rego that the tests reach")
	flags.Float64Var(&f.threshold, "coverage-threshold", 0, "percentage of its lines that each template must reach; implies --coverage")
	registerEngine(cmd, &f.engine)
	mustComplete(cmd, "output", "text", "json", "junit")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			args = []string{"./..."}
		}
		return runVerify(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), f, args)
	}
	return cmd
}

func runVerify(ctx context.Context, out, errs io.Writer, f verifyFlags, paths []string) error {
	outputs, err := parseOutputs(f.outputs, []string{"text", "json", "junit"})
	if err != nil {
		return err
	}
	options, err := f.options()
	if err != nil {
		return err
	}
	suites, err := verify.Find(paths)
	if err != nil {
		return err
	}
	result := verify.Run(ctx, suites, options)
	if ctx.Err() != nil {
		return errors.New("interrupted; not all tests ran")
	}
	for _, note := range result.Notes {
		fmt.Fprintln(errs, note.Error())
	}
	for _, o := range outputs {
		if err := f.write(o, out, result); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	switch {
	case result.Failed():
		return statusError(statusDenied)
	case len(suites) == 0:
		fmt.Fprintf(errs, "no test ran: no suite at %s; DIR/... looks below a directory\n", strings.Join(paths, ", "))
		return statusError(statusNotJudged)
	case result.Summary.Judged == 0:
		fmt.Fprintf(errs, "no test ran: suites %d, tests %d, cases %d; they are skipped, left out by --run, or hold no case\n",
			result.Summary.Suites, result.Summary.Tests.Total(), result.Summary.Cases.Total())
		return statusError(statusNotJudged)
	}
	return nil
}

// options are those of the run that the flags describe.
func (f verifyFlags) options() (verify.Options, error) {
	filter, err := verify.NewFilter(f.run)
	if err != nil {
		return verify.Options{}, fmt.Errorf("--run: %w", err)
	}
	if f.threshold < 0 || f.threshold > 100 {
		return verify.Options{}, fmt.Errorf("--coverage-threshold: got %g, want a percentage from 0 to 100", f.threshold)
	}
	judge := engine.Options{Point: policy.OfflinePoint, Engine: f.engine, Plans: pack.Plans, Cover: f.coverage || f.threshold > 0}
	options := verify.Options{Filter: filter, Threshold: f.threshold}
	if topdown := judge.Engine == engine.Topdown || !f.command.Flags().Changed("engine"); topdown && f.verbose {
		options.Print = &bytes.Buffer{}
		judge.Print = options.Print
	}
	if (judge.Cover || judge.Print != nil) && !f.command.Flags().Changed("engine") {
		judge.Engine = engine.Topdown
	}
	// An engine that is wrong is a fault of the flag, not of every test.
	if _, err := engine.NewClient(&policy.Set{}, judge); err != nil {
		return verify.Options{}, fmt.Errorf("--engine: %w", err)
	}
	options.Client = func(set *policy.Set) (*engine.Client, error) {
		client, err := engine.NewClient(set, judge)
		return client, located(err)
	}
	return options, nil
}

// write writes the report of a result to an output.
func (f verifyFlags) write(o output, out io.Writer, result verify.Result) error {
	var text bytes.Buffer
	var err error
	switch o.format {
	case "text":
		err = verify.WriteText(&text, result, f.verbose)
	case "json":
		err = verify.WriteJSON(&text, result)
	case "junit":
		err = verify.WriteJUnit(&text, result, f.threshold)
	}
	if err != nil {
		return err
	}
	if o.file != "" {
		return os.WriteFile(o.file, text.Bytes(), 0o644)
	}
	_, err = out.Write(text.Bytes())
	return err
}
