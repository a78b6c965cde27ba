package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// inWords is comments in words: the place, the path and the text of each.
func inWords(comments []Comment) []string {
	var all []string
	for _, c := range comments {
		path, err := json.Marshal(c.Path)
		if err != nil {
			panic(err)
		}
		all = append(all, fmt.Sprintf("%d:%d %s %s", c.Position.Line, c.Position.Column, path, c.Text))
	}
	return all
}

func TestComments(t *testing.T) {
	const head = "apiVersion: v1\nkind: Pod\n"
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"behind a field", head + "a:\n  b: c # m 1\n  d: e\n", []string{`4:8 ["a","b"] m 1`}},
		{"above a field", head + "a:\n  # m 1\n\n  #m 2\n  # no\n  b: c\n", []string{`4:3 ["a","b"] m 1`, `6:3 ["a","b"] m 2`}},
		{"above a field that is less indented", head + "a:\n  b: c\n  # m\nd: e\n", []string{`5:3 ["d"] m`}},
		{"behind a key", head + "a: # m\n  b: c\n", []string{`3:4 ["a"] m`}},
		{"behind an element", head + "a:\n- b: c # m\n  d: e\n", []string{`4:8 ["a",0] m`}},
		{"behind another field of an element", head + "a:\n- b: c\n  d: e # m\n", []string{`5:8 ["a",0,"d"] m`}},
		{"above an element", head + "a:\n# m 1\n- b: c\n  # m 2\n- d: e\n", []string{`4:1 ["a",0] m 1`, `6:3 ["a",1] m 2`}},
		{"behind the dash", head + "a:\n- # m 1\n  b: c\n- - d # m 2\n  - # m 3\n    - e # m 4\n", []string{`4:3 ["a",0] m 1`, `6:7 ["a",1] m 2`, `7:5 ["a",1,1] m 3`, `8:9 ["a",1,1] m 4`}},
		{"above the dash", head + "a:\n  # m\n  -\n    b: c\n", []string{`4:3 ["a",0] m`}},
		{"at a null element", head + "a:\n- # m 1\n# m 2\n-\n- b\n", []string{`4:3 ["a",0] m 1`, `5:1 ["a",1] m 2`}},
		{"at a null field", head + "a:  # m 1\n# m 2\nb:\nc: d\n", []string{`3:5 ["a"] m 1`, `4:1 ["b"] m 2`}},
		{"on the first line", "apiVersion: v1 # m\nkind: Pod\n", []string{`1:16 [] m`}},
		{"on the second line", "apiVersion: v1\nkind: Pod # m\n", []string{`2:11 ["kind"] m`}},
		{"above the document", "# m 1\n\n  # no\n  # m 2\n" + head, []string{`1:1 [] m 1`, `4:3 [] m 2`}},
		{"around the first marker", "# m 1\n--- # m 2\n# m 3\n" + head, []string{`1:1 [] m 1`, `2:5 [] m 2`, `3:1 [] m 3`}},
		{"above an empty document", "# m 1\n---\n# m 2\n---\n# m 3\n" + head, []string{`5:1 [] m 3`}},
		{"above an end", "# m 1\n...\n# m 2\n" + head, []string{`3:1 [] m 2`}},
		{"between directives", "# m 1\n%YAML 1.1\n# m 2\n--- # m 3\n" + head, []string{`1:1 [] m 1`, `3:1 [] m 2`, `4:5 [] m 3`}},
		{"above a mark in the middle", "\ufeff# m 1\n\ufeff# m 2\n" + head, []string{`1:1 [] m 1`, `2:2 [] m 2`}},
		{"below the last line", head + "a: b\n# m 1\n... # m 2\n", []string{`4:1 null m 1`, `5:5 null m 2`}},
		{"above a closing bracket", head + "a: {\n  b: c,\n  # m 1\n} # m 2\n", []string{`5:3 null m 1`, `6:3 null m 2`}},
		{"in flow style", head + "a: [ # m 1\n  b, c, # m 2\n  {d: e, f: g} # m 3\n  ]\nh: {i: [j], k: l} # m 4\n", []string{`3:6 ["a"] m 1`, `4:9 ["a",0] m 2`, `5:16 ["a",2] m 3`, `7:19 ["h"] m 4`}},
		{"a tail and an outer field", head + "a: {b: {c: d,\n  e: f}, g: h} # m\n", []string{`4:16 ["a","g"] m`}},
		{"a value on a line of its own", head + "a:\n  b # m 1\nc:\n  [d] # m 2\n", []string{`4:5 ["a"] m 1`, `6:7 ["c"] m 2`}},
		{"behind the last line of a scalar", head + "a: b\n  c # m 1\nd: 'e\n  f' # m 2\n", []string{`4:5 null m 1`, `6:6 null m 2`}},
		{"behind the header of a block scalar", head + "a: | # m 1\n  b # m\n\n# m 2\nc:\n- >- # m 3\n  # m\n  d\n", []string{`3:6 ["a"] m 1`, `6:1 ["c"] m 2`, `8:6 ["c",0] m 3`}},
		{"behind an empty block scalar", head + "a: | # m 1\n# m 2\nb: c\n", []string{`3:6 ["a"] m 1`, `4:1 ["b"] m 2`}},
		{"no comments", head + "a: b# m\nc: 'd # m'\n'# m': \"\\\n  # m\"\nd: |\n  # m\n  e: # m\nf: &m !!str '# m'\n", nil},
		{"behind properties", head + "a: &x # m 1\n  b: c\nd: !!str # m 2\n  e\n", []string{`3:7 ["a"] m 1`, `5:10 ["d"] m 2`}},
		{"behind an alias and a merge key", head + "a: &x\n  b: c # m 1\nd: *x # m 2\ne:\n  <<: *x # m 3\n", []string{`4:8 ["a","b"] m 1`, `5:7 ["d"] m 2`, `7:10 ["e","\u003c\u003c"] m 3`}},
		{"keys in all forms", head + "\"a.b\": # m 1\n  'c''d': 1 # m 2\n  0x10: 1 # m 3\n? e\n: f # m 4\n", []string{`3:8 ["a.b"] m 1`, `4:13 ["a.b","c'd"] m 2`, `5:11 ["a.b","16"] m 3`, `7:5 ["e"] m 4`}},
		{"CRLF", "# m 1\r\napiVersion: v1\r\nkind: Pod # m 2\r\na: |\r\n  # m\r\n\r\n# m 3\r\n\r\nb: c\r\n", []string{`1:1 [] m 1`, `3:11 ["kind"] m 2`, `7:1 ["b"] m 3`}},
		{"multi-byte", head + "ä: 😀 # m é\nb: \"ü\" # m\n", []string{`3:6 ["ä"] m é`, `4:8 ["b"] m`}},
		{"line breaks of YAML 1.1", head + "a: b # m 1\u0085c: d # m 2\re: f\n", []string{`3:6 ["a"] m 1`, `3:17 ["c"] m 2`}},
		{"twice in one", head + "a: b # m m # m\nc: d # m\n", []string{`3:6 ["a"] m m # m`, `4:6 ["c"] m`}},
		{"JSON", `{"apiVersion": "v1", "kind": "Pod", "# m": "# m"} # m` + "\n", nil},
		{"above JSON", "# m\n" + `{"apiVersion": "v1", "kind": "Pod"}`, []string{`1:1 [] m`}},
		{"in flow style that is no JSON", `{"apiVersion": "v1", "kind": "Pod", # m 1` + "\n a: b # m 2\n} # m 3\n", []string{`1:37 [] m 1`, `2:7 ["a"] m 2`, `3:3 null m 3`}},
	} {
		o := mustRead(t, tc.text)
		if got := inWords(o.Comments("m")); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: Comments(%q) of %q are\n%q, want\n%q", tc.name, "m", tc.text, got, tc.want)
		}
		if got := o.Mentions("# m"); !got {
			t.Errorf("%s: Mentions(%q) of %q = false, want true", tc.name, "# m", tc.text)
		}
		if got := o.Comments("nowhere"); got != nil {
			t.Errorf("%s: Comments(%q) of %q = %v, want none", tc.name, "nowhere", tc.text, got)
		}
	}
}

