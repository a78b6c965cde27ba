package manifest

import (
	"strings"
	"testing"
)

// A key is found by what it reads, however it is written.
func TestPlaceOfKey(t *testing.T) {
	const head = "apiVersion: v1\nkind: A\n"
	for _, tc := range []struct{ text, key, start, end string }{
		{head + "a: x", "a", "t:3:1", "t:3:5"},
		{head + "'a''b': x", "a'b", "t:3:1", "t:3:10"},
		{head + "'a': x", "a", "t:3:1", "t:3:7"},
		{head + "\"\\x61\": x", "a", "t:3:1", "t:3:10"},
		{head + "yes: x", "true", "t:3:1", "t:3:7"},
		{head + "0x10: x", "16", "t:3:1", "t:3:8"},
		{head + "'0x10': x", "0x10", "t:3:1", "t:3:10"},
		{head + "'': x", "", "t:3:1", "t:3:6"},
		{head + "b: &c a\n*c : x", "a", "t:4:1", "t:4:7"},
		{head + "&c a: x", "a", "t:3:1", "t:3:8"},
		{head + "? |\n  a\n: x", "a\n", "t:3:3", "t:5:4"},
		{head + "é: x", "é", "t:3:1", "t:3:5"},
		{`{"apiVersion": "v1", "kind": "A", "a": "x"}`, "a", "t:1:35", "t:1:43"},
		{`{"apiVersion": "v1", "kind": "A", "\u0061": "x"}`, "a", "t:1:35", "t:1:48"},
		{`{"apiVersion": "v1", "kind": "A", "": "x"}`, "", "t:1:35", "t:1:42"},
	} {
		objects, err := Read("t", strings.NewReader(tc.text))
		if err != nil || len(objects) != 1 {
			t.Errorf("Read(%q) gives %d objects, %v; want 1", tc.text, len(objects), err)
			continue
		}
		if _, ok := objects[0].Value[tc.key]; !ok {
			t.Errorf("Read(%q) gives %v, want the key %q", tc.text, objects[0].Value, tc.key)
		}
		got := objects[0].Place([]any{tc.key})
		if got.Start.String() != tc.start || got.End.String() != tc.end {
			t.Errorf("Place(%q) in %q = %v to %v, want %s to %s", tc.key, tc.text, got.Start, got.End, tc.start, tc.end)
		}
	}
}
