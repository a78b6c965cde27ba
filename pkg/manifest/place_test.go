package manifest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// in writes a place without its file: start-end, and what is related.
func in(p Place) string {
	s := fmt.Sprintf("%d:%d-%d:%d", p.Start.Line, p.Start.Column, p.End.Line, p.End.Column)
	for _, r := range p.Related {
		s += fmt.Sprintf(" (%s %d:%d)", r.Note, r.Position.Line, r.Position.Column)
	}
	return s
}

func mustRead(t *testing.T, text string) *Object {
	t.Helper()
	objects, err := Read("t.yaml", strings.NewReader(text))
	if err != nil || len(objects) != 1 {
		t.Fatalf("Read(%q) gives %d objects, %v; want one", text, len(objects), err)
	}
	return objects[0]
}

type path = []any

func TestPlace(t *testing.T) {
	const head = "apiVersion: v1\nkind: Pod\n"
	for _, tc := range []struct {
		name, text string
		path       path
		want       string
	}{
		{"plain scalar", head + "a: bcd", path{"a"}, "3:1-3:7"},
		{"key of a mapping", head + "spec:\n  b: c", path{"spec"}, "3:1-3:5"},
		{"nested", head + "spec:\n  b: c", path{"spec", "b"}, "4:3-4:7"},
		{"element that is a mapping", head + "l:\n- name: a\n  b: c", path{"l", 0}, "4:3-4:7"},
		{"field of an element", head + "l:\n- name: a\n  b: c", path{"l", 0, "b"}, "5:3-5:7"},
		{"element that is a scalar", head + "l:\n  - abc # d", path{"l", 0}, "4:5-4:8"},
		{"element that is empty", head + "l:\n  - a\n  -\n", path{"l", 1}, "5:3-5:4"},
		{"element that is a list", head + "l:\n- - a", path{"l", 0}, "4:3-4:4"},
		{"element in flow style", head + "l: [{a: b}, 'c d']", path{"l", 1}, "3:13-3:18"},
		{"element that is a flow mapping", head + "l: [{a: b}, 'c d']", path{"l", 0}, "3:5-3:6"},
		{"element with an anchor", head + "l:\n- &x\n  a: b", path{"l", 0}, "4:3-4:5"},
		{"empty value", head + "a:\nb: c", path{"a"}, "3:1-3:2"},
		{"value that is only an anchor", head + "a: &x\nb: c", path{"a"}, "3:1-3:6"},
		{"quoted over lines", head + "a: \"b\n  c\" # d", path{"a"}, "3:1-4:5"},
		{"single quotes", head + "a: 'it''s'", path{"a"}, "3:1-3:11"},
		{"plain over lines", head + "a: b\n  c\n\n  d # e\nf: g", path{"a"}, "3:1-6:4"},
		{"literal", head + "a: |\n  b\n  c\n\n\nd: e", path{"a"}, "3:1-5:4"},
		{"literal with an indicator", head + "a: |2-\n    b\n  c\n\nd: e", path{"a"}, "3:1-5:4"},
		{"folded", head + "a: >-\n  b\n\n    c\n\n# d\ne: f", path{"a"}, "3:1-6:6"},
		{"folded with an indicator", head + "a: >2\n    b\n  c\n\nd: e", path{"a"}, "3:1-5:4"},
		{"blank lines at the end of a literal", head + "a: |\n  b \n    \n\nc: d", path{"a"}, "3:1-4:5"},
		{"blank lines at the end of a folded scalar", head + "a: >\n  b\n    \n\nc: d", path{"a"}, "3:1-4:4"},
		{"empty block scalar", head + "a: |\n\n\nb: c", path{"a"}, "3:1-3:5"},
		{"tag", head + "a: !!str 12 # b", path{"a"}, "3:1-3:12"},
		{"tag on its own line", head + "a: !!str # b\n  12", path{"a"}, "3:1-4:5"},
		{"quoted key", head + "\"a\": b", path{"a"}, "3:1-3:7"},
		{"key that is a number", head + "80: b", path{"80"}, "3:1-3:6"},
		{"explicit key", head + "? a\n: b", path{"a"}, "3:3-4:4"},
		{"missing field", head + "spec:\n  b: c", path{"spec", "x"}, "3:1-3:5"},
		{"missing below a scalar", head + "a: bcd", path{"a", "x", 0}, "3:1-3:2"},
		{"missing below null", head + "a: null", path{"a", "x"}, "3:1-3:2"},
		{"missing in the root", "\n" + head, path{"x"}, "2:1-2:11"},
		{"missing element", head + "l:\n- a", path{"l", 1}, "3:1-3:2"},
		{"missing in an element", head + "l:\n- a: b", path{"l", 0, "x"}, "4:3-4:4"},
		{"negative index", head + "l:\n- a", path{"l", -1}, "3:1-3:2"},
		{"name in a list", head + "l:\n- a", path{"l", "a"}, "3:1-3:2"},
		{"index of a mapping", head + "a: b", path{0}, "1:1-1:11"},
		{"root", head, nil, "1:1-1:11"},
		{"int64", head + "l: [a]", path{"l", int64(0)}, "3:5-3:6"},
		{"float64", head + "l: [a]", path{"l", 0.0}, "3:5-3:6"},
		{"fraction", head + "l: [a]", path{"l", 0.5}, "3:1-3:2"},
		{"json.Number", head + "l: [a]", path{"l", json.Number("0")}, "3:5-3:6"},
		{"ends at an alias", head + "a: &x\n  b: c\nd: *x", path{"d"}, "5:1-5:6 (anchor &x 3:4)"},
		{"alias of a scalar", head + "a: &x b\nd: *x", path{"d"}, "4:1-4:6 (anchor &x 3:4)"},
		{"the anchor itself", head + "a: &x b\nd: *x", path{"a"}, "3:1-3:8"},
		{"through an alias", head + "a: &x\n  b: c\nd: *x", path{"d", "b"}, "5:1-5:6 (anchor &x 4:3)"},
		{"missing through an alias", head + "a: &x\n  b: {c: d}\ne: *x", path{"e", "b", "y"}, "5:1-5:6 (anchor &x 4:3)"},
		{"missing at an alias", head + "a: &x\n  b: c\nd: *x", path{"d", "y"}, "5:1-5:6 (anchor &x 3:4)"},
		{"element that is an alias", head + "a: &x b\nl: [c, *x]", path{"l", 1}, "4:8-4:10 (anchor &x 3:4)"},
		{"alias in an anchor", head + "a: &x {b: c}\nd: &y {e: *x}\nf: *y", path{"f", "e", "b"}, "5:1-5:6 (anchor &y 4:8) (anchor &x 3:8)"},
		{"ends at an alias in an anchor", head + "a: &x {b: c}\nd: &y {e: *x}\nf: *y", path{"f", "e"}, "5:1-5:6 (anchor &y 4:8) (anchor &x 3:4)"},
		{"merge", head + "a: &x\n  b: c\nd:\n  <<: *x\n  e: f", path{"d", "b"}, "4:3-4:7 (merge key << 6:3)"},
		{"own key next to a merge", head + "a: &x\n  b: c\nd:\n  <<: *x\n  b: f", path{"d", "b"}, "7:3-7:7"},
		{"merge after the own key", head + "a: &x\n  b: c\nd:\n  b: f\n  <<: *x", path{"d", "b"}, "4:3-4:7 (merge key << 7:3)"},
		{"merge of a list", head + "a: &x {b: c}\nd: &y {b: e, f: g}\nh:\n  <<: [*x, *y]", path{"h", "b"}, "3:8-3:12 (merge key << 6:3)"},
		{"merge in a merge", head + "a: &x {b: c}\nd: &y {<<: *x}\nh: {<<: *y}", path{"h", "b"}, "3:8-3:12 (merge key << 5:5) (merge key << 4:8)"},
		{"merge of a mapping", head + "h:\n  <<: {b: c}", path{"h", "b"}, "4:8-4:12 (merge key << 4:3)"},
		{"missing next to a merge", head + "a: &x {b: c}\nh: {<<: [*x, *x]}", path{"h", "y"}, "4:1-4:2"},
		{"quoted << is no merge", head + "'<<': b", path{"<<"}, "3:1-3:8"},
		{"code points", head + "é😀: \"ü😀\" # x", path{"é😀"}, "3:1-3:9"},
		{"CRLF", "apiVersion: v1\r\nkind: Pod\r\na: |\r\n  b\r\n  c\r\nd: e\r\n", path{"a"}, "3:1-5:4"},
		{"after CRLF", "apiVersion: v1\r\nkind: Pod\r\na: |\r\n  b\r\n  c\r\nd: e\r\n", path{"d"}, "6:1-6:5"},
		{"BOM", "\ufeff" + head + "a: b", path{"apiVersion"}, "1:1-1:15"},
		{"line separators are no lines", head + "a: \"b\u2028 c\u0085 d\" \ne: f", path{"e"}, "4:1-4:5"},
		{"a lone CR is no line", head + "a: b\rc: d\ne: f", path{"c"}, "3:6-3:10"},
		{"later document", "# c\n---\n# d\n---\n" + head + "a: b\n---\n", path{"a"}, "7:1-7:5"},
		{"on the line of the marker", "--- {apiVersion: v1, kind: Pod, a: b}", path{"a"}, "1:33-1:37"},
		{"block on the line of the marker", "--- &r\n" + head, nil, "1:5-1:7"},
		{"indented document", "  apiVersion: v1\n  kind: Pod\n", path{"kind"}, "2:3-2:12"},
		{"after directives", "%YAML 1.1\n---\n" + head, path{"kind"}, "4:1-4:10"},
		{"JSON", "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Pod\",\n\t\"l\": [1, {\"a\": \"\\u00e9\\/\"}]\n}", path{"l", 1, "a"}, "4:12-4:27"},
		{"JSON element", `{"apiVersion": "v1", "kind": "é", "l": [1, {}]}`, path{"l", 0}, "1:41-1:42"},
		{"JSON root", ` {"apiVersion": "v1", "kind": "é"}`, path{"x"}, "1:2-1:3"},
		{"JSON collection", `{"apiVersion": "v1", "kind": "é", "l": [1, {}]}`, path{"l"}, "1:35-1:38"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := in(mustRead(t, tc.text).Place(tc.path)); got != tc.want {
				t.Errorf("Place(%#v) = %s, want %s in\n%s", tc.path, got, tc.want, tc.text)
			}
		})
	}
}

