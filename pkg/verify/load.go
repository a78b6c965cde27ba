package verify

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"path"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/expansion"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/source"
)

// A bench is what the cases of a test have in common.
type bench struct {
	test      test
	dir       string // of the suite
	set       *policy.Set
	client    *engine.Client
	expansion *expansion.System
}

// load makes the bench of a test. For a test that wants its constraint refused there is
// none, and the error says why the test fails.
func (r *runner) load(dir string, t test) (*bench, error) {
	template, err := r.one(dir, t.template, "template", "a ConstraintTemplate", isTemplate)
	if err != nil {
		return nil, err
	}
	constraint, err := r.one(dir, t.constraint, "constraint", "a constraint", isConstraint)
	if err != nil {
		return nil, err
	}
	if t.invalid {
		return nil, r.refused(template, constraint)
	}
	b := &bench{test: t, dir: dir}
	if b.set, err = policy.NewSet([]*manifest.Object{template, constraint}); err != nil {
		return nil, err
	}
	if b.client, err = r.client(b.set); err != nil {
		return nil, err
	}
	for _, warning := range b.client.Warnings() {
		for _, fault := range warning.Faults() {
			r.note(faultAt(warning.Template.Source().Place(fault.Path).Start, "%s", fault.Text))
		}
	}
	var expansions []*manifest.Object
	if t.expansion.path != "" {
		if expansions, err = read(dir, t.expansion); err != nil {
			return nil, err
		}
	}
	b.expansion, err = expansion.New(expansions)
	return b, err
}

// refused is nil if the template is good and the spec of the constraint is not.
func (r *runner) refused(template, constraint *manifest.Object) error {
	set, err := policy.NewSet([]*manifest.Object{template})
	if err == nil {
		_, err = r.client(set)
	}
	if err != nil {
		return err
	}
	if _, err := policy.NewSet([]*manifest.Object{template, constraint}); err == nil {
		return faultAt(constraint.Position(), "constraint %q fits its template, want one that does not (invalid)", constraint.Name())
	}
	// What is wrong without the spec, too, such as the kind, is no fault of it.
	bare := maps.Clone(constraint.Value)
	delete(bare, "spec")
	_, err = policy.NewSet([]*manifest.Object{template, constraint.WithValue(bare)})
	return err
}

func isTemplate(object *manifest.Object) bool {
	return policy.IsPolicy(object) && object.Kind() == "ConstraintTemplate"
}

func isConstraint(object *manifest.Object) bool {
	return policy.IsPolicy(object) && !isTemplate(object)
}

// one is the first object of the file that a field of a test refers to. Others there are
// noted.
func (r *runner) one(dir string, ref reference, field, want string, is func(*manifest.Object) bool) (*manifest.Object, error) {
	if ref.path == "" {
		return nil, faultAt(ref.at, "%s: got nothing, want the path of a file with %s", field, want)
	}
	objects, err := read(dir, ref)
	switch {
	case err != nil:
		return nil, err
	case !is(objects[0]):
		return nil, faultAt(objects[0].Position(), "got %s %q, want %s", objects[0].Kind(), objects[0].Name(), want)
	case len(objects) > 1:
		r.note(faultAt(objects[1].Position(), "passed over: a test reads the first document of its %s", field))
	}
	return objects[0], nil
}

// read returns the objects of a file that a suite in dir refers to, one at least. Every
// document there must be a manifest. A file that cannot be read is a fault of the
// reference.
func read(dir string, ref reference) ([]*manifest.Object, error) {
	name := path.Join(dir, ref.path)
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, faultAt(ref.at, "%v", &source.PathError{Name: name, Err: err})
	}
	var objects []*manifest.Object
	for reader := manifest.NewReader(name, bytes.NewReader(text), manifest.Options{}); ; {
		object, err := reader.Next()
		switch {
		case err == nil:
			objects = append(objects, object)
		case !errors.Is(err, io.EOF):
			return nil, err
		case len(objects) == 0:
			return nil, faultAt(ref.at, "%s: it holds no manifest", name)
		default:
			return objects, nil
		}
	}
}
