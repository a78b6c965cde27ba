package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// drain returns for each document an *Object or an error, the one of r among them.
func drain(r io.Reader, opts Options) []any {
	var all []any
	for in := NewReader("t", r, opts); ; {
		o, err := in.Next()
		var (
			syntax *SyntaxError
			none   *NotManifestError
		)
		switch {
		case err == io.EOF:
			return all
		case err == nil:
			all = append(all, o)
		case errors.As(err, &syntax), errors.As(err, &none):
			all = append(all, err)
		default:
			return append(all, err)
		}
	}
}

// Documents of more than 120 bytes: what is a list is read by its items.
func TestItemsOfLargeLists(t *testing.T) {
	const (
		max = 120
		a   = `{"apiVersion":"v1","kind":"A"}`
		b   = `{"apiVersion":"v1","kind":"B"}`
		pod = `{"metadata":{"name":"a","labels":{"b":"c"}}}`
		cut = ": document is larger than 120 bytes; raise the limit with --max-document"
	)
	x160 := strings.Repeat("x", 160)
	pretty := strings.NewReplacer("{", "{\n  ", ",", ",\n  ", "}", "\n}")
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"kubectl", `{"apiVersion":"v1","items":[` + a + "," + b + "," + a + `],"kind":"List","metadata":{"resourceVersion":""}}`, []string{"1 t:1:29 A", "1 t:1:60 B", "1 t:1:91 A"}},
		{"on lines", pretty.Replace(`{"apiVersion":"v1","items":[` + a + "," + b + "," + a + `],"kind":"List"}`), []string{"1 t:3:12 A", "1 t:7:3 B", "1 t:11:3 A"}},
		{"not large", `{"apiVersion":"v1","items":[` + a + "," + b + `],"kind":"List"}`, []string{"1 t:1:1 List"}},
		{
			"typed", `{"kind":"PodList","apiVersion":"v1","items":[` + pod + "," + b + ` , {"apiVersion":"x"}]}`,
			[]string{"1 t:1:46 Pod", "1 t:1:91 B", "1 t:1:124 Pod"},
		},
		{"typed, of itself", `{"kind":"List","apiVersion":"v1","items":[` + a + "," + pod + "," + a + "]}", []string{
			"1 t:1:43 A", "!t:1:74: found a mapping without apiVersion and kind as an item of a list, want apiVersion and kind in it or, of a typed list, before its items", "1 t:1:119 A",
		}},
		{"typed, kind after the items", `{"apiVersion":"v1","items":[` + a + "," + pod + `,{"apiVersion":"v1"}],"kind":"PodList"}`, []string{
			"1 t:1:29 A",
			"!t:1:60: found a mapping without apiVersion and kind as an item of a list, want apiVersion and kind in it or, of a typed list, before its items",
			"!t:1:105: found a mapping without kind as an item of a list, want apiVersion and kind in it or, of a typed list, before its items",
		}},
		{"items that are no objects", `{"apiVersion":"v1","kind":"List","items":[ "a,]}\"", -5 ,null,[{"a":[]}], ` + a + "," + a + "]}", []string{
			"!t:1:44: found a string as an item of a list, want apiVersion and kind in it or, of a typed list, before its items",
			"!t:1:54: found a number as an item of a list, want apiVersion and kind in it or, of a typed list, before its items",
			"!t:1:58: found null as an item of a list, want apiVersion and kind in it or, of a typed list, before its items",
			"!t:1:63: found a list as an item of a list, want apiVersion and kind in it or, of a typed list, before its items",
			"1 t:1:75 A", "1 t:1:106 A",
		}},
		{"code points", `{"apiVersion":"v1","é":"😀","kind":"List","items":[{"apiVersion":"v1","kind":"ü😀"},` + a + "," + b + "]}", []string{"1 t:1:51 ü😀", "1 t:1:83 A", "1 t:1:114 B"}},
		{
			"among others", a + `{"apiVersion":"v1","items":[` + a + "," + b + "," + a + "],\"kind\":\"List\"} " + a + "\n---\napiVersion: v1\nkind: C\n",
			[]string{"1 t:1:1 A", "2 t:1:59 A", "2 t:1:90 B", "2 t:1:121 A", "3 t:1:168 A", "4 t:3:1 C"},
		},
		{"none", `{"apiVersion":"v1","kind":"List","items":[  ` + strings.Repeat("\n", max) + "]}" + a, []string{"2 t:121:3 A"}},
		{"other keys named items", `{"apiVersion":"v1","metadata":{"items":[{}]},"kind":"List","items":[` + a + "," + b + "]}", []string{"1 t:1:69 A", "1 t:1:100 B"}},

		{"no list after all", `{"apiVersion":"v1","items":[` + a + "," + a + "," + a + `],"kind":"Basket"}` + b, []string{
			"1 t:1:29 A", "1 t:1:60 A", "1 t:1:91 A",
			`!t:1:130: found the kind "Basket" of a document that was read as a list for its size, want one that ends in List; the items were taken all the same`, "2 t:1:139 B",
		}},
		{"no kind", ` {"apiVersion":"v1","items":[` + a + "," + a + "," + a + `]}` + b, []string{
			"1 t:1:30 A", "1 t:1:61 A", "1 t:1:92 A",
			"!t:1:2: found items without the apiVersion and the kind of their list, want a text in both; the items were taken all the same", "2 t:1:124 B",
		}},
		{"two kinds", "{\"apiVersion\":\"v1\",\n\"kind\":\"List\",\"items\":[" + a + "," + a + "," + a + "],\n\"kind\":\"List\"}" + b, []string{
			"1 t:2:24 A", "1 t:2:55 A", "1 t:2:86 A", `!t:3:1: duplicate key "kind", first at line 2`, "2 t:3:15 B",
		}},
		{"two lists of items", "{\"apiVersion\":\"v1\",\n\"kind\":\"List\",\"items\":[" + a + "," + a + "," + a + "],\n\"items\":[" + a + "]}" + b, []string{
			"1 t:2:24 A", "1 t:2:55 A", "1 t:2:86 A", `!t:3:1: duplicate key "items", first at line 2`, "2 t:3:42 B",
		}},
		{"a bad item", `{"apiVersion":"v1","kind":"List","items":[{"a":x},` + a + `,{"a":1 "b"},` + a + "]}", []string{
			"!t:1:48: found 'x', want a JSON value", "1 t:1:51 A", `!t:1:89: found '"', want "," or "}"`, "1 t:1:94 A",
		}},
		{"bad bytes", `{"apiVersion":"v1","kind":"List","items":[{"a":"` + "\xe9" + `"},` + a + `,` + a + `],"` + "\xe9" + `":1}`, []string{
			"!t:1:49: found the byte 0xe9, which is neither UTF-8 nor, with a byte order mark, UTF-16", "1 t:1:53 A", "1 t:1:84 A",
			"!t:1:117: found the byte 0xe9, which is neither UTF-8 nor, with a byte order mark, UTF-16",
		}},
		{"no comma", `{"apiVersion":"v1","kind":"List","items":[` + a + a + "," + a + "]}\nb: c\n" + b, []string{"1 t:1:43 A", `!t:1:73: found '{', want "," or "]"`, "2 t:3:1 B"}},
		{"two commas", `{"apiVersion":"v1","kind":"List","items":[` + a + ",," + a + "," + a + "]}\n---\n" + b, []string{"1 t:1:43 A", `!t:1:74: found ',', want a JSON value`, "2 t:3:1 B"}},
		{"a comma at the end", `{"apiVersion":"v1","kind":"List","items":[` + a + "," + a + "," + a + ",]}" + b + "\n" + b, []string{"1 t:1:43 A", "1 t:1:74 A", "1 t:1:105 A", `!t:1:136: found ']', want a JSON value`, "2 t:2:1 B"}},
		{"wrong bracket", `{"apiVersion":"v1","kind":"List","items":[` + a + "," + a + "," + a + "}}" + b + "\n" + b, []string{"1 t:1:43 A", "1 t:1:74 A", "1 t:1:105 A", `!t:1:135: found '}', want "," or "]"`, "2 t:2:1 B"}},
		{"wrong bracket after the items", `{"apiVersion":"v1","kind":"List","items":[` + a + "," + a + "," + a + "]]\n---\n" + b, []string{"1 t:1:43 A", "1 t:1:74 A", "1 t:1:105 A", `!t:1:136: found ']', want "," or "}"`, "2 t:3:1 B"}},
		{"ends in an item", `{"apiVersion":"v1","kind":"List","items":[` + a + "," + a + "," + a[:19] + "\n---\n" + b, []string{"1 t:1:43 A", "1 t:1:74 A", `!t:2:1: found the end of the document, want a key in double quotes`, "2 t:3:1 B"}},
		{"ends between items", `{"apiVersion":"v1","kind":"List","items":[` + a + "," + a + "," + a + ",\n...\n" + b, []string{"1 t:1:43 A", "1 t:1:74 A", "1 t:1:105 A", `!t:2:1: found the end of the document, want a JSON value`, "2 t:3:1 B"}},
		{"ends after an item", `{"apiVersion":"v1","kind":"List","items":[` + a + "," + a + "," + a, []string{"1 t:1:43 A", "1 t:1:74 A", "1 t:1:105 A", `!t:1:135: found the end of the document, want "," or "]"`}},
		{"ends after the items", `{"apiVersion":"v1","kind":"List","items":[` + a + "," + a + "," + a + "],", []string{"1 t:1:43 A", "1 t:1:74 A", "1 t:1:105 A", `!t:1:137: found the end of the document, want a key in double quotes`}},

		{"a large item", `{"apiVersion":"v1","kind":"List","items":[` + a + `,{"apiVersion":"v1","kind":"A","a":"` + x160 + `"},` + a + "]}", []string{
			"1 t:1:43 A", "!t:1:74: item of a list is larger than 120 bytes; raise the limit with --max-document", "1 t:1:272 A",
		}},
		{"much after the items", `{"apiVersion":"v1","kind":"List","items":[` + a + `],"a":"` + x160 + `"}` + a, []string{
			"1 t:1:43 A", "!t:1:73: what follows the items of a list is larger than 120 bytes; raise the limit with --max-document",
		}},
		{"much before the items", `{"apiVersion":"v1","kind":"List","a":"` + x160 + `","items":[` + a + `]}` + a, []string{"!t:1:1" + cut, "2 t:1:242 A"}},
		{"no list by its kind", `{"apiVersion":"v1","kind":"Basket","items":[` + a + "," + a + "," + a + "]}", []string{"!t:1:1" + cut}},
		{"no manifests", `{"items":[{"a":"` + x160 + `"},{"apiVersion":"v1","kind":"A"}]}`, []string{"t:1:1" + cut}},
		{"no array", `{"apiVersion":"v1","kind":"List","items":{"a":[` + a + "," + a + "," + a + "]}}", []string{"!t:1:1" + cut}},
		{"an array", "[" + a + "," + a + "," + a + "," + a + "]", []string{"!t:1:1" + cut}},
		{"flow style", `{"apiVersion": v1,"kind":"List","items":[` + a + "," + a + "," + a + "]}", []string{"!t:1:1" + cut}},
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

