// Package driver puts the evaluator into the constraint framework: Driver is a
// drivers.Driver. Package engine itself does not link the framework's types, which bring
// k8s.io/api and apimachinery's object types into a binary: megabytes and milliseconds.
package driver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/open-policy-agent/frameworks/constraint/pkg/client/drivers"
	"github.com/open-policy-agent/frameworks/constraint/pkg/client/reviews"
	"github.com/open-policy-agent/frameworks/constraint/pkg/core/templates"
	"github.com/open-policy-agent/frameworks/constraint/pkg/types"
	"github.com/open-policy-agent/opa/v1/ast"
	oparego "github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/memgate/memgate/pkg/engine/rego"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/refdata"
)

var _ drivers.Driver = (*Driver)(nil)

// Driver is a drivers.Driver of the constraint framework for the engine "Rego". Its
// results are those of the framework's own driver, to the letter: an evaluation error
// of one constraint becomes a violation of every queried constraint of that kind.
// It is safe for concurrent use; a Query sees templates, constraints and data in one
// state.
type Driver struct {
	data *refdata.Store

	mu         sync.RWMutex
	programs   map[string]*rego.Program            // by kind
	parameters map[drivers.ConstraintKey]ast.Value // of constraints
}

// New makes a Driver without templates. Reference data is not limited.
func New() *Driver {
	return &Driver{
		data:       refdata.New(0),
		programs:   map[string]*rego.Program{},
		parameters: map[drivers.ConstraintKey]ast.Value{},
	}
}

// Name is "Rego", the engine whose code the driver runs.
func (d *Driver) Name() string { return policy.RegoEngine }

// AddTemplate compiles a template, in place of one for the same kind.
func (d *Driver) AddTemplate(_ context.Context, ct *templates.ConstraintTemplate) error {
	if len(ct.Spec.Targets) == 0 {
		return rego.ErrNoRego
	}
	var code []policy.Code
	for _, c := range ct.Spec.Targets[0].Code {
		if c.Source == nil {
			c.Source = &templates.Anything{}
		}
		code = append(code, policy.Code{Engine: c.Engine, Source: c.Source.Value})
	}
	source, err := rego.SourceOf(code)
	if err != nil {
		return err
	}
	p, err := rego.Compile(source)
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
	parameters, err := rego.ParametersValue(constraint.Object)
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
	store := d.data.OPA()
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return nil, err
	}
	defer store.Abort(ctx, txn)
	query := rego.Query{Store: store, Txn: txn, Review: input}

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
		ofKind, err := drivers.ToResults(known, d.queryKind(ctx, query, p, byKind[kind]))
		if err != nil {
			return nil, err
		}
		results = append(results, ofKind...)
	}
	return &drivers.QueryResponse{Results: results}, nil
}

// driverInput is input.review of a query. A review that Target has not handled passes
// through JSON; the Namespace does not: its integers stay integers.
func driverInput(review any, namespace map[string]any) (ast.Value, error) {
	var (
		request map[string]any
		err     error
	)
	if own, ok := review.(*handled); ok {
		request = own.Request
		if namespace == nil {
			namespace = own.Namespace
		}
	} else if request, err = roundTrip(review); err != nil {
		return nil, err
	}
	value, err := rego.ReviewValue(request)
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

// roundTrip is value as JSON has it: maps, slices, strings, float64.
func roundTrip(value any) (map[string]any, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	plain := map[string]any{}
	return plain, json.NewDecoder(bytes.NewReader(text)).Decode(&plain)
}

// queryKind evaluates all constraints of one kind, in the shape and order of the query
// that the framework sends to OPA.
func (d *Driver) queryKind(ctx context.Context, query rego.Query, p *rego.Program, constraints []*unstructured.Unstructured) oparego.ResultSet {
	type row struct {
		rego.Finding
		key ast.Value
	}
	var rows []row
	for _, constraint := range constraints {
		key := drivers.ConstraintKeyFrom(constraint)
		parameters, known := d.parameters[key]
		if !known {
			continue
		}
		query.Parameters = parameters
		found, err := p.Eval(ctx, query)
		if err != nil {
			return errorResults(constraints, err)
		}
		keyValue := ast.NewObject(
			[2]*ast.Term{ast.StringTerm("kind"), ast.StringTerm(key.Kind)},
			[2]*ast.Term{ast.StringTerm("name"), ast.StringTerm(key.Name)})
		for _, f := range found {
			rows = append(rows, row{f, keyValue})
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		if c := ast.Compare(a.Details, b.Details); c != 0 {
			return c
		}
		if c := ast.Compare(a.key, b.key); c != 0 {
			return c
		}
		return ast.Compare(a.Msg, b.Msg)
	})
	results := make(oparego.ResultSet, 0, len(rows))
	for _, r := range rows {
		result := map[string]any{}
		for name, value := range map[string]ast.Value{"msg": r.Msg, "details": r.Details, "key": r.key} {
			plain, err := ast.JSON(value)
			if err != nil {
				return errorResults(constraints, err)
			}
			result[name] = plain
		}
		results = append(results, oparego.Result{Bindings: map[string]any{"result": result}})
	}
	return results
}

// errorResults is what the framework makes of an evaluation error: a violation of
// every constraint in the query.
func errorResults(constraints []*unstructured.Unstructured, err error) oparego.ResultSet {
	results := make(oparego.ResultSet, 0, len(constraints))
	for _, constraint := range constraints {
		results = append(results, oparego.Result{Bindings: map[string]any{"result": map[string]any{
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
		for name, module := range p.Compiler.Modules {
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
