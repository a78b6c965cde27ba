package engine

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/storage"

	"github.com/memgate/memgate/pkg/engine/rego"
	"github.com/memgate/memgate/pkg/engine/vm"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/refdata"
	"github.com/memgate/memgate/pkg/review"
)

// Options of a Client.
type Options struct {
	Point        string    // enforcement point, such as policy.OfflinePoint
	RefdataLimit int64     // bytes of reference data that are kept; 0 means no limit
	Engine       string    // VM, Topdown or Verify; "" means VM
	Steps, Bytes int64     // that one review may need; 0 means DefaultSteps and DefaultBytes, less no limit
	Plans        []byte    // that Plan made, of some of the templates; others are planned anew
	Cache        Cache     // for what is planned anew; nil keeps nothing
	Cover        bool      // note which lines of Rego are evaluated, for Coverage; by Topdown only
	Print        io.Writer // where print of Rego writes, by Topdown only; nil is nowhere
	Keep         []Kind    // kept as reference data though no template may read them

	// ExternalData answers external_data of templates; nil means that what asks for it is
	// not judged.
	ExternalData func(ctx context.Context, request map[string]any) (response map[string]any, err error)
}

// What one review may need: a second or so of a processor, and half of the memory of a
// small container. A review by all rules of this repository takes some ten thousand steps.
const (
	DefaultSteps = 50_000_000
	DefaultBytes = 64 << 20
)

// A Client judges reviews by a set of policies. Its policies do not change; reference
// data may. It is safe for concurrent use.
type Client struct {
	point     string
	data      *refdata.Store
	reads     []Kind
	needsData bool // some template reads it
	keep      []Kind
	entries   []entry // in the order of the set
	index     index
	evaluator evaluator
	limits    vm.Limits // of one review
	external  rego.ExternalData
	print     io.Writer
	covered   []covered // nil unless lines are noted
}

type entry struct {
	constraint *policy.Constraint
	actions    []policy.Action
	program    *program       // nil if the template has no code that is known
	parameters any            // as package vm has values
	object     map[string]any // all of the constraint, where the program is of CEL; else nil
}

// NewClient makes a client of a set: it compiles, on all processors, the templates that
// neither the plans nor the cache know. The error joins a *TemplateError for each that
// does not compile. A template with neither Rego nor CEL is none: what matches its
// constraints is not judged.
func NewClient(set *policy.Set, options Options) (*Client, error) {
	evaluator, err := evaluatorOf(options.Engine)
	if err != nil {
		return nil, err
	}
	if _, ok := evaluator.(topdownEvaluator); !ok && (options.Cover || options.Print != nil) {
		return nil, fmt.Errorf("engine %q neither notes lines nor prints, want %s", options.Engine, Topdown)
	}
	made, err := programs(context.Background(), set.Templates, options)
	if err != nil {
		return nil, err
	}
	c := &Client{
		point:     options.Point,
		data:      refdata.New(options.RefdataLimit),
		reads:     append([]Kind{{APIVersion: "v1", Kind: "Namespace"}}, options.Keep...),
		keep:      options.Keep,
		evaluator: evaluator,
		external:  options.ExternalData,
		print:     options.Print,
		limits:    vm.Limits{Steps: limit(options.Steps, DefaultSteps), Bytes: limit(options.Bytes, DefaultBytes)},
	}
	if options.Cover {
		c.covered = coverAll(set.Templates, made)
	}
	byTemplate := make(map[*policy.Template]*program, len(made))
	for i, p := range made {
		byTemplate[set.Templates[i]] = p
		if p == nil {
			continue
		}
		c.needsData = c.needsData || len(p.reads) > 0
		for _, kind := range p.reads {
			if !slices.Contains(c.reads, kind) {
				c.reads = append(c.reads, kind)
			}
		}
	}
	for _, constraint := range set.Constraints {
		parameters, err := rego.ParametersValue(constraint.Object)
		if err != nil {
			return nil, policy.Fault(constraint.Source, []any{"spec", "parameters"}, "constraint %s/%s: %v", constraint.Kind(), constraint.Name, err)
		}
		plain, err := vm.FromAST(parameters)
		if err != nil {
			return nil, err
		}
		e := entry{
			constraint: constraint,
			actions:    constraint.Actions(options.Point),
			program:    byTemplate[constraint.Template],
			parameters: plain,
		}
		if e.program != nil && e.program.cel != nil {
			e.object = constraint.Object
		}
		c.entries = append(c.entries, e)
	}
	return c, nil
}

