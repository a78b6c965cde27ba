package rego

import (
	"errors"

	"github.com/open-policy-agent/opa/v1/topdown"
)

// ErrSteps means that evaluations took more steps than their Query left them.
var ErrSteps = errors.New("too many evaluation steps")

// stepCounter cancels an evaluation that takes too many steps.
type stepCounter struct {
	left   *int64
	over   bool
	cancel topdown.Cancel
}

func (c *stepCounter) Enabled() bool               { return true }
func (c *stepCounter) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

func (c *stepCounter) TraceEvent(topdown.Event) {
	if *c.left--; *c.left < 0 && !c.over {
		c.over = true
		c.cancel.Cancel()
	}
}
