package engine

import (
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/memgate/memgate/pkg/engine/rego"
	"github.com/memgate/memgate/pkg/policy"
)

// Lines are the lines of a module of Rego that were evaluated, and the others.
type Lines = rego.Lines

// Coverage says which lines of the Rego of a template were evaluated.
type Coverage struct {
	Template *policy.Template
	Modules  []Lines // its own, then its libs; nil if it has no Rego
}

// covered is a template whose program notes which lines are evaluated.
type covered struct {
	template *policy.Template
	program  *program // nil for a template without code
}

// coverAll makes the programs of templates note which lines are evaluated.
func coverAll(templates []*policy.Template, programs []*program) []covered {
	found := make([]covered, len(programs))
	for i, p := range programs {
		if p != nil && p.cel == nil {
			p.cover = cover.New()
		}
		found[i] = covered{templates[i], p}
	}
	return found
}

// Coverage is that of the templates of the client, in the order of the set, by all reviews
// so far; nil unless Options.Cover is set.
func (c *Client) Coverage() []Coverage {
	var found []Coverage
	for _, each := range c.covered {
		coverage := Coverage{Template: each.template}
		if p := each.program; p != nil && p.cover != nil {
			if compiled, err := p.compiled(); err == nil {
				coverage.Modules = compiled.Lines(p.cover)
			}
		}
		found = append(found, coverage)
	}
	return found
}

// tracer is nil unless lines are noted.
func (p *program) tracer() topdown.QueryTracer {
	if p.cover == nil {
		return nil
	}
	return p.cover
}
