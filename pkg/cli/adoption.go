package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/memgate/memgate/pkg/baseline"
	"github.com/memgate/memgate/pkg/changes"
	"github.com/memgate/memgate/pkg/check"
	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy/pack"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/source"
)

// adoptionFlags say which findings an old repository does not answer for.
type adoptionFlags struct {
	baseline       string
	since          string
	noSuppressions bool
}

func (f *adoptionFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.baseline, "baseline", "", "file of accepted findings, as memgate baseline writes it; others count")
	flags.StringVar(&f.since, "since", "", "revision of git: count only findings on objects that differ from its merge base with HEAD")
	flags.BoolVar(&f.noSuppressions, "no-suppressions", false, "let comments and annotations in manifests suppress nothing")
}

// apply reads what the flags name.
func (f *adoptionFlags) apply(ctx context.Context, options *check.Options, of source.Options, paths []string) error {
	if f.baseline != "" {
		entries, err := readBaseline(f.baseline)
		if err != nil {
			return fmt.Errorf("--baseline: %w", err)
		}
		options.Baseline = baseline.NewMatcher(entries, time.Now())
		options.Whole = f.since == "" && wholeTree(paths)
	}
	if !f.noSuppressions {
		options.Rules = rulesOf(options.Client)
	}
	if f.since != "" {
		changed, err := changes.Since(ctx, paths, f.since, changes.Options{
			MaxDocument: options.MaxDocument, Objects: options.Objects,
			Reads: func(name string) bool { return of.Reads(orHere(paths), name) },
		})
		if err != nil {
			return fmt.Errorf("--since: %w", err)
		}
		options.Changes = changed
	}
	return nil
}

// rulesOf are the ids of rules that a suppression may name: the built-in ones, so that it
// is no error where a run has only some of them, and those of the run.
func rulesOf(client *engine.Client) []string {
	var rules []string
	for _, rule := range pack.Rules {
		rules = append(rules, rule.ID)
	}
	for _, c := range client.Constraints() {
		if !slices.Contains(rules, c.Template.Rule) {
			rules = append(rules, c.Template.Rule)
		}
	}
	return rules
}

func readBaseline(name string) ([]baseline.Entry, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, inWords(err)
	}
	defer file.Close() //nolint:errcheck // read only
	return baseline.Read(name, file)
}

// wholeTree reports whether a run over paths meets more than the files of a commit: only
// then an entry that was not met says something.
func wholeTree(paths []string) bool {
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return true
		}
	}
	return len(paths) == 0
}

// defaultBaseline is the file that memgate baseline writes.
const defaultBaseline = ".memgate-baseline.yaml"

func newBaselineCommand(build Builder) *cobra.Command {
	f := checkFlags{inputs: inputFlags{build: build}}
	cmd := &cobra.Command{
		Use:   "baseline [flags] [PATH...]",
		Short: "Accept what is wrong today: write the findings of a run to a file",
		Long: `Judge manifests as memgate check does, and write its findings to the file that
--baseline names, or to ` + defaultBaseline + `; "-" is standard output. memgate check
--baseline then counts what is not in it.

Owners, reasons and dates of a file that is there are kept where the finding is; entries
whose finding is gone are left out. What could not be judged is not accepted.

Exit status:
  0  the file is written
  2  a flag, a path, a policy or a bundle is wrong, and nothing is written
  3  the file is written, but something could not be judged, or there was nothing to judge`,
		Example: `  memgate baseline
  memgate baseline --baseline accepted.yaml --bundle strict deploy/`,
	}
	f.register(cmd)
	for _, name := range []string{"output", "explain-match", "color", "verbose", "fail-on", "since", "stream"} {
		if err := cmd.Flags().MarkHidden(name); err != nil {
			panic(err) // check has it
		}
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := f.config.apply(cmd, &args); err != nil {
			return err
		}
		return runBaseline(cmd, f, args)
	}
	return cmd
}

func runBaseline(cmd *cobra.Command, f checkFlags, paths []string) error {
	name := f.adoption.baseline
	if name == "" {
		name = defaultBaseline
	}
	var old []baseline.Entry
	if _, err := os.Stat(name); name != "-" && err == nil {
		if old, err = readBaseline(name); err != nil {
			return fmt.Errorf("--baseline: %w", err)
		}
	}
	// All findings count here, and go nowhere else.
	f.adoption.baseline, f.adoption.since = "", ""
	var found collector
	found.Writer = report.Text(io.Discard, cmd.ErrOrStderr(), report.TextOptions{})
	summary, err := f.run(cmd.Context(), cmd.InOrStdin(), paths, func(session) (report.Writer, error) { return &found, nil })
	if err != nil {
		return err
	}
	// The old file stays until all of the new one is there.
	var text bytes.Buffer
	if err := baseline.Write(&text, baseline.Update(old, found.entries)); err != nil {
		return fmt.Errorf("--baseline: %w", err)
	}
	if name == "-" {
		_, err = text.WriteTo(cmd.OutOrStdout())
	} else {
		err = os.WriteFile(name, text.Bytes(), 0o666)
	}
	if err != nil {
		return fmt.Errorf("--baseline: %w", inWords(err))
	}
	summary.Failures = 0 // accepted from now on
	return f.gate.verdict(summary, cmd.ErrOrStderr())
}

// A collector makes entries of a baseline of the findings of a run.
type collector struct {
	report.Writer
	entries []baseline.Entry
}

func (c *collector) Finding(f report.Finding) error {
	c.entries = append(c.entries, check.BaselineEntry(f))
	return nil
}
