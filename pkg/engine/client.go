package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"

	"github.com/memgate/memgate/pkg/engine/vm"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/refdata"
	"github.com/memgate/memgate/pkg/review"
)

// Options of a Client.
type Options struct {
	Point        string // enforcement point, such as policy.OfflinePoint
	RefdataLimit int64  // bytes of reference data that are kept; 0 means no limit
	Engine       string // Topdown, VM or Verify; "" means Topdown
	Steps, Bytes int64  // that the VM may need for one review; 0 means no limit
}

// A Client judges reviews by a set of policies. Its policies do not change; reference
// data may. It is safe for concurrent use.
type Client struct {
	point     string
	data      *refdata.Store
	reads     []Kind
	needsData bool    // some template reads it
	entries   []entry // in the order of the set
	evaluator evaluator
	limits    vm.Limits // of one review
}

type entry struct {
	constraint *policy.Constraint
	actions    []policy.Action
	program    *program // nil if the template has no Rego
	parameters ast.Value
	plain      any // the same, for the VM
}

// A TemplateError says that a template of a set does not compile. It wraps one or
// more *CompileError.
type TemplateError struct {
	Template *policy.Template
	Err      error
}

func (e *TemplateError) Error() string { return fmt.Sprintf("template %s: %v", e.Template.Kind, e.Err) }
func (e *TemplateError) Unwrap() error { return e.Err }

// NewClient compiles the templates of a set, on all processors. The error joins a
// *TemplateError for each that does not compile. A template without Rego is none:
// what matches its constraints is not judged.
func NewClient(set *policy.Set, options Options) (*Client, error) {
	evaluator, err := evaluatorOf(options.Engine)
	if err != nil {
		return nil, err
	}
	programs, err := compileAll(set.Templates)
	if err != nil {
		return nil, err
	}
	c := &Client{
		point:     options.Point,
		data:      refdata.New(options.RefdataLimit),
		reads:     []Kind{{"v1", "Namespace"}},
		evaluator: evaluator,
		limits:    vm.Limits{Steps: options.Steps, Bytes: options.Bytes},
	}
	var all []*program
	for _, p := range programs {
		if p == nil {
			continue
		}
		all = append(all, p)
		c.needsData = c.needsData || len(p.reads) > 0
		for _, kind := range p.reads {
			if !slices.Contains(c.reads, kind) {
				c.reads = append(c.reads, kind)
			}
		}
	}
	if _, only := evaluator.(topdownEvaluator); !only {
		planAll(context.Background(), all)
	}
	for _, constraint := range set.Constraints {
		parameters, err := parametersValue(constraint.Object.Object)
		if err != nil {
			return nil, policy.Fault(constraint.Source, []any{"spec", "parameters"}, "constraint %s/%s: %v", constraint.Kind(), constraint.Name, err)
		}
		plain, err := vm.FromAST(parameters)
		if err != nil {
			return nil, err
		}
		c.entries = append(c.entries, entry{
			constraint: constraint,
			actions:    constraint.Actions(options.Point),
			program:    programs[constraint.Template],
			parameters: parameters,
			plain:      plain,
		})
	}
	return c, nil
}

// NeedsData reports whether judging may depend on objects other than the one under
// review: some template reads data.inventory, or a constraint selects namespaces by
// their labels.
func (c *Client) NeedsData() bool {
	return c.needsData || slices.ContainsFunc(c.entries, func(e entry) bool {
		return e.constraint.Match != nil && e.constraint.Match.NamespaceLabels != nil
	})
}

// Reads are the kinds that AddData keeps: those that the templates read, and Namespace.
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

// Constraints is the number of constraints.
func (c *Client) Constraints() int { return len(c.entries) }

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

// Keeps reports whether an object is a Namespace or of a kind that a template reads.
func (c *Client) Keeps(object map[string]any) bool {
	version, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	return slices.ContainsFunc(c.reads, func(k Kind) bool { return k.Covers(version, kind) })
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

// Review judges a review by all constraints and returns an Outcome for each, in the
// order of the set. It stops early, with outcomes that were not judged, when ctx ends.
func (c *Client) Review(ctx context.Context, r *review.Review) []Outcome {
	outcomes := make([]Outcome, 0, len(c.entries))
	run := evaluation{client: c, review: r}
	defer run.close()
	for _, e := range c.entries {
		outcomes = append(outcomes, run.judge(ctx, e))
	}
	return outcomes
}
