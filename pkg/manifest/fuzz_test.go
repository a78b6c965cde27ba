package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
)

// seeds are documents with all that YAML and JSON have.
var seeds = []string{
	"apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {b: 'c', \"d\": e}}\nspec:\n  containers:\n  - name: a\n    args: [-x, \"y\", 'z']\n  -\n  - &b\n    c: d\n  - *b\n",
	"apiVersion: v1\nkind: Pod\na: &x {b: 1, c: 2.0}\nd: {<<: *x, c: 3}\ne:\n  <<: [*x, {f: g}]\n  <<: {h: i}\n",
	"apiVersion: v1\nkind: Pod\na: |\n  b\n\n  c\n\nd: >-\n  e\n    f\n\ng: |2-\n    h\n  i\nj: >+\n\n k\n\n",
	"apiVersion: v1\nkind: Pod\na: b\n  c\n  # d\ne: 'f\n  g'\nh: \"i\\\n  j\\u00e9\"\n? k\n: l\n",
	"%YAML 1.1\n%TAG !e! tag:yaml.org,2002:\n---\napiVersion: v1\nkind: Pod\na: !e!int '1'\n...\n# b\n--- {apiVersion: v1, kind: Pod}\n",
	"apiVersion: v1\nkind: Pod\na: [yes, no, 0x1, 0o7, 010, 1_000, 1e3, .inf, ~, 2001-01-01, !!str 1, !!binary YQ==, ! 1, !f g]\n",
	"{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"a\": [1, 2.5, -0, 1e400, true, null, \"\\ud83d\\ude00\\/\"]}\n{\"apiVersion\": \"v1\",\t\"kind\": \"Pod\"} {}[]\n",
	"\xef\xbb\xbfapiVersion: v1\r\nkind: Pod\r\na: é😀\r\n---\r\n- b\r\n",
	"\xff\xfea\x00:\x00 \x00b\x00\n\x00", "\xfe\xff\x00a\x00:\x00 \x00b\xd8\x3d",
	"apiVersion: v1\nkind: Pod\na: {{ .b }}\n", "a: b\u2028c: d\u0085e: f\rg: h\r--- i\n", "&a [*a]", "&a a: *a", "*a : b", "? {a: b}\n: c", "a:\n\tb: c\n", "!!map {a: b}", "- - - a\n    - b\n  -\n",
}

func FuzzReader(f *testing.F) {
	for _, s := range listSeeds {
		f.Add([]byte(s), uint16(60))
	}
	for _, s := range seeds {
		f.Add([]byte(s), uint16(0))
		f.Add([]byte(s), uint16(30))
	}
	f.Fuzz(func(t *testing.T, text []byte, limit uint16) {
		decoded, err := io.ReadAll(decode(bytes.NewReader(text), bufferSize))
		if err != nil {
			t.Fatalf("decode(%q) gives %v", text, err)
		}
		file := lines(decoded)
		inside := func(p Position) bool { _, ok := between(file, p, p); return ok }
		in := NewReader("t", bytes.NewReader(text), Options{MaxDocument: int64(limit)})
		for n := 0; ; n++ {
			o, err := in.Next()
			if err == io.EOF {
				return
			}
			if n > len(text) {
				t.Fatalf("Next() gives more than %d documents for as many bytes", n)
			}
			switch err := err.(type) {
			case nil:
				n := 0
				paths(o.Value, nil, func(path []any, _ any) {
					if n++; n > 1000 {
						return
					}
					p := o.Place(append(path, "missing"))
					if _, ok := between(file, p.Start, p.End); !ok {
						t.Errorf("Place(%#v) = %v to %v, want a part of the file %q", append(path, "missing"), p.Start, p.End, text)
					}
					p = o.Place(path)
					if _, ok := between(file, p.Start, p.End); !ok {
						t.Errorf("Place(%#v) = %v to %v, want a part of the file %q", path, p.Start, p.End, text)
					}
					for _, r := range p.Related {
						if !inside(r.Position) {
							t.Errorf("Place(%#v) has %v as related, want a position in the file %q", path, r, text)
						}
					}
				})
			case *SyntaxError:
				if !inside(err.Position) {
					t.Errorf("Next() gives %v, want a position in the file %q", err, text)
				}
				if strings.Contains(err.Error(), "yaml: ") || err.Message == "" {
					t.Errorf("Next() gives %q, want a text of our own", err)
				}
			case *NotManifestError:
				if !inside(err.Position) {
					t.Errorf("Next() gives %v, want a position in the file %q", err, text)
				}
			default:
				t.Errorf("Next() gives %v, want an object, a syntax error or no manifest", err)
			}
		}
	})
}

// referenceJSON reads one JSON value with encoding/json.
func referenceJSON(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return jsonNumbers(v), nil
}

// jsonNumbers gives numbers the types that sigs.k8s.io/yaml gives them.
func jsonNumbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = jsonNumbers(e)
		}
	case []any:
		for i, e := range v {
			v[i] = jsonNumbers(e)
		}
	case json.Number:
		if n, err := reference([]byte(v)); err == nil {
			return n
		}
	}
	return v
}

// safely is reference, whose parser panics for some texts.
func safely(text []byte) (v any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return reference(text)
}

func FuzzDifferential(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s := newSplitter(bytes.NewReader(text), DefaultMaxDocument)
		for {
			c, err := s.next()
			if err != nil {
				return
			}
			if c.trailing {
				continue
			}
			d, f := parse(c, DefaultMaxDocument)
			if c.json != nil && f == nil {
				want, err := referenceJSON(c.text)
				if err != nil || !reflect.DeepEqual(d.value, want) {
					t.Errorf("Next() gives %#v for the JSON %q, want %#v, %v", d.value, c.text, want, err)
				}
				continue
			}
			want, wantErr := safely(c.text)
			switch {
			case f != nil && wantErr == nil:
				for _, ours := range []string{"duplicate key", "found text after the end", "nested deeper", "aliases expand", "found a second document", "found the byte", "found a NUL", "found the control"} {
					if strings.HasPrefix(f.message, ours) {
						return
					}
				}
				// sigs.k8s.io/yaml does not read what follows the first document, which may
				// end at a break that is none for the splitter; and a document that is no
				// block mapping may end anywhere.
				if _, ok := want.(map[string]any); !ok || bytes.ContainsAny(c.text[:1], "{!&-%# \n\t") || bytes.Contains(c.text, []byte("\n...")) || oddBreaks(c.text) {
					return
				}
				t.Errorf("Next() gives %q for %q, want %#v", f.message, c.text, want)
			case f == nil && wantErr != nil:
				t.Errorf("Next() gives a value for %q, want the error %v", c.text, wantErr)
			case f == nil && d != nil && !reflect.DeepEqual(d.value, want):
				t.Errorf("Next() gives %#v for %q, want %#v", d.value, c.text, want)
			case f == nil && d == nil && want != nil:
				t.Errorf("Next() gives nothing for %q, want %#v", c.text, want)
			}
		}
	})
}

func FuzzPlace(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		decoded, err := io.ReadAll(decode(bytes.NewReader(text), bufferSize))
		if err != nil {
			t.Fatalf("decode(%q) gives %v", text, err)
		}
		for _, o := range readAll("t", text) {
			if o, ok := o.(*Object); ok {
				checkPlaces(t, lines(decoded), o)
			}
		}
		if t.Failed() {
			t.Logf("file %q", text)
		}
	})
}
