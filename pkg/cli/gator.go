package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/gator"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/source"
)

// gatorFlags are those of "gator test" that check has no others for.
type gatorFlags struct {
	compat   bool
	files    []string
	denyOnly bool
	cel      bool
}

// besideGator are the flags of check that --gator-compat goes with, beside gator's own.
var besideGator = []string{
	"gator-compat", "output", "verbose", "allow-unjudged",
	"engine", "no-cache", "review-steps", "review-memory", "refdata-limit", "max-document",
}

// ofGator are the flags that mean something with --gator-compat only, and why some of them
// are refused even then.
var ofGator = map[string]string{
	"filename":                     "",
	"deny-only":                    "",
	"enable-k8s-native-validation": "",
	"trace":                        "no trace of the evaluation is written; --verbose writes what Rego prints",
	"stats":                        "no statistics are gathered",
	"image":                        "images are not pulled; unpack it, and name the directory with --filename",
	"tempdir":                      "images are not pulled",
}

func (g *gatorFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&g.compat, "gator-compat", false, "take the place of \"gator test\": its input, output and exit status")
	flags.StringArrayVarP(&g.files, "filename", "f", nil, "with --gator-compat: file or directory to read, like PATH; repeatable")
	flags.BoolVar(&g.denyOnly, "deny-only", false, "with --gator-compat: write only what is denied")
	flags.BoolVar(&g.cel, "enable-k8s-native-validation", true, "with --gator-compat: judge a template that has both by its CEL, not its Rego")
	flags.BoolP("trace", "t", false, "")
	flags.Bool("stats", false, "")
	flags.StringArrayP("image", "i", nil, "")
	flags.StringP("tempdir", "d", "", "")
	for name, refused := range ofGator {
		flags.Lookup(name).Hidden = refused != ""
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if g.compat {
			return gatorError(cmd, err)
		}
		return err
	})
}

// validate is an error for flags of gator without --gator-compat.
func (g *gatorFlags) validate(cmd *cobra.Command) error {
	var errs []error
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		if _, its := ofGator[flag.Name]; its {
			errs = append(errs, fmt.Errorf("--%s: it goes with --gator-compat only", flag.Name))
		}
	})
	return errors.Join(errs...)
}

// gatorError prints an error, whose status is that of gator.
func gatorError(cmd *cobra.Command, err error) error {
	for _, line := range lines(err) {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", cmd.CommandPath(), line)
	}
	return statusError(statusDenied)
}

// runGator judges what "gator test" would be given, and knows its two statuses only: 1 for
// what is denied, for what could not be judged and for every error.
func runGator(cmd *cobra.Command, g gatorFlags, f checkFlags, paths []string) error {
	relaxGC()
	write, err := gatorWriter(f.reports.outputs)
	if err := errors.Join(refused(cmd), err, f.gate.validate()); err != nil {
		return gatorError(cmd, err)
	}
	files, faults, err := source.Find(g.paths(cmd.InOrStdin(), paths), cmd.InOrStdin())
	if err != nil {
		return gatorError(cmd, err)
	}
	var printed bytes.Buffer
	options := engineOptions(cmd, f, &printed)
	run, err := gator.Test(cmd.Context(), files, faults, gator.Options{
		Client: func(set *policy.Set) (*engine.Client, error) {
			client, err := engine.NewClient(set, options)
			return client, located(err)
		},
		MaxDocument: int64(f.inputs.maxDocument),
		Rego:        !g.cel,
		Allow:       f.gate.allows,
		Report:      report.Text(io.Discard, cmd.ErrOrStderr(), report.TextOptions{Verbose: true}),
	})
	switch {
	case cmd.Context().Err() != nil:
		return gatorError(cmd, errors.New("interrupted; nothing is reported"))
	case err != nil:
		return gatorError(cmd, err)
	}
	results := run.Results
	if g.denyOnly {
		results = results.Denials()
	}
	err = write(results, cmd.OutOrStdout())
	if err == nil && printed.Len() > 0 {
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "\n%s\n", printed.String())
	}
	switch {
	case err != nil:
		return gatorError(cmd, fmt.Errorf("report: %w", err))
	case run.Objects == 0:
		return gatorError(cmd, errors.New("nothing was judged: there is no object in the input"))
	case run.Constraints == 0:
		return gatorError(cmd, errors.New("nothing was judged: there is no constraint in the input"))
	case run.NotJudged > 0 || len(run.Results.Denials()) > 0:
		return statusError(statusDenied)
	}
	return nil
}

// refused is an error for each flag that is set and does not go with --gator-compat.
func refused(cmd *cobra.Command) error {
	var errs []error
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		switch why, its := ofGator[flag.Name]; {
		case why != "":
			errs = append(errs, fmt.Errorf("--%s: %s", flag.Name, why))
		case !its && !slices.Contains(besideGator, flag.Name):
			errs = append(errs, fmt.Errorf("--%s: it does not go with --gator-compat, where all policies and objects are in the input", flag.Name))
		}
	})
	return errors.Join(errs...)
}

// gatorWriter is what writes the results by --output, of which the last counts.
func gatorWriter(formats []string) (func(gator.Results, io.Writer) error, error) {
	if len(formats) == 0 {
		return gator.Results.WriteText, nil
	}
	switch format := formats[len(formats)-1]; strings.ToLower(format) {
	case "json":
		return gator.Results.WriteJSON, nil
	case "yaml":
		return gator.Results.WriteYAML, nil
	default:
		return nil, fmt.Errorf("--output: got %q, want json or yaml, or no --output for text", format)
	}
}

// paths are those to read: the named files, and standard input if something is sent there.
func (g *gatorFlags) paths(in io.Reader, paths []string) []string {
	all := slices.Concat(g.files, paths)
	if file, ok := in.(*os.File); ok {
		if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice != 0 {
			return all
		}
	}
	return append(all, source.Stdin)
}

// engineOptions are those that the flags of check say. Rego prints by OPA's evaluator only.
func engineOptions(cmd *cobra.Command, f checkFlags, printed io.Writer) engine.Options {
	options := f.policies.complete(engine.Options{Point: policy.OfflinePoint, RefdataLimit: int64(f.inputs.refdataLimit)})
	if f.reports.verbose {
		options.Print = printed
		if !cmd.Flags().Changed("engine") {
			options.Engine = engine.Topdown
		}
	}
	return options
}