func TestCommentsOfDocuments(t *testing.T) {
	const pod = "apiVersion: v1\nkind: Pod\n"
	text := "# m 1\n" + pod + "# m 2\n---\n# m 3\n" + pod + "---\n" + `{"apiVersion": "v1", "kind": "Pod"} # m` + "\n# m 4\n" + `{"apiVersion": "v1", "kind": "Pod"}`
	objects, err := Read("t.yaml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for _, o := range objects {
		got = append(got, inWords(o.Comments("m")))
	}
	want := [][]string{{"1:1 [] m 1", "4:1 null m 2"}, {"6:1 [] m 3"}, nil, {"11:1 [] m 4"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("comments of %q are\n%q, want\n%q", text, got, want)
	}
}

func TestCommentsOfItems(t *testing.T) {
	text := `# m 1
apiVersion: v1
kind: List # m 2
items: # m 3
# m 4
- apiVersion: v1 # m 5
  kind: Pod # m 6
  script: |
    # m
  # m 7
- # m 8
  apiVersion: v1
  # m 9
  kind: Pod
- {apiVersion: v1, kind: Pod, # m 10
  a: b} # m 11
# m 12
`
	list := mustRead(t, text)
	got := [][]string{inWords(list.Comments("m"))}
	for i := range 3 {
		item, ok := list.Item("items", float64(i))
		if !ok {
			t.Fatalf("no item %d in %q", i, text)
		}
		got = append(got, inWords(item.Comments("m")))
	}
	want := [][]string{
		{
			`1:1 [] m 1`, `3:12 ["kind"] m 2`, `4:8 ["items"] m 3`, `5:1 ["items",0] m 4`, `6:18 ["items",0] m 5`, `7:13 ["items",0,"kind"] m 6`,
			`10:3 ["items",1] m 7`, `11:3 ["items",1] m 8`, `13:3 ["items",1,"kind"] m 9`, `15:31 ["items",2] m 10`, `16:9 ["items",2,"a"] m 11`, `17:1 null m 12`,
		},
		{`5:1 [] m 4`, `6:18 [] m 5`, `7:13 ["kind"] m 6`},
		{`10:3 [] m 7`, `11:3 [] m 8`, `13:3 ["kind"] m 9`},
		{`15:31 [] m 10`, `16:9 ["a"] m 11`},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("comments of the list and its items are\n%q, want\n%q", got, want)
	}
}

// Of a list that is read by its items, each has the lines up to the next one.
func TestCommentsOfLargeList(t *testing.T) {
	text := "apiVersion: v1\nkind: List\nitems:\n# m 1\n- apiVersion: v1 # m 2\n  kind: Pod # m 3\n# m 4\n- kind: Pod\n  # m 5\n  apiVersion: v1\n"
	in := NewReader("t.yaml", strings.NewReader(text), Options{MaxDocument: 70})
	var got [][]string
	for range 2 {
		o, err := in.Next()
		if err != nil {
			t.Fatalf("Next() of %q gives %v", text, err)
		}
		got = append(got, inWords(o.Comments("m ")))
	}
	want := [][]string{{`5:18 [] m 2`, `6:13 ["kind"] m 3`, `7:1 null m 4`}, {`9:3 ["apiVersion"] m 5`}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("comments of the items of %q are\n%q, want\n%q", text, got, want)
	}
}

func TestCommentCovers(t *testing.T) {
	text := `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  a:
    # m 0
    b: {c: [d, e]}
    f: g
  h: &h # m 1
    i: {j: k}
    l: m # m 2
  z: *h # m 3
  o: *h
  p:
    <<: *h # m 4
    q: r
  s:
    <<: [{t: u}, *h]
    l: own
- apiVersion: v1 # m 5
  kind: Pod
  a:
  -
    b: c
    # m 6
    d: e
  # m 7
`
	list := mustRead(t, text)
	var comments []Comment // five of the first item, two of the second
	for i := range 2 {
		item, _ := list.Item("items", i)
		comments = append(comments, item.Comments("m ")...)
	}
	if len(comments) != 7 {
		t.Fatalf("got %d comments, want 7: %q", len(comments), inWords(comments))
	}
	for _, tc := range []struct {
		path path
		want []int // the comments that cover it
	}{
		{nil, nil},
		{path{"kind"}, nil},
		{path{"a"}, nil},
		{path{"a", "f"}, nil},
		{path{"a", "b"}, []int{0}},
		{path{"a", "b", "c", json.Number("1")}, []int{0}},
		{path{"a", "b", "c", 7, "missing"}, []int{0}},
		{path{"h"}, []int{1}},
		{path{"h", "i", "j"}, []int{1}},
		{path{"h", "l"}, []int{1, 2}},
		{path{"h", "missing"}, []int{1}},
		{path{"z"}, []int{1, 3}},
		{path{"z", "l"}, []int{1, 2, 3}},
		{path{"o"}, []int{1}},
		{path{"o", "l", "missing"}, []int{1, 2}},
		{path{"p"}, nil},
		{path{"p", "q"}, nil},
		{path{"p", "i"}, []int{1, 4}},
		{path{"p", "l"}, []int{1, 2, 4}},
		{path{"s", "l"}, nil},
		{path{"s", "t"}, nil},
		{path{"s", "i", "j"}, []int{1}},
	} {
		var got []int
		for i, c := range comments[:5] {
			if c.Covers(tc.path) {
				got = append(got, i)
			}
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("the first item's %v is covered by the comments %v, want %v", tc.path, got, tc.want)
		}
	}
	for _, tc := range []struct {
		path path
		want []int
	}{
		{nil, []int{5}},
		{path{"kind"}, []int{5}},
		{path{"missing"}, []int{5}},
		{path{"a", 0}, []int{5}},
		{path{"a", 0, "b"}, []int{5}},
		{path{"a", 0, "d"}, []int{5, 6}},
	} {
		var got []int
		for i, c := range comments[5:] {
			if c.Covers(tc.path) {
				got = append(got, i+5)
			}
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("the second item's %v is covered by the comments %v, want %v", tc.path, got, tc.want)
		}
	}
	last := list.Comments("m 7")
	if len(last) != 1 || last[0].Path != nil || last[0].Covers(nil) || last[0].Covers(path{"kind"}) {
		t.Errorf("the comments below all are %q and cover something, want one about nothing", inWords(last))
	}
}

func TestHeading(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"---\n# Source: a/templates/b.yaml\n# Source: c\napiVersion: v1\nkind: Pod\n", "a/templates/b.yaml"},
		{"# License\n#Source: a\n--- # Source: b\napiVersion: v1\nkind: Pod\n", "a"},
		{"---\n# The Source: a\napiVersion: v1 # Source: b\n# Source: c\nkind: Pod\n", ""},
		{"# Source: a\napiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Pod}]\n", "a"},
	} {
		o := mustRead(t, tc.text)
		if item, ok := o.Item("items", 0); ok {
			o = item
		}
		if got, ok := o.Heading("Source: "); got != tc.want || ok != (tc.want != "") {
			t.Errorf("Heading(%q) of %q = %q, %t; want %q", "Source: ", tc.text, got, ok, tc.want)
		}
	}
}