// NeedsData reports whether judging may depend on objects other than the one under
// review: some template reads data.inventory, a constraint selects namespaces by their
// labels, or Options.Keep names a kind.
func (c *Client) NeedsData() bool {
	return c.needsData || len(c.keep) > 0 || slices.ContainsFunc(c.entries, func(e entry) bool {
		return e.constraint.Match != nil && e.constraint.Match.NamespaceLabels != nil
	})
}

// Reads are the kinds that AddData keeps: those that the templates read, those of
// Options.Keep, and Namespace.
func (c *Client) Reads() []Kind { return c.reads }

// Fallbacks are how often the VM left a constraint to topdown, by cause.
func (c *Client) Fallbacks() map[string]int {
	switch x := c.evaluator.(type) {
	case *vmEvaluator:
		return x.fallbacks.all()
	case *verifier:
		return x.fallbacks.all()
	}
	return nil
}

// Constraints are the constraints, in the order of the outcomes of Review.
func (c *Client) Constraints() []*policy.Constraint {
	constraints := make([]*policy.Constraint, len(c.entries))
	for i, e := range c.entries {
		constraints[i] = e.constraint
	}
	return constraints
}

// Data is the reference data of the client, for reading its size.
func (c *Client) Data() *refdata.Store { return c.data }

// AddData keeps an object as reference data if it is a Namespace or of a kind that a
// template reads; others cost nothing. The error wraps refdata.ErrLimit if it does not
// fit: from then on what needs reference data is not judged.
func (c *Client) AddData(ctx context.Context, object map[string]any) error {
	if !c.Keeps(object) {
		return nil
	}
	path, err := refdata.Path(object)
	if err != nil {
		return err
	}
	return c.data.Put(ctx, path, object)
}

// Keeps reports whether an object is of one of the kinds of Reads.
func (c *Client) Keeps(object map[string]any) bool {
	version, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	return slices.ContainsFunc(c.reads, func(k Kind) bool { return k.Covers(version, kind) })
}

// ReadBy are the indices of the constraints whose templates read objects of the kind of
// an object as reference data.
func (c *Client) ReadBy(object map[string]any) []int {
	version, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	var found []int
	for i, e := range c.entries {
		if e.program != nil && slices.ContainsFunc(e.program.reads, func(k Kind) bool { return k.Covers(version, kind) }) {
			found = append(found, i)
		}
	}
	return found
}

// RemoveData forgets reference data by the name of the object, if it is there.
func (c *Client) RemoveData(ctx context.Context, object map[string]any) error {
	path, err := refdata.Path(object)
	if err != nil {
		return err
	}
	return c.data.Remove(ctx, path)
}

// Namespace is the Namespace of a name among the reference data, nil if it is not there.
func (c *Client) Namespace(ctx context.Context, name string) map[string]any {
	value, err := storage.ReadOne(ctx, c.data.OPA(), storage.Path{"inventory", "cluster", "v1", "Namespace", name})
	if err != nil {
		return nil
	}
	namespace, _ := value.(map[string]any)
	return namespace
}

// InNamespace are the objects of a kind in a namespace among the reference data, by name.
func (c *Client) InNamespace(ctx context.Context, namespace string, kind Kind) []map[string]any {
	value, err := storage.ReadOne(ctx, c.data.OPA(), storage.Path{"inventory", "namespace", namespace, kind.APIVersion, kind.Kind})
	if err != nil {
		return nil
	}
	byName, _ := value.(map[string]any)
	var found []map[string]any
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		if object, ok := byName[name].(map[string]any); ok {
			found = append(found, object)
		}
	}
	return found
}

// Review judges a review by all constraints and returns an Outcome for each, in the
// order of the set. It stops early, with outcomes that were not judged, when ctx ends.
func (c *Client) Review(ctx context.Context, r *review.Review) []Outcome {
	outcomes := make([]Outcome, len(c.entries))
	run := evaluation{client: c, review: r}
	defer run.close()
	for i, fate := range c.fates(r) {
		e, o := c.entries[i], &outcomes[i]
		o.Constraint, o.Actions = e.constraint, e.actions
		switch fate {
		case open:
			run.judge(ctx, e, o)
		case notEnforced:
			o.Status = NotEnforced
		default:
			o.Status, o.Clause = NotMatched, excludedBy[fate-excluded]
		}
	}
	return outcomes
}

// limit is a limit as package vm has it, where 0 means none.
func limit(value, usual int64) int64 {
	if value == 0 {
		return usual
	}
	return max(value, 0)
}
