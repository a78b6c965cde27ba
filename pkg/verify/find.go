package verify

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/source"
)

// Find returns the suites at paths, in order of their files: of a file, of the files of a
// directory, or, for "directory/...", of all below it. A file may hold several; documents
// that are no suites are passed over. The error joins one for each path that does not
// exist, and for each file and suite that cannot be read; the other suites are returned
// with it.
func Find(paths []string) ([]*Suite, error) {
	var (
		places []string
		errs   []error
	)
	for _, path := range paths {
		found, err := expand(path)
		places, errs = append(places, found...), append(errs, err)
	}
	files, unreadable, err := source.Find(places, nil)
	errs = append(errs, err)
	for _, fault := range unreadable {
		errs = append(errs, fault)
	}
	var suites []*Suite
	for _, file := range files {
		found, err := readSuites(file)
		suites, errs = append(suites, found...), append(errs, err)
	}
	slices.SortStableFunc(suites, func(a, b *Suite) int { return cmp.Compare(a.File, b.File) })
	return suites, errors.Join(errs...)
}

// expand turns a path into what source.Find reads: a directory, which it reads with all
// that is below, or files.
func expand(path string) ([]string, error) {
	if path == source.Stdin {
		return []string{path}, nil // source.Find has the error
	}
	path = filepath.ToSlash(path)
	below := path == "..." || strings.HasSuffix(path, "/...")
	if below {
		path = cmp.Or(strings.TrimSuffix(strings.TrimSuffix(path, "..."), "/"), ".")
	}
	info, err := os.Stat(path)
	switch {
	case err != nil || !info.IsDir() && !below:
		return []string{path}, nil // source.Find has the error
	case below && !info.IsDir():
		return nil, fmt.Errorf("%s/...: %s is a file, want a directory", path, path)
	case below:
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, &source.PathError{Name: path, Err: err}
	}
	var files []string
	for _, entry := range entries {
		switch strings.ToLower(filepath.Ext(entry.Name())) {
		case ".yaml", ".yml", ".json":
			if !entry.IsDir() {
				files = append(files, filepath.Join(path, entry.Name()))
			}
		}
	}
	return files, nil
}

// readSuites reads the suites of a file. Only documents that name the group of suites are
// looked at, so that those which are no YAML, such as charts, do no harm.
func readSuites(file source.File) ([]*Suite, error) {
	in, err := file.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // read only
	var (
		suites []*Suite
		errs   []error
		none   *manifest.NotManifestError
		syntax *manifest.SyntaxError
	)
	reader := manifest.NewReader(file.Name, in, manifest.Options{
		Only: func(text []byte) bool { return bytes.Contains(text, []byte(group)) },
	})
	for {
		object, err := reader.Next()
		switch {
		case errors.Is(err, io.EOF):
			return suites, errors.Join(errs...)
		case errors.As(err, &none), errors.As(err, &syntax) && !syntax.LooksLikeManifest:
		case errors.As(err, &syntax):
			errs = append(errs, err)
		case err != nil:
			return suites, errors.Join(append(errs, err)...)
		case isSuite(object):
			suite, err := newSuite(object)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			suites = append(suites, suite)
		}
	}
}
