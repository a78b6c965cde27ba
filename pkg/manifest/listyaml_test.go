package manifest

import (
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// Documents of more than 120 bytes: what is a list is read by its items.
func TestItemsOfLargeYAMLLists(t *testing.T) {
	const (
		max     = 120
		a       = "- apiVersion: v1\n  kind: A\n  a: |\n    - b\n\n    c\n"
		b       = "- kind: B\n  apiVersion: v1\n  # c\n# d\n\n"
		pod     = "- metadata: {name: a}\n"
		end     = "kind: List\nmetadata:\n  resourceVersion: \"\"\n"
		unnamed = ": found a mapping without apiVersion and kind as an item of a list, want apiVersion and kind in it or, of a typed list, before its items"
	)
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"kubectl", "apiVersion: v1\nitems:\n" + a + b + a + end, []string{"1 t:3:3 A", "1 t:9:3 B", "1 t:14:3 A"}},
		{"CRLF", strings.ReplaceAll("apiVersion: v1\nitems:\n"+a+b+a+end, "\n", "\r\n"), []string{"1 t:3:3 A", "1 t:9:3 B", "1 t:14:3 A"}},
		{"not large", "apiVersion: v1\nitems:\n" + a + end, []string{"1 t:1:1 List"}},
		{"indented", "# a\n---\napiVersion: v1\nitems: # b\n\n# c\n  " + strings.ReplaceAll(a+b+a, "\n", "\n  ") + "\n" + end, []string{"1 t:7:5 A", "1 t:13:5 B", "1 t:18:5 A"}},
		{"items at the end", "apiVersion: v1\nkind: List\nitems:\n" + a + b + a, []string{"1 t:4:3 A", "1 t:10:3 B", "1 t:15:3 A"}},
		{"typed", "kind: PodList\napiVersion: v1\nitems:\n" + pod + a + pod + "-\n  metadata: {}\n" + "- apiVersion: w\n", []string{"1 t:4:3 Pod", "1 t:5:3 A", "1 t:11:3 Pod", "1 t:13:3 Pod", "1 t:14:3 Pod"}},
		{"typed, kind after the items", "apiVersion: v1\nitems:\n" + a + b + pod + "kind: PodList\n", []string{"1 t:3:3 A", "1 t:9:3 B", "!t:14:3" + unnamed}},
		{"among others", "apiVersion: v1\nkind: C\n---\napiVersion: v1\nitems:\n" + a + b + a + end + "---\napiVersion: v1\nkind: D\n...\nkind: E\napiVersion: v1\n", []string{"1 t:1:1 C", "2 t:6:3 A", "2 t:12:3 B", "2 t:17:3 A", "3 t:27:1 D", "4 t:30:1 E"}},
		{"before a marker", "apiVersion: v1\nitems:\n" + a + b + end + "...\n" + "kind: E\napiVersion: v1\n", []string{"1 t:3:3 A", "1 t:9:3 B", "2 t:18:1 E"}},
		{"items that are no objects", "apiVersion: v1\nkind: List\nitems:\n" + a + "- a\n-\n- - b\n" + a, []string{
			"1 t:4:3 A",
			"!t:10:3: found a string as an item of a list, want apiVersion and kind in it or, of a typed list, before its items",
			"!t:11:1: found null as an item of a list, want apiVersion and kind in it or, of a typed list, before its items",
			"!t:12:3: found a list as an item of a list, want apiVersion and kind in it or, of a typed list, before its items",
			"1 t:13:3 A",
		}},
		{"two items on a line, for an editor", "apiVersion: v1\nkind: List\nitems:\n" + a + a + "- apiVersion: v1\r  kind: A\r- apiVersion: v1\r  kind: A\n", []string{
			"1 t:4:3 A", "1 t:10:3 A",
			"!t:16:1: found a list as an item of a list, want apiVersion and kind in it or, of a typed list, before its items",
		}},
		{"anchors", "apiVersion: v1\nkind: List\nitems:\n- &a\n  apiVersion: v1\n  kind: A\n  l: &b {c: d}\n  m: *b\n" + a + "- *a\n- <<: *a\n", []string{
			"1 t:4:3 A", "1 t:9:3 A",
			`!t:15:3: alias *a has no anchor, want &a before it, or the value in quotes`,
			`!t:16:7: alias *a has no anchor, want &a before it, or the value in quotes`,
		}},
		{"a quoted string with an item inside", "apiVersion: v1\nkind: List\nitems:\n" + a + a + "- apiVersion: v1\n  kind: 'A\n- b'\n", []string{
			"1 t:4:3 A", "1 t:10:3 A",
			"!t:17:3: found a quoted string that does not end, want a closing quote",
			"!t:18:3: found a string as an item of a list, want apiVersion and kind in it or, of a typed list, before its items",
		}},
		{"no list after all", "apiVersion: v1\nitems:\n" + a + b + a + "kind: Basket\n", []string{
			"1 t:3:3 A", "1 t:9:3 B", "1 t:14:3 A",
			`!t:20:7: found the kind "Basket" of a document that was read as a list for its size, want one that ends in List; the items were taken all the same`,
		}},
		{"no kind", "apiVersion: v1\nitems:\n" + a + b + a, []string{
			"1 t:3:3 A", "1 t:9:3 B", "1 t:14:3 A",
			"!t:1:1: found items without the apiVersion and the kind of their list, want a text in both; the items were taken all the same",
		}},
		{"two lists of items", "apiVersion: v1\nitems:\n" + a + b + a + "items:\n" + b + end, []string{
			"1 t:3:3 A", "1 t:9:3 B", "1 t:14:3 A", `!t:20:1: duplicate key "items", first at line 2`,
		}},
		{"a line that is not indented", "apiVersion: v1\nkind: List\nitems:\n" + a + "a\n" + b + a, []string{
			"1 t:4:3 A", "!t:10:1: found a line without \":\", want \"key: value\"",
		}},
		{"a large item", "apiVersion: v1\nkind: List\nitems:\n" + a + "- a: " + strings.Repeat("x", max) + "\n" + a, []string{
			"1 t:4:3 A", "!t:10:1: item of a list is larger than 120 bytes; raise the limit with --max-document", "1 t:11:3 A",
		}},
		{"no list by its kind", "apiVersion: v1\nkind: Basket\nitems:\n" + a + b + a, []string{"!t:1:1: document is larger than 120 bytes; raise the limit with --max-document"}},
		{"no manifests", "items:\n" + a + b + a, []string{"t:1:1: document is larger than 120 bytes; raise the limit with --max-document"}},
		{"no block sequence", "apiVersion: v1\nkind: Pod\nitems:\n  a: b\n" + strings.Repeat("# a\n", max/4), []string{"!t:1:1: document is larger than 120 bytes; raise the limit with --max-document"}},
		{"a template", "apiVersion: v1\nkind: List\n{{ if .a }}\nitems:\n" + a + b + a, []string{"!t:1:1: document is larger than 120 bytes; raise the limit with --max-document"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, pieces := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.OneByteReader} {
				got := outline(drain(pieces(strings.NewReader(tc.text)), Options{MaxDocument: max}))
				if !reflect.DeepEqual(got, tc.want) {
					t.Errorf("Next() gives\n%s\nwant\n%s\nfor\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"), tc.text)
				}
			}
		})
	}
}

// An item that is handed out alone has the places that it has in its list.
func TestItemOfALargeYAMLList(t *testing.T) {
	const text = "kind: PodList\napiVersion: v1\nitems:\n- metadata: {name: é}\n- spec:\n    hostIPC: true\n"
	all := drain(strings.NewReader(text), Options{MaxDocument: 60})
	if len(all) != 2 {
		t.Fatalf("Next() gives %q, want two items", outline(all))
	}
	want := map[string]any{"apiVersion": "v1", "kind": "Pod", "spec": map[string]any{"hostIPC": true}}
	o := all[1].(*Object)
	if !reflect.DeepEqual(o.Value, want) {
		t.Errorf("the second item is %v, want %v", o.Value, want)
	}
	for _, tc := range []struct {
		path path
		want string
	}{
		{nil, "5:3-5:7"},
		{path{"spec", "hostIPC"}, "6:5-6:18"},
		{path{"spec", "hostPID"}, "5:3-5:7"},
	} {
		if got := in(o.Place(tc.path)); got != tc.want {
			t.Errorf("Place(%v) = %s, want %s", tc.path, got, tc.want)
		}
	}
}