// Of documents up to the limit only lists of more than an eighth of it are read by their
// items, and not where their kind might be that of the list.
func TestItemsOfSmallerLists(t *testing.T) {
	const (
		a    = `{"apiVersion":"v1","kind":"A"}`
		pod  = `{"metadata":{"name":"a"}}`
		yaml = "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: A\n- metadata: {}\n  apiVersion: v1\n  kind: A\nkind: List\nmetadata: {}\n"
	)
	for _, tc := range []struct {
		max  int64
		text string
		want []string
	}{
		{8 * 80, `{"apiVersion":"v1","items":[` + a + "," + a + `],"kind":"List"}`, []string{"1 t:1:29 A", "1 t:1:60 A"}},
		{8 * 105, `{"apiVersion":"v1","items":[` + a + "," + a + `],"kind":"List"}`, []string{"1 t:1:1 List"}},
		{8 * 50, `{"apiVersion":"v1","items":[` + a + "," + a + `],"kind":"List"}`, []string{"1 t:1:1 List"}}, // cuts the first item
		{8 * 80, `{"apiVersion":"v1","items":[` + pod + "," + a + `,{"kind":"A"}],"kind":"PodList"}`, []string{"1 t:1:1 PodList"}},
		{8 * 80, `{"apiVersion":"v1","kind":"PodList","items":[` + pod + "," + pod + "]}", []string{"1 t:1:46 Pod", "1 t:1:72 Pod"}},
		{8 * 80, `{"kind":"PodList","items":[` + pod + "," + pod + `],"apiVersion":"v1"}`, []string{"1 t:1:1 PodList"}},
		{8 * 80, `{"apiVersion":"v1","kind":"Basket","items":[` + a + "," + a + "]}", []string{"1 t:1:1 Basket"}},
		{8 * 80, yaml, []string{"1 t:3:3 A", "1 t:5:3 A"}},
		{8 * 80, strings.Replace(yaml, "  kind: A\n", "  a:      \n", 1), []string{"1 t:1:1 List"}},
		{8 * 80, "kind: List\n" + strings.Replace(yaml, "  kind: A\n", "  a: ABCDE\n", 1), []string{
			`!t:4:3: found a mapping without kind as an item of a list, want apiVersion and kind in it or, of a typed list, before its items`, "1 t:6:3 A",
			`!t:9:1: duplicate key "kind", first at line 1`,
		}},
	} {
		for _, pieces := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.OneByteReader} {
			got := outline(drain(pieces(strings.NewReader(tc.text)), Options{MaxDocument: tc.max}))
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("Next() with MaxDocument %d gives\n%s\nwant\n%s\nfor\n%s", tc.max, strings.Join(got, "\n"), strings.Join(tc.want, "\n"), tc.text)
			}
		}
	}
}

