package kustomize

import (
	"testing"

	"github.com/memgate/memgate/pkg/manifest"
)

// FuzzOperations wants any text of a patch to be read as operations or not, and each to
// have a place in it.
func FuzzOperations(f *testing.F) {
	f.Add(`[{"op": "add", "path": "/spec/a~1b/-", "value": {"c": [1]}}]`)
	f.Add("- op: replace\n  path: /a\n  value: &x [1, *x]\n- 1")
	f.Add("a: b")
	f.Fuzz(func(t *testing.T, text string) {
		for _, p := range operations(nil, []byte(text), manifest.Position{File: "patch.yaml"}) {
			p.writes([]any{"spec", "a/b", 0, "c", 0}, int64(1))
			if p.start.Line < 1 || p.start.Column < 1 || len(p.op) == 0 {
				t.Errorf("operations(%q): %+v has no place", text, p)
			}
		}
	})
}
