package manifest

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// written is a node with what is below it, in a form that two parsers share.
type written struct {
	Start, End int32
	Kind       kind
	Merge      bool
	Name       string // of a key
	Content    []written
}

func writtenNode(t *tree, n *node, key bool) written {
	w := written{Start: n.start, End: n.end, Kind: n.kind, Merge: n.merge}
	if key && !n.merge {
		w.Name = t.names[n.start]
		switch n.reads {
		case asWritten:
			w.Name = string(t.text[n.start:n.end])
		case inQuotes:
			w.Name = string(t.text[n.start+1 : n.end-1])
		}
	}
	if n.kind != mapping && n.kind != sequence {
		return w
	}
	content := t.children(n)
	for i := range content {
		w.Content = append(w.Content, writtenNode(t, &content[i], n.kind == mapping && i%2 == 0))
	}
	return w
}

func (d *document) written() written {
	return writtenNode(&d.tree, d.tree.top(), false)
}

// checkFast returns why parseFast gives up on text. If it does not, parseAny
// must give the same document.
func checkFast(t testing.TB, text []byte) (reason string) {
	t.Helper()
	p := fastParser{stack: newStack(text)}
	defer p.release()
	got := p.document()
	if got == nil {
		return p.reason
	}
	want, f := parseAny(text)
	switch {
	case f != nil:
		t.Errorf("parseFast(%.2000q) = %#v, want it to give up: %s at offset %d", text, got.value, f.message, f.offset)
	case want == nil:
		t.Errorf("parseFast(%.2000q) = %#v, want it to give up: no document", text, got.value)
	case !reflect.DeepEqual(got.value, want.value):
		t.Errorf("parseFast(%.2000q) = %#v, want %#v", text, got.value, want.value)
	case !reflect.DeepEqual(got.written(), want.written()):
		t.Errorf("parseFast(%.2000q) has nodes\n%+v, want\n%+v", text, got.written(), want.written())
	}
	return ""
}

func FuzzFast(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	for _, tc := range fastCases {
		f.Add([]byte(tc.text))
	}
	for i := range 20 {
		f.Add([]byte(randomYAML(rand.New(rand.NewPCG(uint64(i), 1)))))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if checkUTF8(text) == nil && checkControl(text) == nil {
			checkFast(t, text)
		}
	})
}

