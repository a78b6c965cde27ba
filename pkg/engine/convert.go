package engine

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
)

// reviewValue converts input.review. Numbers become floats first, because reviews of
// the framework pass through encoding/json: 1000000 prints as 1e+06 in messages.
func reviewValue(value any) (ast.Value, error) {
	switch value := value.(type) {
	case map[string]any:
		object := ast.NewObject()
		for key, entry := range value {
			v, err := reviewValue(entry)
			if err != nil {
				return nil, err
			}
			object.Insert(ast.StringTerm(key), ast.NewTerm(v))
		}
		return object, nil
	case []any:
		terms := make([]*ast.Term, len(value))
		for i, entry := range value {
			v, err := reviewValue(entry)
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

// roundTrip is value as JSON has it: maps, slices, strings, float64.
func roundTrip(value any) (map[string]any, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	plain := map[string]any{}
	return plain, json.NewDecoder(bytes.NewReader(text)).Decode(&plain)
}

// parametersValue converts spec.parameters of a constraint; {} if there are none.
func parametersValue(object map[string]any) (ast.Value, error) {
	spec, ok := object["spec"].(map[string]any)
	if _, found := object["spec"]; found && !ok {
		return nil, fmt.Errorf("spec: got a %T, want an object", object["spec"])
	}
	if spec["parameters"] == nil {
		return ast.NewObject(), nil
	}
	return ast.InterfaceToValue(spec["parameters"])
}
