package engine

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	opaversion "github.com/open-policy-agent/opa/v1/version"

	"github.com/memgate/memgate/pkg/engine/rego"
	"github.com/memgate/memgate/pkg/engine/vm"
	"github.com/memgate/memgate/pkg/policy"
)

// A Cache keeps plans between processes. Plans decide verdicts: what Get returns must be
// what Put was given, by this user. It is used by one goroutine at a time.
type Cache interface {
	Get(key string) []byte // nil if there is none
	Put(key string, plans []byte)
}

// plansVersion changes with everything that the meaning of plans depends on beside the
// code of templates: the form of what is below, that of package vm, and OPA with the
// built-in functions that it has.
var plansVersion = fmt.Sprintf("1 %d %s", vm.FormatVersion, opaversion.Version)

// planned is what plans have of one template.
type planned struct {
	Digest string   `json:"digest"` // of its code
	Reads  []Kind   `json:"reads,omitempty"`
	Plan   int      `json:"plan"`            // index; -1 if there is none
	Rule   []string `json:"rule,omitempty"`  // path of violation there
	Cause  string   `json:"cause,omitempty"` // why there is none
}

// head stands before the plans.
type head struct {
	Version   string    `json:"version"`
	Templates []planned `json:"templates"`
	Sizes     []int     `json:"sizes"` // of the plans, in bytes
}

// Plan compiles and plans the Rego of templates, for Options.Plans. The error joins a
// *TemplateError for each that does not compile. Equal templates give equal plans.
func Plan(ctx context.Context, templates []*policy.Template) ([]byte, error) {
	var (
		digests []string
		sources []rego.Source
		errs    []error
	)
	for _, t := range templates {
		source, err := rego.SourceOf(t.Code())
		if err != nil {
			errs = append(errs, &TemplateError{t, err})
			continue
		}
		digests, sources = append(digests, t.Digest), append(sources, source)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	plans, faults, err := planSources(ctx, digests, sources)
	for i, fault := range faults {
		if fault != nil {
			errs = append(errs, &TemplateError{templates[i], fault})
		}
	}
	return plans, errors.Join(append(errs, err)...)
}

// planSources compiles and plans Rego, on all processors. Programs that were compiled
// together share a plan, so that a lib is there once; where that fails, each gets its own.
// A fault is that of compiling one of them.
func planSources(ctx context.Context, digests []string, sources []rego.Source) (plans []byte, faults []error, err error) {
	compiled, faults := rego.CompileAll(sources)
	byCompiler := map[*ast.Compiler][]int{}
	var groups [][]int
	for i, p := range compiled {
		if p != nil {
			byCompiler[p.Compiler] = append(byCompiler[p.Compiler], i)
		}
	}
	for i, p := range compiled {
		if p != nil && byCompiler[p.Compiler][0] == i {
			groups = append(groups, byCompiler[p.Compiler])
		}
	}
	h := head{Version: plansVersion, Templates: make([]planned, len(sources))}
	encoded := make([][][]byte, len(groups))
	rego.Parallel(len(groups), func(g int) {
		group := groups[g]
		for _, i := range group {
			h.Templates[i] = planned{Digest: digests[i], Reads: compiled[i].Reads, Rule: names(compiled[i].Violation), Plan: -1}
		}
		if plan, err := planTogether(ctx, compiled, group); err == nil {
			encoded[g] = [][]byte{plan}
			return
		}
		for _, i := range group {
			plan, err := planTogether(ctx, compiled, []int{i})
			if err != nil {
				h.Templates[i].Cause = causeOf(err)
			}
			encoded[g] = append(encoded[g], plan)
		}
	})
	var all []byte
	for g, group := range groups {
		for at, plan := range encoded[g] {
			for _, i := range group {
				if plan != nil && (len(encoded[g]) == 1 || group[at] == i) {
					h.Templates[i].Plan = len(h.Sizes)
				}
			}
			if plan != nil {
				h.Sizes = append(h.Sizes, len(plan))
				all = append(all, plan...)
			}
		}
	}
	h.Templates = slices.DeleteFunc(h.Templates, func(t planned) bool { return t.Digest == "" })
	text, err := json.Marshal(h)
	if err != nil {
		return nil, faults, err
	}
	plans = append(binary.AppendUvarint(nil, uint64(len(text))), text...)
	return append(plans, all...), faults, nil
}

func planTogether(ctx context.Context, compiled []*rego.Program, group []int) ([]byte, error) {
	rules := make([]ast.Ref, len(group))
	for at, i := range group {
		rules[at] = compiled[i].Violation
	}
	plan, err := vm.PlanRules(ctx, compiled[group[0]].Compiler, rules...)
	if err != nil {
		return nil, err
	}
	return vm.Encode(plan, vm.Options{Vary: parametersKey})
}

func causeOf(err error) string {
	var unsupported *vm.Unsupported
	if errors.As(err, &unsupported) {
		return unsupported.Cause
	}
	return err.Error()
}

// names are those of a reference to a rule, without data.
func names(rule ast.Ref) []string {
	var found []string
	for _, term := range rule[1:] {
		if name, ok := term.Value.(ast.String); ok {
			found = append(found, string(name))
		}
	}
	return found
}

// cacheKey is that of the plans of templates, in any order.
func cacheKey(digests []string) string {
	hash := sha256.New()
	fmt.Fprintln(hash, plansVersion)
	fmt.Fprintln(hash, strings.Join(slices.Sorted(slices.Values(digests)), "\n"))
	return hex.EncodeToString(hash.Sum(nil))
}

// A shelf is plans that were read; nil has none.
type shelf struct {
	templates map[string]planned // by digest
	encoded   [][]byte
	loaded    []*vm.Program
	errs      []error
}

// readPlans reads plans. Those of another version, and what is no plans at all, are none.
func readPlans(plans []byte) *shelf {
	size, n := binary.Uvarint(plans)
	if n <= 0 || size > uint64(len(plans)-n) {
		return nil
	}
	var h head
	text, rest := plans[n:n+int(size)], plans[n+int(size):]
	if json.Unmarshal(text, &h) != nil || h.Version != plansVersion {
		return nil
	}
	s := &shelf{templates: make(map[string]planned, len(h.Templates))}
	for _, size := range h.Sizes {
		if size < 0 || size > len(rest) {
			return nil
		}
		s.encoded = append(s.encoded, rest[:size:size])
		rest = rest[size:]
	}
	for _, t := range h.Templates {
		if t.Plan < -1 || t.Plan >= len(s.encoded) || t.Plan == -1 && t.Cause == "" {
			return nil
		}
		s.templates[t.Digest] = t
	}
	s.loaded, s.errs = make([]*vm.Program, len(s.encoded)), make([]error, len(s.encoded))
	return s
}

// program is that of the template whose code has a digest; nil if the shelf has none.
func (s *shelf) program(digest string) *program {
	if s == nil {
		return nil
	}
	t, found := s.templates[digest]
	if !found {
		return nil
	}
	p := &program{reads: t.Reads}
	if t.Plan < 0 {
		p.unplanned = &vm.Unsupported{Cause: t.Cause}
		return p
	}
	if s.loaded[t.Plan] == nil && s.errs[t.Plan] == nil {
		s.loaded[t.Plan], s.errs[t.Plan] = vm.Load(s.encoded[t.Plan])
	}
	if s.errs[t.Plan] != nil {
		return nil
	}
	p.plan = s.loaded[t.Plan]
	if p.rule = p.plan.Rule(t.Rule...); p.rule == nil {
		p.unplanned = &vm.Unsupported{Cause: "rule without a function"}
	}
	return p
}
