package rego

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
)

// ReviewValue converts input.review. Numbers become floats first, because reviews of
// the framework pass through encoding/json: 1000000 prints as 1e+06 in messages.
func ReviewValue(value any) (ast.Value, error) {
	switch value := value.(type) {
	case map[string]any:
		object := ast.NewObject()
		for key, entry := range value {
			v, err := ReviewValue(entry)
			if err != nil {
				return nil, err
			}
			object.Insert(ast.StringTerm(key), ast.NewTerm(v))
		}
		return object, nil
	case []any:
		terms := make([]*ast.Term, len(value))
		for i, entry := range value {
			v, err := ReviewValue(entry)
			if err != nil {
				return nil, err
			}
			terms[i] = ast.NewTerm(v)
		}
		return ast.NewArray(terms...), nil
	case int64:
		return ast.InterfaceToValue(float64(value))
	case nil, bool, string, float64:
		return ast.InterfaceToValue(value)
	}
	return nil, fmt.Errorf("review: got a %T, want JSON", value)
}

// ParametersValue converts spec.parameters of a constraint; {} if there are none.
func ParametersValue(object map[string]any) (ast.Value, error) {
	spec, ok := object["spec"].(map[string]any)
	if _, found := object["spec"]; found && !ok {
		return nil, fmt.Errorf("spec: got a %T, want an object", object["spec"])
	}
	if spec["parameters"] == nil {
		return ast.NewObject(), nil
	}
	return ast.InterfaceToValue(spec["parameters"])
}
