package engine

import (
	"slices"
	"sync"

	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/review"
)

// mostKeys bounds the index: clusters have some hundred kinds in some thousand namespaces,
// of which a few make nearly all requests.
const mostKeys = 1024

// index knows which constraints may match a review, by its Key. It fills itself; it is
// safe for concurrent use.
type index struct {
	mu    sync.RWMutex
	byKey map[review.Key][]fate
}

// A fate is what a Key decides about a constraint, in one byte: there are many of them.
type fate uint8

const (
	open        fate = iota // nothing: it may match
	notEnforced             // for the operation
	excluded                // it does not match, by the clause excludedBy[fate-excluded]
)

var excludedBy = []review.Clause{review.ByKinds, review.ByExcludedNamespaces, review.ByNamespaces}

func (c *Client) fate(e entry, key review.Key) fate {
	if !c.enforces(e, key.Operation) {
		return notEnforced
	}
	if clause := key.Excludes(e.constraint.Match); clause != "" {
		return excluded + fate(slices.Index(excludedBy, clause))
	}
	return open
}

// fates are those of all constraints of a client for a review, in their order. The slice
// is shared.
func (c *Client) fates(r *review.Review) []fate {
	key, ok := r.Key()
	if !ok {
		found := make([]fate, len(c.entries))
		for i, e := range c.entries {
			if !c.enforces(e, r.Operation) {
				found[i] = notEnforced
			}
		}
		return found
	}
	c.index.mu.RLock()
	found := c.index.byKey[key]
	c.index.mu.RUnlock()
	if found != nil {
		return found
	}
	found = make([]fate, len(c.entries))
	for i, e := range c.entries {
		found[i] = c.fate(e, key)
	}
	c.index.mu.Lock()
	defer c.index.mu.Unlock()
	if c.index.byKey == nil || len(c.index.byKey) >= mostKeys {
		c.index.byKey = map[review.Key][]fate{}
	}
	c.index.byKey[key] = found
	return found
}

// enforces reports whether a constraint is enforced at the client's point for an
// operation. Gatekeeper asks for the operations of the template in its webhook only.
func (c *Client) enforces(e entry, operation string) bool {
	operations := e.constraint.Template.Operations
	return len(e.actions) > 0 && (c.point != policy.WebhookPoint || len(operations) == 0 ||
		slices.Contains(operations, "*") || slices.Contains(operations, operation))
}
