package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/open-policy-agent/frameworks/constraint/pkg/client/drivers"
	regoschema "github.com/open-policy-agent/frameworks/constraint/pkg/client/drivers/rego/schema"
	"github.com/open-policy-agent/frameworks/constraint/pkg/client/reviews"
	"github.com/open-policy-agent/frameworks/constraint/pkg/core/templates"
	"github.com/open-policy-agent/frameworks/constraint/pkg/types"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/refdata"
)

// ErrNoRego means that a template has no code for the Rego engine.
var ErrNoRego = errors.New("the template has no Rego code")

var _ drivers.Driver = (*Driver)(nil)

// Driver is a drivers.Driver of the constraint framework for the engine "Rego". Its
// results are those of the framework's own driver, to the letter: an evaluation error
// of one constraint becomes a violation of every queried constraint of that kind.
// It is safe for concurrent use; a Query sees templates, constraints and data in one
// state.
type Driver struct {
	data *refdata.Store

	mu         sync.RWMutex
	programs   map[string]*program                 // by kind
	parameters map[drivers.ConstraintKey]ast.Value // of constraints
}

// NewDriver makes a Driver without templates. Reference data is not limited.
func NewDriver() *Driver {
	return &Driver{
		data:       refdata.New(0),
		programs:   map[string]*program{},
		parameters: map[drivers.ConstraintKey]ast.Value{},
	}
}

// Name is "Rego", the engine whose code the driver runs.
func (d *Driver) Name() string { return regoschema.Name }

// AddTemplate compiles a template, in place of one for the same kind.
func (d *Driver) AddTemplate(_ context.Context, ct *templates.ConstraintTemplate) error {
	if len(ct.Spec.Targets) == 0 {
		return ErrNoRego
	}
	p, err := newProgram(ct.Spec.Targets[0].Code)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.programs[ct.Spec.CRD.Spec.Names.Kind] = p
	return nil
}

// RemoveTemplate removes a template and its constraints, if it is there.
func (d *Driver) RemoveTemplate(_ context.Context, ct *templates.ConstraintTemplate) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	kind := ct.Spec.CRD.Spec.Names.Kind
	delete(d.programs, kind)
	maps.DeleteFunc(d.parameters, func(key drivers.ConstraintKey, _ ast.Value) bool { return key.Kind == kind })
	return nil
}

// AddConstraint keeps the parameters of a constraint.
func (d *Driver) AddConstraint(_ context.Context, constraint *unstructured.Unstructured) error {
	parameters, err := parametersValue(constraint.Object)
	if err != nil {
		return fmt.Errorf("constraint %s/%s: %w", constraint.GetKind(), constraint.GetName(), err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.parameters[drivers.ConstraintKeyFrom(constraint)] = parameters
	return nil
}

// RemoveConstraint forgets a constraint, if it is there.
func (d *Driver) RemoveConstraint(_ context.Context, constraint *unstructured.Unstructured) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.parameters, drivers.ConstraintKeyFrom(constraint))
	return nil
}

// AddData stores reference data at a path below data.inventory.
func (d *Driver) AddData(ctx context.Context, _ string, path storage.Path, data any) error {
	return d.data.Put(ctx, path, data)
}

// RemoveData removes reference data at and below a path, if it is there.
func (d *Driver) RemoveData(ctx context.Context, _ string, path storage.Path) error {
	return d.data.Remove(ctx, path)
}

