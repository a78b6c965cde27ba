package policy

import (
	"errors"
	"io"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/source"
)

// Load makes a set of the templates and constraints in files and below directories.
// Other objects there, such as samples, and files that are no manifests are passed
// over. The error joins one for each path that does not exist, file that cannot be
// read, and policy that does not load; the set holds the rest.
func Load(paths []string) (*Set, error) {
	files, faults, err := source.Find(paths, nil)
	errs := []error{err}
	for _, fault := range faults {
		errs = append(errs, fault)
	}
	var objects []*manifest.Object
	for _, file := range files {
		found, err := policies(file)
		objects, errs = append(objects, found...), append(errs, err)
	}
	set, err := NewSet(objects)
	return set, errors.Join(append(errs, err)...)
}

func policies(file source.File) ([]*manifest.Object, error) {
	in, err := file.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // read only
	var (
		found  []*manifest.Object
		errs   []error
		none   *manifest.NotManifestError
		syntax *manifest.SyntaxError
	)
	for reader := manifest.NewReader(file.Name, in, manifest.Options{}); ; {
		object, err := reader.Next()
		switch {
		case err == nil:
			if IsPolicy(object) {
				found = append(found, object)
			}
		case errors.Is(err, io.EOF):
			return found, errors.Join(errs...)
		case errors.As(err, &none), errors.As(err, &syntax) && !syntax.LooksLikeManifest:
		case errors.As(err, &syntax):
			errs = append(errs, err)
		default:
			return found, errors.Join(append(errs, err)...)
		}
	}
}
