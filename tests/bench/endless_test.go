package main

import (
	"io"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestEndless makes text of a size and no more than that takes.
func TestEndless(t *testing.T) {
	objects := []*unstructured.Unstructured{
		{Object: map[string]any{"kind": "A"}},
		{Object: map[string]any{"kind": "B"}},
	}
	for _, tc := range []struct {
		name string
		made func([]*unstructured.Unstructured, int) (io.Reader, error)
		size int
		want string
	}{
		{"yamlStream", yamlStream, 24, "---\nkind: A\n---\nkind: B\n"},
		{"yamlStream", yamlStream, 25, "---\nkind: A\n---\nkind: B\n---\nkind: A\n---\nkind: B\n"},
		{"jsonList", jsonList, 1, `{
    "apiVersion": "v1",
    "items": [
        {
            "kind": "A"
        },
        {
            "kind": "B"
        }
    ],
    "kind": "List",
    "metadata": {
        "resourceVersion": ""
    }
}
`},
	} {
		r, err := tc.made(objects, tc.size)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != tc.want {
			t.Errorf("%s(A and B, %d) = %q, %v, want %q", tc.name, tc.size, got, err, tc.want)
		}
	}
}
