package manifest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
)

// outline writes what Next returned: document, position and kind of an object;
// for an error its text, with a "!" before it if that looks like a manifest.
func outline(all []any) []string {
	var out []string
	for _, e := range all {
		switch e := e.(type) {
		case *Object:
			out = append(out, fmt.Sprintf("%d %s %s", e.Document(), e.Position(), e.Kind()))
		case *SyntaxError:
			mark := ""
			if e.LooksLikeManifest {
				mark = "!"
			}
			out = append(out, mark+e.Error())
		default:
			out = append(out, fmt.Sprint(e))
		}
	}
	return out
}

func TestNext(t *testing.T) {
	const pod = "apiVersion: v1\nkind: Pod\n"
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"blank", " \n\t\n\r\n", nil},
		{"comments and markers", "# a\n---\n# b\n--- # c\n...\n---\n", nil},
		{"one", pod, []string{"1 t:1:1 Pod"}},
		{"no line break at the end", "apiVersion: v1\nkind: Pod", []string{"1 t:1:1 Pod"}},
		{"several", pod + "---\n" + pod + "--- \n" + pod + "---\t# c\n" + pod, []string{"1 t:1:1 Pod", "2 t:4:1 Pod", "3 t:7:1 Pod", "4 t:10:1 Pod"}},
		{"empty documents count", "---\n---\n" + pod, []string{"2 t:3:1 Pod"}},
		{"CRLF", strings.ReplaceAll("---\n"+pod+"---\n"+pod, "\n", "\r\n"), []string{"1 t:2:1 Pod", "2 t:5:1 Pod"}},
		{"end of document", pod + "...\n" + pod, []string{"1 t:1:1 Pod", "2 t:4:1 Pod"}},
		{"no markers", "apiVersion: v1\nkind: Pod\na: |\n  ---\nb: '\n  ---x'\n", []string{"1 t:1:1 Pod"}},
		{"directives", "%YAML 1.1\n# c\n---\n" + pod + "...\n%TAG !e! tag:yaml.org,2002:\n---\n" + pod + "a: !e!int '1'", []string{"1 t:4:1 Pod", "2 t:9:1 Pod"}},
		{"directives without an end before", pod + "%YAML 1.1\n---\n" + pod, []string{"1 t:1:1 Pod", "2 t:5:1 Pod"}},
		{"directive without a document", "%YAML 1.1\n" + pod + "---\n" + pod, []string{"!t:2:11: found a \":\" where no key can be, want the value in quotes or on a line of its own", "2 t:5:1 Pod"}},
		{"marks in the middle", pod + "---\n\ufeff" + pod, []string{"1 t:1:1 Pod", "2 t:4:2 Pod"}},
		{"JSON", `{"apiVersion": "v1", "kind": "A"}`, []string{"1 t:1:1 A"}},
		{
			"JSON stream", "{\"apiVersion\": \"v1\", \"kind\": \"A\"}{\"apiVersion\": \"v1\",\n\"kind\": \"é\"} {\"apiVersion\": \"v1\", \"kind\": \"C\"}\n\n{\"apiVersion\": \"v1\", \"kind\": \"D\"}\n",
			[]string{"1 t:1:1 A", "2 t:1:34 é", "3 t:2:14 C", "4 t:4:1 D"},
		},
		{"JSON and YAML", "{\"apiVersion\": \"v1\", \"kind\": \"A\"}\n# c\n---\n" + pod + "--- {\"apiVersion\": \"v1\", \"kind\": \"C\"} # d\n", []string{"1 t:1:1 A", "2 t:4:1 Pod", "3 t:6:5 C"}},
		{"text after JSON", "{\"apiVersion\": \"v1\", \"kind\": \"A\"}\nb: c\n---\n" + pod, []string{"1 t:1:1 A", "t:2:1: found text after a JSON value, want another one or \"---\"", "3 t:4:1 Pod"}},
		{"bad JSON in a stream", "{\"a\": x y: }\n{\"apiVersion\": \"v1\", \"kind\": \"B\"}\n", []string{"t:1:7: found 'x', want a JSON value", "2 t:2:1 B"}},
		{"flow style", "{apiVersion: v1, kind: A, a: 'it''s }', \"b\": {c: d}}\n---\n{\"apiVersion\": \"v1\", \"kind\": B,}\n", []string{"1 t:1:1 A", "2 t:3:1 B"}},
		{"JSON after JSON with a duplicate key", "{\"apiVersion\": \"v1\", \"kind\": \"A\", \"kind\": \"B\"}\n{\"apiVersion\": \"v1\", \"kind\": \"B\"}\n", []string{"!t:1:35: duplicate key \"kind\", first at line 1", "2 t:2:1 B"}},
		{"no manifests", "a: b\n---\n- a\n---\ntext\n---\n5\n---\nyes\n---\n~\n---\nkind: A\n---\napiVersion: v1\n---\n[]\n" + pod, []string{
			"t:1:1: found a mapping without apiVersion and kind, want a mapping with apiVersion and kind",
			"t:3:1: found a list, want a mapping with apiVersion and kind",
			"t:5:1: found a string, want a mapping with apiVersion and kind",
			"t:7:1: found a number, want a mapping with apiVersion and kind",
			"t:9:1: found a boolean, want a mapping with apiVersion and kind",
			"t:11:1: found null, want a mapping with apiVersion and kind",
			"t:13:1: found a mapping without apiVersion, want a mapping with apiVersion and kind",
			"t:15:1: found a mapping without kind, want a mapping with apiVersion and kind",
			"t:17:1: found a list, want a mapping with apiVersion and kind",
			"!t:18:1: found text after a JSON value, want another one or \"---\"",
		}},
		{"goes on after an error", "a: [\n---\n" + pod, []string{"t:1:1: found no value, want one", "2 t:3:1 Pod"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := outline(readAll("t", []byte(tc.text))); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("Next() gives\n%s\nwant\n%s\nfor\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"), tc.text)
			}
		})
	}
}

