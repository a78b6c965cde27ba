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
// kind and name. Every constraint has its template in the set. What else of Gatekeeper
// decides about verdicts is there, too.
type Set struct {
	Templates   []*Template
	Constraints []*Constraint
	Exclusions  *Exclusions        // of Gatekeeper's Config; nil excludes nothing
	Expansions  []*manifest.Object // ExpansionTemplates as they were read, not looked into
	Mutators    []string           // kind/name of each, sorted; they are not applied
}

// Groups of what stands beside templates and constraints.
const (
	ExpansionGroup = "expansion.gatekeeper.sh"
	MutatorGroup   = "mutations.gatekeeper.sh"
)

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

// isPart reports whether an object belongs into a set.
func isPart(object *manifest.Object) bool {
	return IsPolicy(object) || isConfig(object) || IsExpansionTemplate(object) || group(object) == MutatorGroup
}

// IsExpansionTemplate reports whether an object is an ExpansionTemplate.
func IsExpansionTemplate(object *manifest.Object) bool {
	return object.Kind() == "ExpansionTemplate" && group(object) == ExpansionGroup
}

// NewSet makes a set of the templates and constraints among objects, of Gatekeeper's
// Config, ExpansionTemplates and mutators. Other objects are passed over: reference data is
// not taken from a SyncSet, and no Provider is asked. The same policy twice is one; two
// that differ are an error. The error joins an *Error for each policy that does not load.
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
		case isConfig(object):
			exclusions, err := newExclusions(object)
			if err == nil {
				set.Exclusions, err = set.Exclusions.and(exclusions)
			}
			errs = append(errs, err)
		case IsExpansionTemplate(object):
			set.Expansions = append(set.Expansions, object)
		case group(object) == MutatorGroup:
			set.Mutators = append(set.Mutators, object.Kind()+"/"+object.Name())
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
	slices.Sort(s.Mutators)
	s.Mutators = slices.Compact(s.Mutators)
}