// An item that is handed out alone is what it is in its list.
func TestItemOfALargeList(t *testing.T) {
	const text = "{\"kind\": \"PodList\", \"apiVersion\": \"v1\", \"items\": [\n  {\"metadata\": {\"name\": \"é\"}}, {\"spec\": {\n    \"hostIPC\": true}}\n]}"
	all := drain(strings.NewReader(text), Options{MaxDocument: 80})
	if len(all) != 2 {
		t.Fatalf("Next() gives %q, want two items", outline(all))
	}
	want := map[string]any{"apiVersion": "v1", "kind": "Pod", "spec": map[string]any{"hostIPC": true}}
	if o := all[1].(*Object); !reflect.DeepEqual(o.Value, want) {
		t.Errorf("the second item is %v, want %v", o.Value, want)
	}
	for _, tc := range []struct {
		item int
		path path
		want string
	}{
		{0, path{"metadata", "name"}, "2:17-2:28"},
		{0, path{"kind"}, "2:3-2:4"}, // the list says it
		{1, path{"spec", "hostIPC"}, "3:5-3:20"},
		{1, path{"spec", "hostPID"}, "2:33-2:39"},
	} {
		if got := in(all[tc.item].(*Object).Place(tc.path)); got != tc.want {
			t.Errorf("Place(%v) of item %d = %s, want %s", tc.path, tc.item, got, tc.want)
		}
	}
}