// A comment above a document counts towards no limit but its own, and is no more kept than
// a document of its length would be.
func TestLongCommentAbove(t *testing.T) {
	text := strings.Repeat("# "+strings.Repeat("x", 100)+"\n", 3000) + "# m\napiVersion: v1 # m\nkind: Pod\n"
	for _, tc := range []struct {
		limit int64
		want  []string
	}{
		{DefaultMaxDocument, []string{"3001:1 [] m", "3002:16 [] m"}},
		{1000, []string{"3002:16 [] m"}},
	} {
		o, err := NewReader("t", strings.NewReader(text), Options{MaxDocument: tc.limit}).Next()
		if err != nil {
			t.Fatalf("up to %d bytes: %v", tc.limit, err)
		}
		if got := inWords(o.Comments("m")); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("comments above a document, up to %d bytes, are %q, want %q", tc.limit, got, tc.want)
		}
	}
}

// A comment can be emptied, and the value of its document stays the same.
func FuzzComments(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
		f.Add([]byte(strings.ReplaceAll(s, "\n", " # memgate\n# memgate\n")))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		decoded, err := io.ReadAll(decode(bytes.NewReader(text), bufferSize))
		if err != nil {
			t.Fatalf("decode(%q) gives %v", text, err)
		}
		for n, o := range all(decoded) {
			for _, mark := range []string{"memgate", "a"} {
				for _, c := range o.Comments(mark) {
					if !strings.Contains(c.Text, mark) {
						t.Errorf("a comment of %q is %q, want %q in it", text, c.Text, mark)
					}
					// A "<<" may override the field that the comment is about.
					if (c.Path != nil) != c.Covers(c.Path) && !bytes.Contains(decoded, []byte("<<")) {
						t.Errorf("the comment %q of %q about %v covers it: %t", c.Text, text, c.Path, c.Covers(c.Path))
					}
					file := lines(decoded)
					line := &file[c.Position.Line-1]
					before, _ := between(file, Position{Line: c.Position.Line, Column: 1}, c.Position)
					after, ok := strings.CutPrefix((*line)[len(before):], "#")
					if !ok {
						t.Fatalf("a comment of %q is at %v, want a # there", text, c.Position)
					}
					*line = before + "#" + strings.Replace(after, c.Text, "", 1)
					if got := all([]byte(strings.Join(file, "\n"))); len(got) <= n || !reflect.DeepEqual(got[n].Value, o.Value) {
						t.Errorf("without the comment %q at %v the document %d of %q has another value", c.Text, c.Position, n, text)
					}
				}
			}
		}
	})
}

