package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/policy/pack"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/source"
)

// checkFormats are the formats of check, in the order of the help.
var checkFormats = []string{"text", "json", "sarif", "junit", "github", "gitlab", "tap", "html"}

// reportFlags say what is reported, and how.
type reportFlags struct {
	outputs []string
	explain string
	color   string
	verbose bool

	page bool // one of the outputs draws workloads and shows lines
}

func (f *reportFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.outputs, "output", "o", nil, "format of the report: "+choice(checkFormats)+" (default text); FORMAT=FILE writes to a file; repeatable")
	flags.StringVar(&f.explain, "explain-match", "", "in place of the text report, say what became of an object under each constraint: NAME, KIND/NAME or KIND/NAMESPACE/NAME")
	flags.StringVar(&f.color, "color", "auto", "colour the report: auto, always or never")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "show the lines of findings, and name what was assumed, suppressed or passed over")
	mustComplete(cmd, "output", checkFormats...)
	mustComplete(cmd, "color", "auto", "always", "never")
}

func (f *reportFlags) parse() ([]output, error) {
	outputs, err := parseOutputs(f.outputs, checkFormats)
	if err == nil && strings.Count(f.explain, "/") > 2 {
		err = fmt.Errorf("--explain-match: got %q, want NAME, KIND/NAME or KIND/NAMESPACE/NAME", f.explain)
	}
	return outputs, err
}

// A session is what reports say of a run before its first finding.
type session struct {
	client *engine.Client
	point  string
	stream bool
	files  []source.File
}

func (r session) constraints() []report.Constraint {
	var names []report.Constraint
	for _, c := range r.client.Constraints() {
		names = append(names, report.Constraint{Kind: c.Kind(), Name: c.Name})
	}
	return names
}

// A checkReport is all reports of one run of check. Who made it ends it.
type checkReport struct {
	report.Writer
	explanation *report.Explanation // nil unless asked for
	files       []*os.File
}

// open opens all outputs, so that one that cannot be written is known before anything is
// judged.
func (f *reportFlags) open(outputs []output, out, errs io.Writer, of session) (*checkReport, error) {
	var (
		r       checkReport
		writers []report.Writer
	)
	for _, o := range outputs {
		w, err := f.writer(&r, o, out, errs, of)
		if err != nil {
			return nil, errors.Join(err, r.end())
		}
		writers = append(writers, w)
	}
	r.Writer = report.Several(writers...)
	return &r, nil
}

func (f *reportFlags) writer(r *checkReport, o output, out, errs io.Writer, of session) (report.Writer, error) {
	if o.file != "" {
		file, err := o.create()
		if err != nil {
			return nil, err
		}
		r.files = append(r.files, file)
		out, errs = file, file
	}
	switch o.format {
	case "json":
		return report.JSON(out, report.JSONOptions{Constraints: of.constraints(), Point: of.point, Version: built().Number, Lines: of.stream}), nil
	case "sarif":
		return report.SARIF(out, report.SARIFOptions{Version: built().Number, Rule: builtInRule}), nil
	case "html":
		return report.HTML(out, report.HTMLOptions{Version: built().Number, Rule: builtInRule}), nil
	case "junit":
		return report.JUnit(out), nil
	case "github":
		name := os.Getenv("GITHUB_STEP_SUMMARY")
		if name == "" {
			return report.GitHub(out, nil), nil
		}
		summary, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
		if err != nil {
			return nil, fmt.Errorf("GITHUB_STEP_SUMMARY: %w", inWords(err))
		}
		r.files = append(r.files, summary)
		return report.GitHub(out, summary), nil
	case "gitlab":
		return report.GitLab(out), nil
	case "tap":
		return report.TAP(out), nil
	}
	color, err := colored(f.color, out)
	if err != nil {
		return nil, err
	}
	options := report.TextOptions{Color: color, Verbose: f.verbose, Flush: of.stream || isTerminal(out)}
	if f.explain == "" || o.file != "" {
		return report.Text(out, errs, options), nil
	}
	r.explanation = report.Explain(out, of.constraints(), named(f.explain))
	return report.Several(r.explanation, report.Text(io.Discard, errs, options)), nil
}

// end closes the files of the reports.
func (r *checkReport) end() error {
	var errs []error
	for _, file := range r.files {
		errs = append(errs, file.Close())
	}
	return errors.Join(errs...)
}

// named is a test of objects by a name of the form NAME, KIND/NAME or
// KIND/NAMESPACE/NAME.
func named(text string) func(report.Object) bool {
	parts := strings.Split(text, "/")
	return func(o report.Object) bool {
		return parts[len(parts)-1] == o.Name &&
			(len(parts) < 2 || strings.EqualFold(parts[0], o.Kind)) &&
			(len(parts) < 3 || parts[1] == o.Namespace)
	}
}

// builtInRule is what the page of a built-in rule says, up to its examples; nothing of
// other rules.
func builtInRule(id string) report.Rule {
	i := slices.IndexFunc(pack.Rules, func(r pack.Rule) bool { return r.ID == id })
	page, err := policy.Page(id)
	if i < 0 || err != nil {
		return report.Rule{}
	}
	help, _, _ := strings.Cut(page, "\n## Examples\n")
	return report.Rule{
		Title:       pack.Rules[i].Title,
		Description: between(help, "|\n\n", "\n\n## "), // below the table of its names
		Remedy:      between(help, "\n## What to do\n\n", "\n\n## "),
		Help:        help,
		URI:         "https://github.com/memgate/memgate/blob/HEAD/policies/" + pack.Rules[i].Group + "/" + strings.ReplaceAll(id, "-", "_") + "/README.md",
		Tags:        slices.Compact([]string{"kubernetes", "memory", pack.Rules[i].Group}), // the group may be memory
	}
}

// between is what stands between two marks.
func between(text, from, to string) string {
	_, text, _ = strings.Cut(text, from)
	text, _, _ = strings.Cut(text, to)
	return text
}
