package review

import (
	"slices"

	"github.com/memgate/memgate/pkg/policy"
)

// A Key is what decides about most constraints: reviews of one Key are kept from the same
// ones by kind, operation and namespace.
type Key struct {
	Group, Kind string
	Operation   string
	Namespace   string // that clauses are tried on
	known       bool   // the namespace is
}

// Key is the Key of the review; not ok if its object and old object differ in it.
func (r *Review) Key() (key Key, ok bool) {
	for i, s := range r.subjects {
		k := Key{Group: s.group, Kind: s.kind, Operation: r.Operation}
		k.Namespace, k.known = r.namespaceName(s)
		if i > 0 && k != key {
			return Key{}, false
		}
		key = k
	}
	return key, true
}

// Excludes is a clause of a match that no review of the Key fulfils; empty if there is
// none that the Key decides.
func (k Key) Excludes(m *policy.Match) Clause {
	isIt := func(w policy.Wildcard) bool { return w.Matches(k.Namespace) }
	switch {
	case m == nil:
	case !matchKinds(m.Kinds, subject{group: k.Group, kind: k.Kind}):
		return ByKinds
	case !k.known:
	case slices.ContainsFunc(m.ExcludedNamespaces, isIt):
		return ByExcludedNamespaces
	case len(m.Namespaces) > 0 && !slices.ContainsFunc(m.Namespaces, isIt):
		return ByNamespaces
	}
	return ""
}