// Query judges a review by constraints that match it. Constraints that were not added
// are passed over. Results come in order of kind and, within it, as the framework's.
func (d *Driver) Query(ctx context.Context, target string, constraints []*unstructured.Unstructured, review any, opts ...reviews.ReviewOpt) (*drivers.QueryResponse, error) {
	if len(constraints) == 0 {
		return nil, nil
	}
	var config reviews.ReviewCfg
	for _, opt := range opts {
		opt(&config)
	}
	input, err := driverInput(review, config.Namespace)
	if err != nil {
		return nil, err
	}
	data, done, err := snapshotOf(ctx, d.data.OPA())
	if err != nil {
		return nil, err
	}
	defer done()

	byKind := map[string][]*unstructured.Unstructured{}
	for _, constraint := range constraints {
		byKind[constraint.GetKind()] = append(byKind[constraint.GetKind()], constraint)
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	var results []*types.Result
	known := drivers.KeyMap(constraints)
	for _, kind := range slices.Sorted(maps.Keys(byKind)) {
		p := d.programs[kind]
		if p == nil {
			return nil, fmt.Errorf("missing Template %q for target %q", kind, target)
		}
		ofKind, err := drivers.ToResults(known, d.queryKind(ctx, data, p, byKind[kind], input))
		if err != nil {
			return nil, err
		}
		results = append(results, ofKind...)
	}
	return &drivers.QueryResponse{Results: results}, nil
}

// driverInput is input.review of a query. The review passes through JSON, the Namespace
// does not: its integers stay integers.
func driverInput(review any, namespace map[string]any) (ast.Value, error) {
	request, err := roundTrip(review)
	if err != nil {
		return nil, err
	}
	value, err := reviewValue(request)
	if err != nil {
		return nil, err
	}
	object, err := ast.InterfaceToValue(namespace)
	if err != nil {
		return nil, err
	}
	value.(ast.Object).Insert(ast.StringTerm("namespaceObject"), ast.NewTerm(object))
	return value, nil
}

// queryKind evaluates all constraints of one kind, in the shape and order of the query
// that the framework sends to OPA.
func (d *Driver) queryKind(ctx context.Context, data snapshot, p *program, constraints []*unstructured.Unstructured, input ast.Value) rego.ResultSet {
	type row struct {
		finding
		key ast.Value
	}
	var rows []row
	for _, constraint := range constraints {
		key := drivers.ConstraintKeyFrom(constraint)
		parameters, found := d.parameters[key]
		if !found {
			continue
		}
		found_, err := p.eval(ctx, data, time.Time{}, input, parameters)
		if err != nil {
			return errorResults(constraints, err)
		}
		keyValue := ast.NewObject(
			[2]*ast.Term{ast.StringTerm("kind"), ast.StringTerm(key.Kind)},
			[2]*ast.Term{ast.StringTerm("name"), ast.StringTerm(key.Name)})
		for _, f := range found_ {
			rows = append(rows, row{f, keyValue})
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		if c := ast.Compare(a.details, b.details); c != 0 {
			return c
		}
		if c := ast.Compare(a.key, b.key); c != 0 {
			return c
		}
		return ast.Compare(a.msg, b.msg)
	})
	results := make(rego.ResultSet, 0, len(rows))
	for _, r := range rows {
		result := map[string]any{}
		for name, value := range map[string]ast.Value{"msg": r.msg, "details": r.details, "key": r.key} {
			plain, err := ast.JSON(value)
			if err != nil {
				return errorResults(constraints, err)
			}
			result[name] = plain
		}
		results = append(results, rego.Result{Bindings: map[string]any{"result": result}})
	}
	return results
}

// errorResults is what the framework makes of an evaluation error: a violation of
// every constraint in the query.
func errorResults(constraints []*unstructured.Unstructured, err error) rego.ResultSet {
	results := make(rego.ResultSet, 0, len(constraints))
	for _, constraint := range constraints {
		results = append(results, rego.Result{Bindings: map[string]any{"result": map[string]any{
			"msg": err.Error(),
			"key": map[string]any{"kind": constraint.GetKind(), "name": constraint.GetName()},
		}}})
	}
	return results
}

// Dump is the state of the driver as JSON: the Rego of each kind, the constraints by
// their parameters, and the number of bytes of reference data.
func (d *Driver) Dump(context.Context) (string, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	modules := map[string]map[string]string{}
	for kind, p := range d.programs {
		modules[kind] = map[string]string{}
		for name, module := range p.compiler.Modules {
			modules[kind][name] = module.String()
		}
	}
	parameters := map[string]string{}
	for key, value := range d.parameters {
		parameters[key.Kind+"/"+key.Name] = value.String()
	}
	text, err := json.MarshalIndent(map[string]any{policy.Target: map[string]any{
		"modules": modules, "parameters": parameters, "dataBytes": d.data.Bytes(),
	}}, "", "   ")
	return string(text), err
}

// GetDescriptionForStat is an error for every name: the driver gathers no statistics.
func (d *Driver) GetDescriptionForStat(name string) (string, error) {
	return "", fmt.Errorf("statistic %q: the driver has none", name)
}
