package cel

import (
	"encoding/json"
	"errors"
	"testing"
)

// FuzzCompile compiles what JSON gives as a source: there is a program or an error of
// *Error, never a panic.
func FuzzCompile(f *testing.F) {
	for _, text := range append(append([]string{"true", "variables.params.x == 1", "'", "[1].all(a, ", "object.a[?0].b", "lists.range(9)"}, holding...), rejected...) {
		seed, err := json.Marshal(map[string]any{
			"variables":   []any{map[string]any{"name": "v", "expression": text}},
			"validations": []any{map[string]any{"expression": text, "messageExpression": text}},
		})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Add([]byte(`{"validations": [{"expression": "variables.a", "extra": 1}], "variables": [{"name": "a.b", "expression": "true"}, null], "failurePolicy": null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var source any
		if json.Unmarshal(text, &source) != nil {
			return
		}
		p, err := Compile(source)
		var fault *Error
		if (p == nil) != (err != nil) || err != nil && !errors.As(err, &fault) {
			t.Errorf("Compile(%s) = %v, %v, want a program or an *Error", text, p, err)
		}
	})
}
