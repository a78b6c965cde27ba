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

// A fate is what a Key decides about a constraint.
type fate struct {
	notEnforced bool
	clause      review.Clause // the constraint does not match by it
}

// fates are those of all constraints of a client for a review, in their order. The slice
// is shared.
func (c *Client) fates(r *review.Review) []fate {
	key, ok := r.Key()
	if !ok {
		found := make([]fate, len(c.entries))
		for i, e := range c.entries {
			found[i].notEnforced = !c.enforces(e, r.Operation)
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
		found[i] = fate{!c.enforces(e, key.Operation), key.Excludes(e.constraint.Match)}
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
