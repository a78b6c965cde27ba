package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	sigsyaml "sigs.k8s.io/yaml"
)

// reference returns what sigs.k8s.io/yaml makes of one document: its JSON, with
// integers as int64 where they fit, else float64.
func reference(text []byte) (any, error) {
	j, err := sigsyaml.YAMLToJSON(text)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(j))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return integers(v), nil
}

func integers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = integers(e)
		}
	case []any:
		for i, e := range v {
			v[i] = integers(e)
		}
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	}
	return v
}

// readAll returns for each document of text an *Object or an error.
func readAll(name string, text []byte) []any {
	var all []any
	for r := NewReader(name, bytes.NewReader(text), Options{}); ; {
		o, err := r.Next()
		switch {
		case err == io.EOF:
			return all
		case err != nil:
			all = append(all, err)
		default:
			all = append(all, o)
		}
	}
}

// one parses text as one document, whether it is a manifest or not.
func one(text string) (any, error) {
	c := chunk{text: []byte(text)}
	c.json, c.fault = parseJSON(c.text)
	d, f := parse(c, DefaultMaxDocument)
	if f != nil {
		return nil, errors.New(f.message)
	}
	if d == nil {
		return nil, nil
	}
	return d.value, nil
}

func TestScalarsAreThoseOfSigsYAML(t *testing.T) {
	for _, text := range []string{
		"yes", "no", "on", "off", "y", "n", "Y", "N", "yEs", "oN", "true", "True", "tRue", "null", "~", "Null", "nULL", "",
		"0", "-0", "+1", "007", "08", "0o17", "0x1F", "0X1f", "0b101", "-0b11", "0b-1", "-0o7", "0_1", "1_000", "_1", "1__0", "0x_1", "1_0.5", "0b", "0x",
		"9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "-9223372036854775808", "-9223372036854775809",
		"1.0", "1.5", "-0.0", "1e3", "1E3", "1e21", "1e20", "4611686018427387904.0", "9007199254740993.0", "9223372036854775808.0", ".5", "5.", ".5e2", "1e400", "1e-400", ".1_0", "+.5", "0.1e-7", "1.e2", "..5",
		".inf", "-.inf", "+.inf", ".nan", ".NaN", "inf", "NaN", "-", "+", ".", "0.", "1:30", "190:20:30",
		"2001-01-01", "2001-1-1 10:00:00", "2001-12-14t21:59:43.10-05:00", "2001-13-01",
		"!!str 12", "!!str yes", "!!int 12", `!!int "12"`, "!!int x", "!!int 1.0", "!!float 1", "!!float 1.5", "!!float 18446744073709551615", "!!bool yes", "!!bool 1", "!!null x", "!!null ~", "!!null ''",
		"!!binary aGVsbG8=", "!!binary gIGC", "!!binary x", "!!timestamp 2001-01-01", "!!timestamp x", "!!timestamp 12", "! 12", `! "12"`, "!<!> 12", "!foo 12", "!<tag:yaml.org,2002:int> 12", "!!set x", "!!merge x",
		"'yes'", `"12"`, `"a\x41\u00e9\U0001F600\/\e\_\N\L\P"`, `"a\` + "\n  b\"", "'it''s'", "<<", "=", "é", "<tag>&amp", "\"\\ud83d\"",
	} {
		for _, doc := range []string{"a: " + text, "- " + text, "? " + text + "\n: v", "{a: " + text + "}"} {
			got, err := one(doc)
			want, wantErr := reference([]byte(doc))
			if (err == nil) != (wantErr == nil) || err == nil && !reflect.DeepEqual(got, want) {
				t.Errorf("parse(%q) = %#v, %v; want %#v, %v", doc, got, err, want, wantErr)
			}
		}
	}
}

func TestCollectionsAreThoseOfSigsYAML(t *testing.T) {
	for _, doc := range []string{
		"a: &x {b: 1}\nc: *x",
		"a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}",
		"a: &x {b: 1, c: 2}\nd: {c: 3, <<: *x}", // what is merged later wins
		"a: &x {b: 1}\ne: &y {b: 2, c: 3}\nd: {<<: [*x, *y], f: 4}",
		"a: &x {b: 1}\nd: {<<: *x, <<: {b: 2}}",
		"a: &x {b: 1}\nd: {'<<': *x}",
		"a: &x {b: 1}\nd: {! <<: *x}",
		"a: &x {b: 1}\nd: {! '<<': *x}",
		"a: &x {b: 1}\nd: {!!merge '<<': *x}",
		"d: {<<: 1}", "d: {<<: ~}", "d: {<<: [1]}", "d: {<<: []}", "d: {<<: [[{a: 1}]]}",
		"a: &x [{b: 1}]\nd: {<<: *x}",
		"a: &x {b: 1}\nd: &y {<<: *x, c: 1}\ne: {<<: *y, b: 3}",
		"1: a\n2.5: b\nyes: c\n1e10: d\n3.0: e\n.inf: f\n-.inf: g\n.nan: h\n0x10: i\n2001-01-01: j\n'': k",
		"? a\n: b", "~: x", ": x", "? [a]\n: b", "? {a: b}\n: c", "18446744073709551615: x",
		"a: &k b\n*k : c", "a: &k 1e10\n*k : c", "&k a: 1\nb: *k", "&k 1: 1\nb: *k", "&k .inf: 1", "&k .inf: 1\nb: *k", "a: &k [b]\n*k : c",
		"{}", "[]", "a: {}\nb: []", "a:\nb:\n- \n-\n", "[a: b, c]", "{a, b: c}", "{a: , b}",
		"a: *x", "a: &x [*x]", "&x {a: *x}", "a: &a {<<: *a}", "&a a: *a", "&x a: &x b\nc: *x",
		"a: !!map {b: c}", "a: !!seq [b]", "a: !!omap [b: c]", "a: !foo {b: 1}", "a: !!set {b, c}",
		"a: |\n  x\n  y\n", "a: >\n  x\n  y\n\n  z\n", "a: |2-\n    x\n", "a: >+\n  x\n\n", "|\n a", "a: |\n\n  \n  x\n",
		"a: 'x\n\n  y'", "a: x\n  y\n\n  z", "\"a\": 'b'",
		"%YAML 1.1\n---\na: b", "%TAG !e! tag:yaml.org,2002:\n---\na: !e!int \"3\"", "--- a: b", "--- {a: b}", "--- &x\na: b\n...\n",
		"a: b: c", "a: [", "a: 'b", "\ta: b", "a:\n\tb: c", "@a", "a: b\n c", "a:\n  - b\n c: d",
	} {
		got, err := one(doc)
		want, wantErr := reference([]byte(doc))
		if (err == nil) != (wantErr == nil) || err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("parse(%q) = %#v, %v; want %#v, %v", doc, got, err, want, wantErr)
		}
	}
}

// compare names what sigs.k8s.io/yaml makes of text, against what parse did.
func compare(text []byte, d *document, f *fault) string {
	want, wantErr := reference(text)
	switch {
	case f != nil && wantErr != nil:
		return "both refuse"
	case f != nil && f.first != nil:
		return "duplicate key"
	case f != nil && strings.HasPrefix(f.message, "found text after the end of the document"):
		return "text after the document" // sigs.k8s.io/yaml does not read on
	case f != nil:
		return "only we refuse: " + f.message
	case wantErr != nil:
		return "only sigs.k8s.io/yaml refuses: " + wantErr.Error()
	}
	var got any
	if d != nil {
		got = d.value
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Sprintf("differ: %s, want %s", short(got), short(want))
	}
	return "equal"
}

func short(v any) string {
	s := fmt.Sprintf("%#v", v)
	return s[:min(len(s), 300)]
}

func TestCorpusValuesAreThoseOfSigsYAML(t *testing.T) {
	root := os.Getenv("MEMGATE_CORPUS")
	if root == "" {
		t.Skip("MEMGATE_CORPUS is not set: no corpus of manifests to compare")
	}
	var (
		workers sync.WaitGroup
		mutex   sync.Mutex
		counts  = map[string]int{}
	)
	count := func(what string) int {
		mutex.Lock()
		defer mutex.Unlock()
		counts[what]++
		return counts[what]
	}
	files, seen := make(chan string), 0
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for path := range files {
				count("files")
				compareFile(t, root, path, count)
			}
		})
	}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		switch strings.ToLower(filepath.Ext(path)) {
		case ".yaml", ".yml", ".json":
			if seen++; seen%8 == 0 || os.Getenv("MEMGATE_CORPUS_ALL") != "" || !strings.HasPrefix(path, filepath.Join(root, "bulk")) {
				files <- path
			}
		}
		return nil
	})
	close(files)
	workers.Wait()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("corpus: %v", counts)
	if counts["equal"] == 0 {
		t.Errorf("no document of %d is equal", counts["documents"])
	}
	if fast, all := counts["read fast"], counts["YAML"]; fast < all*97/100 {
		t.Errorf("parseFast takes %d of %d documents, want 97 %%", fast, all)
	}
}

// compareFile compares each document of a file and counts the outcomes.
func compareFile(t *testing.T, root, path string, count func(string) int) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
		return
	}
	name, _ := filepath.Rel(root, path)
	s := newSplitter(bytes.NewReader(text), DefaultMaxDocument)
	for {
		c, err := s.next()
		if err == io.EOF {
			return
		}
		count("documents")
		d, f := parse(c, DefaultMaxDocument)
		switch got := compare(c.text, d, f); got {
		case "equal", "both refuse", "duplicate key", "text after the document":
			count(got)
		default:
			t.Errorf("%s: document %d at line %d: %s", name, c.index, c.line, got)
		}
		if c.json == nil && d != nil {
			count("YAML")
			if reason := checkFast(t, c.text); reason != "" {
				count("not read fast: " + reason)
			} else {
				count("read fast")
			}
		}
		switch o, err := object(name, c, d, f); err := err.(type) {
		case nil:
			// The places of all objects would take longer than the rest.
			if count("objects")%40 == 0 {
				decoded, err := io.ReadAll(decode(bytes.NewReader(text), bufferSize))
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				checkPlaces(t, lines(decoded), o)
			}
		case *SyntaxError:
			count("syntax errors")
		case *NotManifestError:
			count("no manifests")
		default:
			t.Errorf("%s: document %d at line %d: %v, want an object, a syntax error or no manifest", name, c.index, c.line, err)
		}
	}
}