func TestErrorOfTheReaderInALargeList(t *testing.T) {
	broken := errors.New("disk on fire")
	const item = `{"apiVersion":"v1","kind":"A"}`
	const text = `{"apiVersion":"v1","kind":"List","items":[` + item + `, ` + item + `],"a":1}`
	for n := 50; n < len(text); n++ {
		got := drain(io.MultiReader(strings.NewReader(text[:n]), iotest.ErrReader(broken)), Options{MaxDocument: 49})
		if last := got[len(got)-1]; last != broken {
			t.Errorf("Next() gives %v for an error after %q, want the error", got, text[:n])
		}
		for _, o := range got[:len(got)-1] {
			if _, ok := o.(*Object); !ok {
				t.Errorf("Next() gives %v for an error after %q, want objects before it", o, text[:n])
			}
		}
	}
}

// What is before the items speaks for all of them.
func TestOnlyInALargeList(t *testing.T) {
	const items = `{"apiVersion":"v1","kind":"Pod"},{"metadata":{}},{"apiVersion":"v1","kind":"Node"}`
	for _, tc := range []struct {
		head, only string
		want       []string
	}{
		{`"kind":"List"`, "Node", []string{"1 t:1:92 Node"}},
		{`"kind":"NodeList"`, "Node", []string{"1 t:1:47 Pod", "1 t:1:80 Node", "1 t:1:96 Node"}},
		{`"kind":"NodeList"`, "Job", nil},
	} {
		got := outline(drain(strings.NewReader(`{"apiVersion":"v1",`+tc.head+`,"items":[`+items+"]}"), Options{
			MaxDocument: 60,
			Only:        func(text []byte) bool { return bytes.Contains(text, []byte(tc.only)) },
		}))
		if !reflect.DeepEqual(got, tc.want) {
			t.Errorf("items of a list with %s and %s: got %q, want %q", tc.head, tc.only, got, tc.want)
		}
	}
}

// A list of many items on one line must not be searched once per item.
func TestLargeListsAreReadInLinearTime(t *testing.T) {
	const n = 200_000
	text := `{"apiVersion":"v1","kind":"List","items":[` + strings.Repeat("{},", n) + `{"apiVersion":"v1","kind":"A"}]}`
	got := drain(strings.NewReader(text), Options{MaxDocument: 100})
	if len(got) != n+1 {
		t.Fatalf("Next() gives %d items, want %d", len(got), n+1)
	}
	if got, want := outline(got[n:]), []string{fmt.Sprintf("1 t:1:%d A", 43+3*n)}; !reflect.DeepEqual(got, want) {
		t.Errorf("Next() gives %q at last, want %q", got, want)
	}
}
