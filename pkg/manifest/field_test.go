package manifest_test

import (
	"encoding/json"
	"testing"

	"github.com/memgate/memgate/pkg/manifest"
)

func TestFieldString(t *testing.T) {
	value := map[string]any{"spec": map[string]any{
		"containers": []any{map[string]any{"name": "web"}, map[string]any{"name": "a.b"}, map[string]any{}, "c"},
		"a.b":        map[string]any{"c": "d"},
	}}
	for _, tc := range []struct {
		path []any
		want string
	}{
		{nil, ""},
		{[]any{"spec", "containers", 0, "image"}, "spec.containers[name=web].image"},
		{[]any{"spec", "containers", json.Number("0")}, "spec.containers[name=web]"},
		{[]any{"spec", "containers", 1, "image"}, "spec.containers[1].image"},
		{[]any{"spec", "containers", 2}, "spec.containers[2]"},
		{[]any{"spec", "containers", 3}, "spec.containers[3]"},
		{[]any{"spec", "containers", 4, "image"}, "spec.containers[4].image"},
		{[]any{"spec", "a.b", "c", "e"}, `spec["a.b"].c.e`},
		{[]any{0}, "[0]"},
	} {
		if got := manifest.FieldString(value, tc.path); got != tc.want {
			t.Errorf("FieldString(%v) = %q, want %q", tc.path, got, tc.want)
		}
	}
}
