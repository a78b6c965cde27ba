package policy

import (
	"cmp"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/memgate/memgate/pkg/manifest"
)

// A Set is the policies of a run: templates in order of kind, constraints in order of
// kind and name. Every constraint has its template in the set.
type Set struct {
	Templates   []*Template
	Constraints []*Constraint
}

// IsPolicy reports whether an object is a ConstraintTemplate or a constraint.
func IsPolicy(object *manifest.Object) bool {
	return isTemplate(object) || group(object) == ConstraintGroup
}

func isTemplate(object *manifest.Object) bool {
	return object.Kind() == "ConstraintTemplate" && group(object) == TemplateGroup
}

func group(object *manifest.Object) string {
	name, _, _ := strings.Cut(object.APIVersion(), "/")
	return name
}

// NewSet makes a set of the templates and constraints among objects; other objects
// are passed over. The same policy twice is one; two that differ are an error. The
// error joins an *Error for each policy that does not load.
func NewSet(objects []*manifest.Object) (*Set, error) {
	var (
		errs      []error
		templates = map[string]*Template{}
		seen      = map[string]*manifest.Object{}
		rest      []*manifest.Object
		set       Set
	)
	known := func(object *manifest.Object) bool {
		key := object.Kind() + "/" + object.Name()
		first, found := seen[key]
		if !found {
			seen[key] = object
			return false
		}
		if !reflect.DeepEqual(first.Value, object.Value) {
			errs = append(errs, Fault(object, nil, "%s %q differs from the one at %s", object.Kind(), object.Name(), first.Position()))
		}
		return true
	}
	broken := map[string]bool{}
	for _, object := range objects {
		switch {
		case isTemplate(object):
			if known(object) {
				continue
			}
			template, err := NewTemplate(object)
			if err != nil {
				errs = append(errs, err)
				broken[object.Name()] = true
				continue
			}
			templates[template.Kind] = template
			set.Templates = append(set.Templates, template)
		case group(object) == ConstraintGroup:
			if !known(object) {
				rest = append(rest, object)
			}
		}
	}
	for _, object := range rest {
		template, found := templates[object.Kind()]
		if !found {
			if !broken[strings.ToLower(object.Kind())] {
				errs = append(errs, Fault(object, []any{"kind"}, "constraint %q: no template for kind %q", object.Name(), object.Kind()))
			}
			continue
		}
		constraint, err := NewConstraint(template, object)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		set.Constraints = append(set.Constraints, constraint)
	}
	set.sort()
	return &set, errors.Join(errs...)
}

// Forget gives back the texts that the policies were read from, which take more memory
// than all else: for who has compiled them and goes on to judge. Sources, objects, code and
// parameter schemas are nil from then on but for built-in templates, so that the set is
// good for nothing else. It is not safe for concurrent use.
func (s *Set) Forget() {
	for _, t := range s.Templates {
		if !t.builtIn {
			t.body = func() body { return body{} }
		}
	}
	for _, c := range s.Constraints {
		c.Source, c.Object = nil, nil
	}
}

func (s *Set) sort() {
	slices.SortFunc(s.Templates, func(a, b *Template) int { return cmp.Compare(a.Kind, b.Kind) })
	slices.SortFunc(s.Constraints, func(a, b *Constraint) int {
		return cmp.Or(cmp.Compare(a.Kind(), b.Kind()), cmp.Compare(a.Name, b.Name))
	})
}
