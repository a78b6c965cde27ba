package policy

import (
	"errors"
	"reflect"
)

// Merge is the union of sets. A policy that stands in two of them with different content
// is an error: of templates the code and the schema count, of constraints what is left
// when defaults are filled in.
func Merge(sets ...*Set) (*Set, error) {
	if len(sets) == 1 {
		return sets[0], nil
	}
	var (
		errs        []error
		union       Set
		templates   = map[string]*Template{}
		constraints = map[string]*Constraint{}
	)
	for _, set := range sets {
		for _, t := range set.Templates {
			first, found := templates[t.Kind]
			switch {
			case !found:
				templates[t.Kind] = t
				union.Templates = append(union.Templates, t)
			case !first.same(t):
				errs = append(errs, Fault(t.Source(), nil, "template %q differs from the one at %s", t.Source().Name(), first.Source().Position()))
			}
		}
		for _, c := range set.Constraints {
			key := c.Kind() + "/" + c.Name
			first, found := constraints[key]
			switch {
			case !found:
				constraints[key] = c
				union.Constraints = append(union.Constraints, c)
			case !reflect.DeepEqual(first.Object, c.Object):
				errs = append(errs, Fault(c.Source, nil, "%s %q differs from the one at %s", c.Kind(), c.Name, first.Source.Position()))
			}
		}
	}
	for _, set := range sets {
		var err error
		union.Exclusions, err = union.Exclusions.and(set.Exclusions)
		errs = append(errs, err)
		union.Expansions = append(union.Expansions, set.Expansions...)
		union.Mutators = append(union.Mutators, set.Mutators...)
	}
	union.sort()
	return &union, errors.Join(errs...)
}

func (t *Template) same(other *Template) bool {
	if t == other || t.builtIn && other.builtIn {
		return true
	}
	return t.Digest == other.Digest && reflect.DeepEqual(t.Source().Value["spec"], other.Source().Value["spec"])
}
