package review

import (
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/memgate/memgate/pkg/policy"
)

// ErrNamespace means that a match depends on the namespace of the object, and that
// namespace, or the Namespace object with its labels, is not known.
var ErrNamespace = errors.New("namespace unknown")

// A Clause names the part of spec.match that kept a constraint from matching. The
// empty Clause means that it matches.
type Clause string

// The clauses, in the order in which they are tried. Those that need to know the
// namespace come last, so that it is missed only where it decides.
const (
	ByKinds              Clause = "kinds"
	BySource             Clause = "source"
	ByLabels             Clause = "labelSelector"
	ByName               Clause = "name"
	ByScope              Clause = "scope"
	ByExcludedNamespaces Clause = "excludedNamespaces"
	ByNamespaces         Clause = "namespaces"
	ByNamespaceLabels    Clause = "namespaceSelector"
)

// Match tries spec.match of a constraint on the review: on the object and, if that
// does not match, on the old object. A nil match matches everything. The clause is that
// of the object, and empty where the error says that no answer can be given. The
// semantics are Gatekeeper's (v3.23 pkg/mutation/match), except that a namespaced
// object without a namespace is known to be namespaced.
func (r *Review) Match(m *policy.Match) (Clause, error) {
	if m == nil {
		return "", nil
	}
	var (
		first Clause
		err   error
	)
	for i, s := range r.subjects {
		clause, fault := r.match(m, s)
		if clause == "" && fault == nil {
			return "", nil
		}
		if i == 0 {
			first = clause
		}
		err = errors.Join(err, fault)
	}
	if err != nil {
		return "", err
	}
	return first, nil
}

func (r *Review) match(m *policy.Match, s subject) (Clause, error) {
	switch {
	case !matchKinds(m.Kinds, s):
		return ByKinds, nil
	case m.Source != "" && m.Source != "All" && m.Source != r.Source:
		return BySource, nil
	case m.Labels != nil && !m.Labels.Matches(s.labels):
		return ByLabels, nil
	case m.Name != "" && !m.Name.Matches(s.name) && !m.Name.MatchesPrefix(s.generateName):
		return ByName, nil
	case !r.matchScope(m.Scope, s):
		return ByScope, nil
	}
	return r.matchNamespace(m, s)
}

func matchKinds(entries []policy.Kinds, s subject) bool {
	allows := func(list []string, name string) bool {
		return len(list) == 0 || slices.Contains(list, "*") || slices.Contains(list, name)
	}
	return len(entries) == 0 || slices.ContainsFunc(entries, func(k policy.Kinds) bool {
		return allows(k.Kinds, s.kind) && allows(k.APIGroups, s.group)
	})
}

func (r *Review) matchScope(scope string, s subject) bool {
	namespaced := !s.isNamespace() && (s.namespace != "" || r.Namespace != nil || r.namespaceMissing)
	switch scope {
	case "Cluster":
		return !namespaced
	case "Namespaced":
		return namespaced
	}
	return true
}

// matchNamespace tries the clauses about the namespace. A namespace that is not known
// is taken to be none of the excluded ones: a false finding is seen, a false pass not.
func (r *Review) matchNamespace(m *policy.Match, s subject) (Clause, error) {
	namespace, known := r.namespaceName(s)
	isIt := func(w policy.Wildcard) bool { return w.Matches(namespace) }
	switch {
	case known && slices.ContainsFunc(m.ExcludedNamespaces, isIt):
		return ByExcludedNamespaces, nil
	case len(m.Namespaces) == 0:
	case known && !slices.ContainsFunc(m.Namespaces, isIt):
		return ByNamespaces, nil
	case !known && r.namespaceMissing:
		return "", fmt.Errorf("%w: %s %q has none and the constraint asks for one (spec.match.namespaces)", ErrNamespace, s.kind, s.name)
	}
	if m.NamespaceLabels == nil {
		return "", nil
	}
	found, err := r.namespaceLabels(s)
	switch {
	case err != nil:
		return "", err
	case found != nil && !m.NamespaceLabels.Matches(found):
		return ByNamespaceLabels, nil
	}
	return "", nil
}

// namespaceName is the name of the namespace that a clause is tried on: of a Namespace
// its own, which is empty where it is still to be generated, else that of the review's
// Namespace, else the one the object names. It is not known if the object names none.
func (r *Review) namespaceName(s subject) (name string, known bool) {
	if s.isNamespace() {
		return s.name, true
	}
	if r.Namespace != nil {
		return newSubject(r.Namespace).name, true
	}
	return s.namespace, s.namespace != ""
}

// namespaceLabels are the labels of the namespace; nil for a cluster-scoped object,
// which every namespaceSelector matches.
func (r *Review) namespaceLabels(s subject) (labels.Set, error) {
	switch {
	case s.isNamespace():
		return nonNil(s.labels), nil
	case r.Namespace != nil:
		return nonNil(newSubject(r.Namespace).labels), nil
	case s.namespace != "":
		return nil, fmt.Errorf("%w: Namespace %q of %s %q is not among the input (spec.match.namespaceSelector)", ErrNamespace, s.namespace, s.kind, s.name)
	case r.namespaceMissing:
		return nil, fmt.Errorf("%w: %s %q has none and the constraint asks for its labels (spec.match.namespaceSelector)", ErrNamespace, s.kind, s.name)
	}
	return nil, nil
}

func nonNil(set labels.Set) labels.Set {
	if set == nil {
		return labels.Set{}
	}
	return set
}
