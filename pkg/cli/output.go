package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/policy/pack"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/source"
)

// An output is the format of a report and where it goes: a value of --output.
type output struct {
	format string
	file   string // "" is standard output
}

// parseOutputs are the values of --output, FORMAT or FORMAT=FILE. One report goes to
// standard output, and that is text where the values name no other.
func parseOutputs(values, formats []string) ([]output, error) {
	var (
		outputs []output
		printed []string
		files   = map[string]bool{}
		names   = strings.Join(formats[:len(formats)-1], ", ") + " or " + formats[len(formats)-1]
	)
	for _, value := range values {
		format, file, toFile := strings.Cut(value, "=")
		if !slices.Contains(formats, format) || toFile && file == "" {
			return nil, fmt.Errorf("--output: got %q, want %s, or one of them with =FILE", value, names)
		}
		if files[file] {
			return nil, fmt.Errorf("--output: got %q twice, want a file for each report", file)
		}
		if toFile {
			files[file] = true
		} else {
			printed = append(printed, format)
		}
		outputs = append(outputs, output{format, file})
	}
	switch len(printed) {
	case 0:
		outputs = append(outputs, output{format: "text"})
	case 1:
	default:
		return nil, fmt.Errorf("--output: got %s for standard output, want one; FORMAT=FILE writes to a file", strings.Join(printed, " and "))
	}
	return outputs, nil
}

// create opens the file of an output.
func (o output) create() (*os.File, error) {
	file, err := os.Create(o.file)
	if err != nil {
		return nil, fmt.Errorf("--output: %w", inWords(err))
	}
	return file, nil
}

// inWords is an error of opening a file, which begins with its name.
func inWords(err error) error {
	if opening, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: %w", opening.Path, opening.Err)
	}
	return err
}

// unwritten are the files without those that the outputs are written to: the reports of
// the last run, which may lie where manifests are looked for. To judge a path and to
// write to it is an error.
func unwritten(files []source.File, outputs []output, paths []string) ([]source.File, error) {
	var written []fs.FileInfo
	for _, o := range outputs {
		if info, err := os.Stat(o.file); err == nil {
			written = append(written, info)
		}
	}
	isWritten := func(name string) bool {
		if len(written) == 0 || name == source.Stdin {
			return false
		}
		info, err := os.Stat(name)
		return err == nil && slices.ContainsFunc(written, func(w fs.FileInfo) bool { return os.SameFile(w, info) })
	}
	if i := slices.IndexFunc(paths, isWritten); i >= 0 {
		return nil, fmt.Errorf("--output: %s: the report would take the place of what is to be judged", paths[i])
	}
	return slices.DeleteFunc(files, func(f source.File) bool { return isWritten(f.Name) }), nil
}

// checkFormats are the formats of check, in the order of the help.
var checkFormats = []string{"text", "json", "sarif", "junit", "github", "gitlab", "tap"}

// A checkReport is all reports of one run of check. Who made it ends it.
type checkReport struct {
	report.ObjectWriter
	files []*os.File
}

// newCheckReport opens all outputs, so that one that cannot be written is known before
// anything is judged.
func newCheckReport(outputs []output, out, errs io.Writer, f checkFlags) (*checkReport, error) {
	var (
		r       checkReport
		writers []report.Writer
	)
	for _, o := range outputs {
		w, err := r.writer(o, out, errs, f)
		if err != nil {
			return nil, errors.Join(err, r.end())
		}
		writers = append(writers, w)
	}
	r.ObjectWriter = report.Several(writers...)
	return &r, nil
}

func (r *checkReport) writer(o output, out, errs io.Writer, f checkFlags) (report.Writer, error) {
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
		return report.JSON(out), nil
	case "sarif":
		return report.SARIF(out, report.SARIFOptions{Version: built().Number, Rule: builtInRule}), nil
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
	return report.Text(out, errs, report.TextOptions{Color: color, Verbose: f.verbose}), nil
}

// end closes the files of the reports.
func (r *checkReport) end() error {
	var errs []error
	for _, file := range r.files {
		errs = append(errs, file.Close())
	}
	return errors.Join(errs...)
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
		Tags:        []string{"kubernetes", "memory", pack.Rules[i].Group},
	}
}

// between is what stands between two marks.
func between(text, from, to string) string {
	_, text, _ = strings.Cut(text, from)
	text, _, _ = strings.Cut(text, to)
	return text
}
