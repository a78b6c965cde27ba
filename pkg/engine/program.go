package engine

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/cover"

	"github.com/memgate/memgate/pkg/engine/cel"
	"github.com/memgate/memgate/pkg/engine/rego"
	"github.com/memgate/memgate/pkg/engine/vm"
	"github.com/memgate/memgate/pkg/policy"
)

// A Kind is what a template reads of data.inventory.
type Kind = rego.Kind

// ErrNoCode means that a template has code for no engine that is known here.
var ErrNoCode = errors.New("the template has neither Rego nor CEL code")

// A program is the code of a template, ready to run. It is safe for concurrent use.
type program struct {
	cel *cel.Program // nil if the template has Rego

	reads     []Kind
	plan      *vm.Program // shared by the templates that were planned together; nil if there is none
	rule      *vm.Rule    // violation in plan
	unplanned error       // why there is no rule, an *vm.Unsupported

	compile func() (*rego.Program, error) // for topdown
	once    sync.Once
	topdown *rego.Program // compiled when it is asked for
	err     error
	cover   *cover.Cover // of topdown; nil unless lines are noted
}

// compiled is the program for topdown.
func (p *program) compiled() (*rego.Program, error) {
	p.once.Do(func() {
		p.topdown, p.err = p.compile()
		p.compile = nil
	})
	return p.topdown, p.err
}

// programs makes the programs of templates, in their order. The error joins a
// *TemplateError for each that does not compile.
func programs(ctx context.Context, templates []*policy.Template, options Options) ([]*program, error) {
	var (
		made    = make([]*program, len(templates))
		errs    = make([]error, len(templates))
		shelf   = readPlans(options.Plans)
		texts   = interned{}
		places  []int // of templates with Rego that the plans do not have
		digests []string
		sources []rego.Source
	)
	for i, t := range templates {
		if made[i] = shelf.program(t.Digest); made[i] != nil {
			made[i].compile = func() (*rego.Program, error) {
				source, err := rego.SourceOf(t.Code())
				if err != nil {
					return nil, err
				}
				return options.compile(source)
			}
			continue
		}
		source, err := rego.SourceOf(t.Code())
		switch {
		case errors.Is(err, rego.ErrNoRego):
			made[i], errs[i] = celProgram(t)
		case err != nil:
			errs[i] = err
		default:
			places, digests, sources = append(places, i), append(digests, t.Digest), append(sources, texts.source(source))
		}
	}
	found, faults := options.rest(ctx, digests, sources)
	for at, i := range places {
		made[i], errs[i] = found[at], faults[at]
		if made[i] != nil {
			made[i].compile = func() (*rego.Program, error) { return options.compile(sources[at]) }
		}
	}
	for i, err := range errs {
		if err != nil {
			errs[i] = &TemplateError{templates[i], err}
		}
	}
	return made, errors.Join(errs...)
}

// compile compiles Rego for topdown.
func (o Options) compile(source rego.Source) (*rego.Program, error) {
	if o.Print != nil {
		return rego.CompilePrinting(source)
	}
	return rego.Compile(source)
}

// rest makes the programs of Rego that no plans came with: from the cache, or by compiling
// it. Each has a program or an error.
func (o Options) rest(ctx context.Context, digests []string, sources []rego.Source) ([]*program, []error) {
	made, faults := make([]*program, len(sources)), make([]error, len(sources))
	if len(sources) == 0 {
		return made, faults
	}
	if o.Engine == Topdown {
		rego.Parallel(len(sources), func(i int) {
			p := &program{}
			if p.topdown, faults[i] = o.compile(sources[i]); faults[i] == nil {
				p.reads = p.topdown.Reads
				p.once.Do(func() {}) // it is compiled already
				made[i] = p
			}
		})
		return made, faults
	}
	take := func(shelf *shelf) bool {
		for i, digest := range digests {
			if made[i] = shelf.program(digest); made[i] == nil {
				return false
			}
		}
		return true
	}
	key := cacheKey(digests)
	if o.Cache != nil && take(readPlans(o.Cache.Get(key))) {
		return made, faults
	}
	plans, faults, err := planSources(ctx, digests, sources)
	if err != nil {
		for i := range faults {
			faults[i] = errors.Join(faults[i], err)
		}
		return made, faults
	}
	shelf := readPlans(plans)
	for i, digest := range digests {
		made[i] = nil
		if faults[i] == nil {
			made[i] = shelf.program(digest)
		}
	}
	if o.Cache != nil && errors.Join(faults...) == nil {
		o.Cache.Put(key, plans)
	}
	return made, faults
}

// celProgram is nil without an error for a template that has neither Rego nor CEL: what
// matches its constraints is not judged.
func celProgram(t *policy.Template) (*program, error) {
	for _, code := range t.Code() {
		if code.Engine == cel.Engine {
			p, err := cel.Compile(code.Source)
			if err != nil {
				return nil, err
			}
			return &program{cel: p}, nil
		}
	}
	return nil, nil
}

// interned are texts that are kept once: templates share libs. They are copies, because
// a text may be a part of the file that it was read from.
type interned map[string]string

func (t interned) text(s string) string {
	kept, found := t[s]
	if !found {
		kept = strings.Clone(s)
		t[kept] = kept
	}
	return kept
}

func (t interned) source(s rego.Source) rego.Source {
	s.Module = strings.Clone(s.Module)
	libs := make([]string, len(s.Libs))
	for i, lib := range s.Libs {
		libs[i] = t.text(lib)
	}
	s.Libs = libs
	return s
}