func TestSyntaxErrors(t *testing.T) {
	const pod = "apiVersion: v1\nkind: Pod\n"
	deep := strings.Repeat("[", maxDepth+1)
	for _, tc := range []struct{ name, text, want string }{
		{"duplicate key", "apiVersion: v1\nkind: Pod\na:\n  env: b\n  c: d\n  env: e\n", `!t:6:3: duplicate key "env", first at line 4`},
		{"duplicate key of another type", pod + "a: {1: b, '1': c}\n", `!t:3:11: duplicate key "1", first at line 3`},
		{"duplicate key next to a merge", pod + "a: &x {b: c}\nd:\n  <<: *x\n  b: e\n  b: f\n", `!t:7:3: duplicate key "b", first at line 6`},
		{"duplicate key elsewhere", "a: b\na: c\n", `t:2:1: duplicate key "a", first at line 1`},
		{"tab", pod + "spec:\n\ta: b\n", "!t:4:1: tab used for indentation, want spaces"},
		{"tab after spaces", pod + "spec:\n  a: b\n  \tc: d\n", "!t:5:3: tab used for indentation, want spaces"},
		{"template line", pod + "{{- if .Values.a }}\na: b\n{{- end }}\n", "!t:3:1: unrendered template: found \"{{\", want YAML; render it first, with \"helm template\" if it is a chart"},
		{"template value", pod + "a: {{ .Values.a }}\n", "!t:3:4: unrendered template: found \"{{\", want YAML; render it first, with \"helm template\" if it is a chart"},
		{"template value with a reason of its own", pod + "a: {{ .Values.a | b: }}\n", "!t:3:4: unrendered template: found \"{{\", want YAML; render it first, with \"helm template\" if it is a chart"},
		{"first braces", pod + "a: b-{{ .x }}\n{{ .y }}\n", "!t:3:6: unrendered template: found \"{{\", want YAML; render it first, with \"helm template\" if it is a chart"},
		{"braces in quotes", pod + "a: '{{ b }}'\nc: d: e\n", `!t:4:5: found a ":" where no key can be, want the value in quotes or on a line of its own`},
		{"braces in a comment", pod + "# {{ b }}\nc: d: e\n", `!t:4:5: found a ":" where no key can be, want the value in quotes or on a line of its own`},
		{"other template", "{% if a %}\n" + pod, "!t:1:1: unrendered template: found \"{%\", want YAML; render it first"},
		{"indentation", pod + "a:\n    b: c\n  d: e\n", "!t:5:3: found text that is not indented like the keys around it, want a key"},
		{"no colon", pod + "a\nb: c\n", `!t:3:1: found a line without ":", want "key: value"`},
		{"quote", pod + "a: 'b\n", "!t:3:1: found a quoted string that does not end, want a closing quote"},
		{"bracket", pod + "a: [b\nc: d\n", `!t:3:1: found no "," or "]" in a list that was opened with "["`},
		{"reserved character", pod + "a: @b\n", "!t:3:4: found a character that no value can start with, want the value in quotes"},
		{"escape", pod + "a: \"\\d\"\n", `!t:3:5: found an escape in double quotes that YAML does not have, want \\ for a backslash, or single quotes`},
		{"alias", pod + "a: *b\n", `!t:3:4: alias *b has no anchor, want &b before it, or the value in quotes`},
		{"cycle", pod + "a: &b [*b]\n", "!t:3:8: alias *b stands inside its own anchor, want a value that does not contain itself"},
		{"not a number", pod + "a: .nan\n", "!t:3:4: found .nan; JSON has no such number, want a finite one"},
		{"tag", pod + "a: !!int b\n", `!t:3:4: found "b" with the tag !!int, want a value of that type`},
		{"list as a key", pod + "? [a]\n: b\n", "!t:3:3: found a list as a key, want a string"},
		{"mapping as a key", pod + "? {a: b}\n: b\n", "!t:3:3: found a mapping as a key, want a string"},
		{"null as a key", pod + "~: b\n", "!t:3:1: found null as a key, want a string"},
		{"merge of a string", pod + "<<: b\n", `!t:3:5: found a string as the value of "<<", want a mapping or a list of mappings`},
		{"NUL", pod + "a: é\x00\n", "!t:3:5: found a NUL byte, want text in UTF-8 or, with a byte order mark, UTF-16"},
		{"Latin-1", pod + "a: é\xe9\n", "!t:3:5: found the byte 0xe9, which is neither UTF-8 nor, with a byte order mark, UTF-16"},
		{"control character", pod + "a: \x1b\n", "!t:3:4: found the control character U+001B, which YAML does not allow; want it escaped in double quotes"},
		{"lone CR", "apiVersion: v1\rkind: Pod\r---\rapiVersion: v1\rkind: Pod\r", `!t:1:26: found a second document, want a line "---" before it that begins after LF or CRLF`},
		{"deep flow style", "apiVersion: v1\nkind: Pod\na: " + deep, "!t:3:1: found no value, want one"},
		{"deep and closed", "apiVersion: v1\nkind: Pod\na: " + deep + strings.Repeat("]", maxDepth+1), "!t:3:1003: nested deeper than 1000 levels"},
		{"very deep", "apiVersion: v1\nkind: Pod\na: " + strings.Repeat("[", 100_000), "!t:3:1: nested deeper than 1000 levels"},
		{"deep JSON", `{"apiVersion": "v1", "kind": "Pod", "a": ` + deep + strings.Repeat("]", maxDepth+1) + "}", "!t:1:1041: nested deeper than 1000 levels"},
		{"very deep JSON", `{"apiVersion": "v1", "kind": "Pod", "a": ` + strings.Repeat("[", 100_000), "!t:1:1041: nested deeper than 1000 levels"},
		{"deep blocks", "apiVersion: v1\nkind: Pod\na:\n  " + strings.Repeat("- ", maxDepth+1) + "b", "!t:4:2001: nested deeper than 1000 levels"},
		{"JSON that ends", `{"apiVersion": "v1", "kind": "Pod", "a": [1,`, "!t:1:45: found the end of the document, want a JSON value"},
		{"JSON with the keys after the fault", `{"a": x y: , "apiVersion": "v1", "kind": "Pod"}`, "!t:1:7: found 'x', want a JSON value"},
		{"flow style and more", "{apiVersion: v1, kind: Pod},", `!t:1:1: found text after the end of the document, want "---" before it`},
		{"flow style and JSON", `{apiVersion: v1, kind: Pod}{"a": 1}`, `!t:1:1: found text after the end of the document, want "---" before it`},
		{"keys with an anchor and a tag", "&a apiVersion: v1\n!b kind: Pod\nc: @", "!t:3:4: found a character that no value can start with, want the value in quotes"},
		{"JSON that misses a comma", "{\"apiVersion\": \"v1\",\n\"kind\": \"Pod\"\n\"a\": 1}", `!t:3:1: found '"', want "," or "}"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := outline(readAll("t", []byte(tc.text)))
			if want := []string{tc.want}; !reflect.DeepEqual(got, want) {
				t.Errorf("Next() gives\n%s\nwant\n%s\nfor\n%.300s", strings.Join(got, "\n"), tc.want, tc.text)
			}
		})
	}
}

func TestAliasesAreSharedAndBounded(t *testing.T) {
	bomb := func(levels int) string {
		var b strings.Builder
		b.WriteString("apiVersion: v1\nkind: Pod\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
		for i := 1; i <= levels; i++ {
			fmt.Fprintf(&b, "a%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d,", i-1), 9), i-1)
		}
		return b.String()
	}
	o := mustRead(t, bomb(4))
	l := o.Value["a1"].([]any)
	if first, second := reflect.ValueOf(l[0]).Pointer(), reflect.ValueOf(l[1]).Pointer(); first != second {
		t.Errorf("two aliases of one anchor are at %#x and %#x, want them to share a list", first, second)
	}
	got := outline(readAll("t", []byte(bomb(9))))
	want := []string{"!t:8:38: aliases expand to more than 1000000 values, want fewer or smaller anchors"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Next() for a bomb of 9 levels gives %q, want %q", got, want)
	}
	merges := "apiVersion: v1\nkind: Pod\na0: &a0 {x: y}\n"
	for i := 1; i <= 60; i++ {
		merges += fmt.Sprintf("a%d: &a%d {<<: [*a%d, *a%d]}\n", i, i, i-1, i-1)
	}
	if got := outline(readAll("t", []byte(merges))); len(got) != 1 || !strings.Contains(got[0], "aliases expand to more than") {
		t.Errorf("Next() for 60 levels of double merges gives %q, want the bound on aliases", got)
	}
	long := "apiVersion: v1\nkind: Pod\na0: &a0 [x]\n"
	for i := 1; i <= maxDepth; i++ {
		long += fmt.Sprintf("a%d: &a%d [*a%d]\n", i, i, i-1)
	}
	if got := outline(readAll("t", []byte(long))); len(got) != 1 || !strings.Contains(got[0], "nested deeper than 1000 levels, with the alias") {
		t.Errorf("Next() for a chain of %d aliases gives %q, want the bound on nesting", maxDepth, got)
	}
}

// A nested merge that lacks a key must not be searched once per path to it.
func TestPlaceInNestedMergesIsFast(t *testing.T) {
	text := "apiVersion: v1\nkind: Pod\na0: &a0 {}\n"
	for i := 1; i <= 200; i++ {
		text += fmt.Sprintf("a%d: &a%d {<<: &b%d {<<: *a%d}}\n", i, i, i, i-1)
	}
	for i := 1; i <= 17; i++ {
		text += fmt.Sprintf("c%d: &c%d {<<: [*c%d, *c%d]}\n", i, i, i-1, i-1)
	}
	text = strings.Replace(text, "c1: &c1 {<<: [*c0, *c0]}", "c1: &c1 {<<: [*a0, *a0]}", 1)
	o := mustRead(t, text)
	if got, want := in(o.Place(path{"c17", "x"})), "220:1-220:4"; got != want {
		t.Errorf("Place(c17, x) = %s, want %s", got, want)
	}
}

func TestUTF16(t *testing.T) {
	text := "apiVersion: v1\nkind: Pod\nname: \"ü😀\" # c\n---\napiVersion: v1\nkind: \"😀\"\n"
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		encoded := order.AppendUint16(nil, 0xfeff)
		for _, u := range utf16.Encode([]rune(text)) {
			encoded = order.AppendUint16(encoded, u)
		}
		want := []string{"1 t:1:1 Pod", "2 t:5:1 😀"}
		if got := outline(readAll("t", encoded)); !reflect.DeepEqual(got, want) {
			t.Errorf("Next() for UTF-16 in %v gives %q, want %q", order, got, want)
		}
		in := NewReader("t", iotest.OneByteReader(strings.NewReader(string(encoded))), Options{})
		if o, err := in.Next(); err != nil || o.Value["name"] != "ü😀" {
			t.Errorf("Next() for UTF-16 in %v, byte by byte, gives %v, %v; want the name ü😀", order, o, err)
		}
		half := order.AppendUint16(encoded[:len(encoded)-2:len(encoded)-2], 0xd83d)
		half = append(order.AppendUint16(half, 'x'), 0)
		got := outline(readAll("t", half))
		want = []string{"1 t:1:1 Pod", "!t:6:10: found the byte 0xff or half a surrogate pair, want text in UTF-8 or, with a byte order mark, UTF-16"}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("Next() for half a surrogate pair in %v gives %q, want %q", order, got, want)
		}
	}
}

func TestErrorOfTheReaderIsFinal(t *testing.T) {
	broken := errors.New("disk on fire")
	in := NewReader("t", io.MultiReader(strings.NewReader("apiVersion: v1\nkind: A\n---\napiVersion: v1\nkind: B\n"), iotest.ErrReader(broken)), Options{})
	if o, err := in.Next(); err != nil || o.Kind() != "A" {
		t.Errorf("first Next() = %v, %v; want A", o, err)
	}
	for range 2 {
		if o, err := in.Next(); o != nil || !errors.Is(err, broken) {
			t.Errorf("Next() = %v, %v; want the error %q", o, err, broken)
		}
	}
}

func TestReadLeavesOutWhatIsNoManifest(t *testing.T) {
	objects, err := Read("t", strings.NewReader("a: b\n---\napiVersion: v1\nkind: A\n---\n- c\n---\napiVersion: v1\nkind: B\n---\n'\n"))
	var kinds []string
	for _, o := range objects {
		kinds = append(kinds, o.Kind())
	}
	var syntax *SyntaxError
	if want := []string{"A", "B"}; !reflect.DeepEqual(kinds, want) || !errors.As(err, &syntax) || syntax.Position.Line != 11 {
		t.Errorf("Read() = %q, %v; want %q and a syntax error at line 11", kinds, err, want)
	}
}

// TestOnly reads some documents and passes over the others, whatever is wrong with them.
func TestOnly(t *testing.T) {
	const text = "kind: A\napiVersion: v1\n---\nkind: B\n\tbad\n---\nkind: A\n---\n{\"kind\": \"A\", \"apiVersion\": \"v1\"}\n{\"kind\": \"B\", \"apiVersion\": \"v1\"}\n"
	r := NewReader("a.yaml", strings.NewReader(text), Options{Only: func(text []byte) bool { return bytes.Contains(text, []byte("A")) }})
	var got []any
	for {
		o, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			got = append(got, err)
		} else {
			got = append(got, o)
		}
	}
	want := []string{"1 a.yaml:1:1 A", "a.yaml:7:1: found a mapping without apiVersion, want a mapping with apiVersion and kind", "4 a.yaml:9:1 A"}
	if got := outline(got); !reflect.DeepEqual(got, want) {
		t.Errorf("documents with an A: got %q, want %q", got, want)
	}
}

// What stands behind a break that YAML has and editors have not is no part of a comment.
func TestBreaksEndComments(t *testing.T) {
	const pod = "{apiVersion: v1, kind: Pod}\n"
	for name, text := range map[string]string{
		"CR":                     "# c\r" + pod,
		"NEL":                    "# c\u0085" + pod,
		"LS":                     "# c\u2028" + pod,
		"PS":                     "# c\u2029" + pod,
		"two comments":           "# c\r# d\r" + pod,
		"behind a marker":        "--- # c\r" + pod,
		"CR at the buffer's end": "#" + strings.Repeat("c", bufferSize-2) + "\r" + pod,
		"PS across buffers":      "#" + strings.Repeat("c", bufferSize-2) + "\u2029" + pod,
	} {
		objects, err := Read("t", strings.NewReader(text))
		if err != nil || len(objects) != 1 || objects[0].Kind() != "Pod" {
			t.Errorf("%s: Read(%.40q) = %v, %v, want the Pod", name, text, objects, err)
		}
	}
}