// all is the objects of a text, without what cannot be read.
func all(text []byte) []*Object {
	var objects []*Object
	for in := NewReader("t", bytes.NewReader(text), Options{}); ; {
		o, err := in.Next()
		if err == io.EOF {
			return objects
		}
		if err == nil {
			objects = append(objects, o)
		}
	}
}

// Comments of which there are very many must not be looked at once for each other one, nor
// for each item of a list. That would take minutes.
func TestManyComments(t *testing.T) {
	const many, limit = 50_000, 20 * time.Second
	lines := strings.Repeat("# m\n", many)
	object := mustRead(t, lines+"apiVersion: v1\nkind: Pod\n"+lines+"a: b\n")
	start := time.Now()
	comments := object.Comments("m")
	if took := time.Since(start); len(comments) != 2*many || took > limit {
		t.Errorf("Comments of %d lines gives %d comments in %v, want all of them in less than %v", 2*many, len(comments), took, limit)
	}
	if got := comments[2*many-1].Path; !reflect.DeepEqual(got, []any{"a"}) {
		t.Errorf("the last comment above a field is about %v, want the field", got)
	}
	list := mustRead(t, "apiVersion: v1\nkind: List\nitems:\n"+strings.Repeat("- {apiVersion: v1, kind: Pod} # m\n", many))
	start = time.Now()
	found := 0
	for i := range many {
		item, _ := list.Item("items", i)
		found += len(item.Comments("m"))
	}
	if took := time.Since(start); found != many || took > limit {
		t.Errorf("Comments of %d items gives %d comments in %v, want one each in less than %v", many, found, took, limit)
	}
}
