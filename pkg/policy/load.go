package policy

import (
	"errors"
	"io"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/source"
)

// Load makes a set of the policies in files and below directories, as NewSet does; items
// of a List are objects, too. Other objects there, such as samples, and files that are no
// manifests are passed over. The error joins one for each path that does not exist, file
// that cannot be read, and policy that does not load; the set holds the rest.
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
			found = append(found, parts(object)...)
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

// parts are the objects for a set that an object is or, as kubectl writes several, lists.
func parts(object *manifest.Object) []*manifest.Object {
	if isPart(object) {
		return []*manifest.Object{object}
	}
	items, _ := object.Value["items"].([]any)
	if object.Kind() != "List" || object.APIVersion() != "v1" {
		return nil
	}
	var found []*manifest.Object
	for i := range items {
		if item, ok := object.Item("items", i); ok {
			found = append(found, parts(item)...)
		}
	}
	return found
}
