package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

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
		names   = choice(formats)
	)
	for _, value := range values {
		format, file, toFile := strings.Cut(value, "=")
		if !slices.Contains(formats, format) || toFile && file == "" {
			return nil, fmt.Errorf("--output: got %q, want %s, or one of them with =FILE", value, names)
		}
		if files[filepath.Clean(file)] {
			return nil, fmt.Errorf("--output: got %q twice, want a file for each report", file)
		}
		if toFile {
			files[filepath.Clean(file)] = true
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
