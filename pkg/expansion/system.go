package expansion

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
)

// maxDepth is how often what was made may make something again, as in Gatekeeper.
const maxDepth = 30

// A System is a set of ExpansionTemplates. It is immutable once made and safe for
// concurrent use.
type System struct {
	templates []*template // by name
}

// A Generated is an object that another one stands for.
type Generated struct {
	Object   map[string]any // read-only: it shares values with its parent
	Path     []any          // of what it was made of, from the root of the object that was expanded
	Template string         // name of the ExpansionTemplate
	Action   string         // enforcementAction in place of that of constraints; "" leaves it
}

// Message is the message of a violation as Gatekeeper reports it on the parent.
func (g Generated) Message(text string) string {
	return "[Implied by " + g.Template + "] " + text
}

// New makes a System of ExpansionTemplates. The same template twice is one. The error
// joins one for each object that is no ExpansionTemplate or not a valid one, for two that
// differ and have one name, and for those that make each other in a circle.
func New(templates []*manifest.Object) (*System, error) {
	var (
		s       System
		errs    []error
		objects = map[string]*manifest.Object{} // by name
	)
	for _, object := range templates {
		t, err := newTemplate(object)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if first, found := objects[t.name]; found {
			if !s.has(t) {
				errs = append(errs, policy.Fault(object, nil, "ExpansionTemplate %q differs from the one at %s", t.name, first.Position()))
			}
			continue
		}
		objects[t.name] = object
		s.templates = append(s.templates, t)
	}
	s.sort()
	for _, t := range s.templates {
		if s.reaches(t, t, map[*template]bool{}) {
			errs = append(errs, policy.Fault(objects[t.name], []any{"spec", "generatedGVK"}, "ExpansionTemplate %q: what it makes is expanded to what it applies to, in a circle", t.name))
		}
	}
	return &s, errors.Join(errs...)
}

func (s *System) sort() {
	slices.SortStableFunc(s.templates, func(a, b *template) int { return cmp.Compare(a.name, b.name) })
}

// has reports whether a template that equals t is there.
func (s *System) has(t *template) bool {
	return slices.ContainsFunc(s.templates, func(other *template) bool {
		return t.name == other.name && t.action == other.action && t.generated == other.generated &&
			slices.Equal(t.source, other.source) && slices.Equal(t.applyTo, other.applyTo)
	})
}

// reaches reports whether what from makes is expanded by to, at once or later.
func (s *System) reaches(from, to *template, seen map[*template]bool) bool {
	return slices.ContainsFunc(s.templates, func(next *template) bool {
		if seen[next] || !next.appliesTo(from.generated) {
			return false
		}
		seen[next] = true
		return next == to || s.reaches(next, to, seen)
	})
}

// Expand makes the objects that an object stands for, those that are made of them
// included: each is followed by what is made of it, and templates come in order of their
// names. None is no error. An error names the template and what it misses in the object.
func (s *System) Expand(object map[string]any) ([]Generated, error) {
	if len(s.templates) == 0 {
		return nil, nil
	}
	if kind := kindOf(object); kind.Version == "" || kind.Kind == "" {
		return nil, fmt.Errorf("apiVersion and kind: want a text in both")
	}
	return s.expand(object, nil, 0)
}

func (s *System) expand(parent map[string]any, path []any, depth int) ([]Generated, error) {
	if depth >= maxDepth {
		return nil, fmt.Errorf("expanded %d times in a row, which is the limit", maxDepth)
	}
	var found []Generated
	for _, t := range s.templates {
		if !t.appliesTo(kindOf(parent)) {
			continue
		}
		g, err := t.generate(parent, path)
		if err != nil {
			return nil, err
		}
		inner, err := s.expand(g.Object, g.Path, depth+1)
		if err != nil {
			return nil, err
		}
		found = append(append(found, g), inner...)
	}
	return found, nil
}

// generate makes the object of one template of a parent, which was itself made of what is
// at a path.
func (t *template) generate(parent map[string]any, path []any) (Generated, error) {
	object, err := t.expand(parent)
	if err != nil {
		return Generated{}, err
	}
	g := Generated{Object: object, Path: slices.Clone(path), Template: t.name, Action: t.action}
	for _, key := range t.source {
		g.Path = append(g.Path, key)
	}
	return g, nil
}

// expand makes the object of one template, in the namespace of its parent, owned by it
// and called as it and the kind.
func (t *template) expand(parent map[string]any) (map[string]any, error) {
	kind, _ := parent["kind"].(string)
	metadata, _ := parent["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	source, err := t.sourceOf(parent)
	if err != nil {
		return nil, fmt.Errorf("ExpansionTemplate %q: %s %q: %w", t.name, kind, name, err)
	}
	written, _ := source["metadata"].(map[string]any)
	made := maps.Clone(written)
	if made == nil {
		made = map[string]any{}
	}
	made["name"] = strings.ToLower(name + "-" + t.generated.Kind)
	delete(made, "namespace")
	if namespace, _ := metadata["namespace"].(string); namespace != "" {
		made["namespace"] = namespace
	}
	if name != "" {
		made["ownerReferences"] = ownedBy(made["ownerReferences"], parent["apiVersion"], kind, name)
	}
	object := maps.Clone(source)
	object["apiVersion"], object["kind"] = t.generated.GroupVersion().String(), t.generated.Kind
	object["metadata"] = made
	return object, nil
}

// sourceOf is what spec.templateSource leads to.
func (t *template) sourceOf(parent map[string]any) (map[string]any, error) {
	at := parent
	for i, key := range t.source {
		value, found := at[key]
		if !found {
			return nil, fmt.Errorf("%s is missing (spec.templateSource)", strings.Join(t.source[:i+1], "."))
		}
		next, ok := value.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s is no object (spec.templateSource)", strings.Join(t.source[:i+1], "."))
		}
		at = next
	}
	return at, nil
}

// ownedBy are owner references with one to an object, which is not there twice.
func ownedBy(references, apiVersion any, kind, name string) []any {
	list, _ := references.([]any)
	for _, entry := range list {
		fields, _ := entry.(map[string]any)
		if fields["apiVersion"] == apiVersion && fields["kind"] == kind && fields["name"] == name {
			return list
		}
	}
	return append(slices.Clone(list), map[string]any{"apiVersion": apiVersion, "kind": kind, "name": name, "uid": ""})
}