func TestItem(t *testing.T) {
	list := mustRead(t, `apiVersion: v1
kind: List
metadata: {name: l}
items:
- apiVersion: v1
  kind: Pod
  metadata:
    name: a
    namespace: ns
- &b {kind: Pod, metadata: {name: b}}
- *b
- text
`)
	a, ok := list.Item("items", 0)
	if !ok || a.Kind() != "Pod" || a.APIVersion() != "v1" || a.Name() != "a" || a.Namespace() != "ns" {
		t.Fatalf("Item(items, 0) = %#v, %v; want Pod ns/a of v1", a, ok)
	}
	for _, tc := range []struct {
		item int
		path path
		want string
	}{
		{0, path{"metadata", "name"}, "8:5-8:12"},
		{0, path{"spec"}, "5:3-5:13"},
		{0, nil, "5:3-5:13"},
		{1, path{"kind"}, "10:7-10:16"},
		{2, path{"kind"}, "11:3-11:5 (anchor &b 10:7)"},
		{2, path{"spec"}, "11:3-11:5 (anchor &b 10:3)"},
	} {
		item, ok := list.Item("items", tc.item)
		if !ok {
			t.Errorf("Item(items, %d) is no mapping, want one", tc.item)
			continue
		}
		if got := in(item.Place(tc.path)); got != tc.want {
			t.Errorf("Item(items, %d).Place(%v) = %s, want %s", tc.item, tc.path, got, tc.want)
		}
	}
	metadata, ok := a.Item("metadata")
	if got, want := in(metadata.Place(path{"namespace"})), "9:5-9:18"; !ok || got != want {
		t.Errorf("Item(items, 0).Item(metadata).Place(namespace) = %s, %v; want %s", got, ok, want)
	}
	for _, p := range []path{{"items", 3}, {"items", 4}, {"items"}, {"x"}, {0}, {"items", -1}, {"items", 0, "kind"}, {"kind", "x"}} {
		if o, ok := list.Item(p...); ok {
			t.Errorf("Item(%v) = %v, want none", p, o.Value)
		}
	}
}

