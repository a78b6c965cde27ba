package manifest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/manifest"
)

func TestLines(t *testing.T) {
	text := "apiVersion: v1\nkind: Pod\n---\r\napiVersion: v1\r\nkind: Pod\r\nmetadata:\r\n  name: é # here\r\n  uid: " + strings.Repeat("x", 2000)
	objects, err := manifest.Read("a.yaml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if first, lines := objects[0].Lines(objects[0].Place([]any{"kind"}), 1); fmt.Sprintf("%d %q", first, lines) != `1 ["apiVersion: v1" "kind: Pod"]` {
		t.Errorf("Lines around the last line = %d %q, want two lines from 1", first, lines)
	}
	pod := objects[1]
	for _, tc := range []struct {
		path   []any
		around int
		want   string
	}{
		{[]any{"metadata", "name"}, 0, `7 ["  name: é # here"]`},
		{[]any{"apiVersion"}, 1, `4 ["apiVersion: v1" "kind: Pod"]`},
		{[]any{"kind"}, 1, `4 ["apiVersion: v1" "kind: Pod" "metadata:"]`},
		{[]any{"metadata", "name"}, 1, `0 []`}, // the next line is too long
	} {
		first, lines := pod.Lines(pod.Place(tc.path), tc.around)
		if got := fmt.Sprintf("%d %q", first, lines); got != tc.want {
			t.Errorf("Lines(%v, %d) = %s, want %s", tc.path, tc.around, got, tc.want)
		}
	}
	for _, elsewhere := range []manifest.Position{{File: "b.yaml", Line: 4}, {File: "a.yaml", Line: 1}, {File: "a.yaml", Line: 99}} {
		if _, lines := pod.Lines(manifest.Place{Start: elsewhere}, 1); lines != nil {
			t.Errorf("Lines of a place at %s = %q, want none", elsewhere, lines)
		}
	}
}