// fastCases are texts, and why parseFast gives up on them if it does.
var fastCases = []struct{ text, reason string }{
	// Collections.
	{"a: b\n", ""},
	{"a: b", ""},
	{"  a: b\n  c:\n    d: e\n", ""},
	{"a:\nb: # c\n\n# d\nc:\n", ""},
	{"a:\n- b\n- c: d\n  e: f\n-   g: h\n    i:\n    - j\nk: l\n", ""},
	{"a:\n  - - b\n    - c\n  -\n    - d\n  -\n  - # e\n    f: g\n", ""},
	{"- a\n-\n- b:\n- c", ""},
	{"a:\n  b\nc:\n  'd'\ne:\n  [f]\ng:\n  |\n  h\n", ""},
	{"a:   b   # c\n'd' : e\n\"f\\x41\": g\n1: h\nyes: i\n0x10: j\n1.50: k\n", ""},
	{"a: b\r\nc:\r\n- d\r\n- |\r\n  e\r\n\r\n  f\r\n", ""},
	{"é: 😀\nb: {é: ü}\n", ""},
	{strings.Repeat("- ", maxDepth-2) + "a", ""},
	{strings.Repeat("[", maxDepth-2) + strings.Repeat("]", maxDepth-2), ""},
	{"x" + strings.Repeat("a", maxKey-1) + ": b", ""},
	// Plain and quoted scalars.
	{"a: [x, -1, +1, 1.5, 1e3, 0x1F, 0o17, 010, 0b11, 1_000, 12:30:45, 100m, 1.2.3, 2001-01-01, true, No, on, ~, null]", ""},
	{"a: b c\n  d\n\n  e # f\nb:\n  c\n d\n", ""},
	{"a: http://b:80/#c?d=e,f\nb: c#d - e\nc: -x ?y :z\n", ""},
	{"a: ?b\nc: :d\ne: -f\n", ""},
	{"a: 'b''c'\nb: ''\nc: 'd\n\n  e\n f '\nd: '\n'\n", ""},
	{`a: "\0\a\b\t\n\v\f\r\e\ \"\\\N\_\L\P\x41\u00e9\U0001f600\'"`, ""},
	{"a: \"b  \n\n  c\\\n   d\\n\n e\"\n", ""},
	// Block scalars.
	{"a: |\n  b\n\n   c\n\n\nd: |-\n  e\n\nf: |+\n  g\n\n\nh: i\n", ""},
	{"a: >\n  b\n  c\n\n  d\n   e\n   f\n  g\n\n\nh: >-\n  i\n\nj: >+\n  k\n\n", ""},
	{"a: | # b\n  # c\n # d\ne:\n- |\n f\n- >\n g\n", ""},
	{"a: |\nb: |+\n\n\nc: |\n  \n", ""},
	{"a: |\n  b\n   ", ""},
	{"a: |2-\n    b\n   c\nd: |-1\n   e\n", ""},
	{"a: |\n    \n  b: c\n", "indentation"},
	// Flow style.
	{"a: []\nb: {}\nc: [d, {e: f}, [g]]\nh: {i: j, 'k':l, \"m\" : [n]}\n", ""},
	{"a: [\n  b, # c\n\n# d\ne\t,\n]\nf: {\ng: h,\ni:\nj\n}\n", ""},
	{"a: {b: , c: }\n", ""},
	{"[a, b]", ""},

	{"a: &b c", "a value that begins with an indicator"},
	{"a: *b", "a value that begins with an indicator"},
	{"a: !b c", "a value that begins with an indicator"},
	{"%YAML 1.1\n---\na: b", "a value that begins with an indicator"},
	{"a: @b", "a value that begins with an indicator"},
	{"a: {{ b }}", "a value that begins with an indicator"},
	{"<<: a", "a merge"},
	{"a: <<", "a merge"},
	{"? a\n: b", "a complex key"},
	{"a: - b", "a list where no list can be"},
	{"a: b\n- c", "a list where no list can be"},
	{"a: b: c", "text after a value"},
	{"a: 'b' c", "text after a value"},
	{"a: [b] c", "text after a value"},
	{"a: 'b'#c", "a comment without a blank before it"},
	{"a: b\nc\n", "a line without a key"},
	{"a: b\n'c'\n", "a line without a key"},
	{"a: b\n'c':d\n", "a line without a key"},
	{"a:\n  b: c\n d: e\n", "indentation"},
	{"a: 'b'\n  c: d\n", "indentation"},
	{"a:\n- b\n  c: d\n", "text after a value"},
	{" a: b\nc: d\n", "indentation"},
	{"- a\nb: c\n", "indentation"},
	{"a: b\na: c\n", "a duplicate key"},
	{"{a: b, 'a': c}", "a duplicate key"},
	{"1: a\n0x1: b\n", "a duplicate key"},
	{"\ta: b", "a tab in indentation"},
	{"a:\n\tb: c", "a tab in indentation"},
	{"-\ta", "a tab in indentation"},
	{"a: |\n\tb", "a tab in indentation"},
	{"a: |\n  b\n\tc", "a tab in indentation"},
	{"a: b\n\t\nc: d", "a tab in indentation"},
	{"--- a: b", "a document marker"},
	{"a: b\n...\n", "a document marker"},
	{"a: 'b\n... c'", "a document marker"},
	{"a: [\n--- ]", "a document marker"},
	{"a", "a document that is one scalar"},
	{"|\n a", "a document that is one scalar"},
	{"", "no content"},
	{"# a\n", "no content"},
	{"~: a", "a key that is no string"},
	{"18446744073709551615: a", "a key that is no string"},
	{"a: .inf", "a number that JSON does not have"},
	{"a: .nan", "a number that JSON does not have"},
	{"a: [b", "odd flow style"},
	{"a: [b: c]", "odd flow style"},
	{"a: {b}", "odd flow style"},
	{"a: [b?c]", "odd flow style"},
	{"a: [b\n c]", "odd flow style"},
	{"a: 'b", "a quote that is not closed"},
	{"a: \"b\\\"", "a quote that is not closed"},
	{`a: "\/"`, "an escape that YAML does not have"},
	{`a: "\u12"`, "an escape that is no character"},
	{`a: "\ud800"`, "an escape that is no character"},
	{"a: >2\n  b", "an odd block scalar"},
	{"a: |0\n b", "an odd block scalar"},
	{"a: |b\n c", "an odd block scalar"},
	{"a: b\rc: d", "an odd line break"},
	{"a: b\u0085", "an odd line break"},
	{"a: b\u2028c", "an odd line break"},
	{"a: '\ufeff'", "an odd line break"},
	{strings.Repeat("- ", maxDepth) + "a", "deep nesting"},
	{strings.Repeat("[", 5000), "deep nesting"},
	{strings.Repeat("a", maxKey+1) + ": b", "a key that is long or on several lines"},
	{"'a\n b': c", "a key that is long or on several lines"},
}

func TestFast(t *testing.T) {
	for _, tc := range fastCases {
		if got := checkFast(t, []byte(tc.text)); got != tc.reason {
			t.Errorf("parseFast(%.2000q) gives up for %q, want %q", tc.text, got, tc.reason)
		}
	}
}

// What a parser leaves on its stacks must not show in the next document.
func TestFastAfterGivingUp(t *testing.T) {
	for range 100 {
		checkFast(t, []byte("a: {b: [c, {d: "))
		if reason := checkFast(t, []byte("a: {b: [c, {d: e}]}\n'f\\x41': g\n")); reason != "" {
			t.Fatalf("parseFast() gives up: %s", reason)
		}
	}
}