func TestWithValue(t *testing.T) {
	o := mustRead(t, "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n")
	filled := o.WithValue(map[string]any{"kind": "Pod", "metadata": map[string]any{"name": "a", "namespace": "n"}})
	if got := filled.Namespace(); got != "n" {
		t.Errorf("WithValue(...).Namespace() = %q, want %q", got, "n")
	}
	if got := o.Namespace(); got != "" {
		t.Errorf("Namespace() = %q after WithValue, want %q", got, "")
	}
	for _, tc := range []struct {
		path path
		want string
	}{
		{path{"metadata", "name"}, "4:3-4:10"},
		{path{"metadata", "namespace"}, "3:1-3:9"},
	} {
		if got := in(filled.Place(tc.path)); got != tc.want {
			t.Errorf("WithValue(...).Place(%v) = %s, want %s", tc.path, got, tc.want)
		}
	}
}

func TestAccessorsWithoutStrings(t *testing.T) {
	for _, text := range []string{
		"apiVersion: 1\nkind: [Pod]\nmetadata: {name: 5, namespace: }",
		"apiVersion:\nkind:\nmetadata: x",
		"apiVersion: {}\nkind: yes",
	} {
		o := mustRead(t, text)
		got := []string{o.APIVersion(), o.Kind(), o.Name(), o.Namespace()}
		if want := []string{"", "", "", ""}; !reflect.DeepEqual(got, want) {
			t.Errorf("apiVersion, kind, name, namespace of %q are %q, want %q", text, got, want)
		}
	}
}

func TestPlaceIsSafeForConcurrentUse(t *testing.T) {
	o := mustRead(t, "apiVersion: v1\nkind: Pod\na: &x {b: c}\nd: {<<: *x}\n")
	const want = "3:8-3:12 (merge key << 4:5)"
	places := make(chan string)
	for range 8 {
		go func() { places <- in(o.Place(path{"d", "b"})) }()
	}
	for range 8 {
		if got := <-places; got != want {
			t.Errorf("Place(d, b) = %s, want %s", got, want)
		}
	}
}
