package conformance

import (
	"errors"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/review"
)

// excepted reports whether a difference is one of those that are meant.
func (c *comparison) excepted(s subject, r *review.Review, o engine.Outcome, want []verdict) bool {
	m := o.Constraint.Match
	if m == nil {
		return false
	}
	asksNamespace := len(m.Namespaces) > 0 || m.NamespaceLabels != nil || m.Scope == "Namespaced" || m.Scope == "Cluster"
	if asksNamespace && namespaceMissing(s.object) {
		c.unknownNamespace.Add(1)
		return true
	}
	if o.Status == engine.NotMatched && len(want) == 1 && want[0].Cause == "autoreject" && saysNo(r, m) {
		c.clauseOrder.Add(1)
		return true
	}
	return false
}

// namespaceMissing reports whether an object outside admission is of a kind that is
// known to be namespaced and names no namespace. Gatekeeper takes it for cluster-scoped.
func namespaceMissing(o object) bool {
	gv, err := schema.ParseGroupVersion(o.own.APIVersion())
	return err == nil && !o.isReview() && o.own.Namespace() == "" &&
		review.ScopeOf(schema.GroupKind{Group: gv.Group, Kind: o.own.Kind()}) == review.Namespaced
}

// saysNo reports whether it is the name or the source that keeps a match from asking
// for a namespace that is not known.
func saysNo(r *review.Review, m *policy.Match) bool {
	without := *m
	without.Name, without.Source = "", ""
	_, err := r.Match(&without)
	return errors.Is(err, review.ErrNamespace)
}
