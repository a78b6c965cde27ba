// Package manifest reads Kubernetes manifests and remembers where every value
// was written. It knows YAML and JSON, not Kubernetes: kinds belong to package
// review. A manifest is a mapping with the keys apiVersion and kind.
//
// Values are those of sigs.k8s.io/yaml, which kubectl and gator read with, but
// for duplicate keys, which are an error here.
package manifest

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// DefaultMaxDocument is the size in bytes up to which a document is read if
// Options do not say otherwise.
const DefaultMaxDocument = 32 << 20

// Options of a Reader. The zero Options are the usual ones.
type Options struct {
	MaxDocument int64 // bytes of one document, as UTF-8; 0 means DefaultMaxDocument

	// Only reports whether a document is wanted, by its text; the others are passed
	// over. nil means all.
	Only func(text []byte) bool
}

// A Reader reads the documents of one file or stream. It holds one document at
// a time, whatever the length of the stream. A Reader must not be used by
// several goroutines at once.
type Reader struct {
	name  string
	split *splitter
	only  func([]byte) bool
	err   error
}

// NewReader returns a Reader of r, whose positions have name as their file.
func NewReader(name string, r io.Reader, opts Options) *Reader {
	if opts.MaxDocument <= 0 {
		opts.MaxDocument = DefaultMaxDocument
	}
	return &Reader{name: name, split: newSplitter(r, opts.MaxDocument), only: opts.Only}
}

// Next returns the next object. Documents without content are passed over.
//
// The error is io.EOF at the end, a *NotManifestError for a document that can
// be read and is no manifest, and a *SyntaxError for one that cannot be read;
// after these two, Next goes on with the following document. Any other error is
// that of the underlying reader, and final.
func (r *Reader) Next() (*Object, error) {
	for r.err == nil {
		c, err := r.split.next()
		if err != nil {
			r.err = err
			r.split.release()
			break
		}
		if r.only != nil && !r.only(c.text) {
			continue
		}
		d, f := parse(c, r.split.max)
		o, err := object(r.name, c, d, f)
		if o != nil || err != nil {
			return o, err
		}
	}
	return nil, r.err
}

// object returns what parse made of a chunk of the file name as the result of
// Next: nothing at all for a document without content.
func object(name string, c chunk, d *document, f *fault) (*Object, error) {
	src := &source{file: name, text: c.text, line: c.line, column: c.column}
	if f != nil {
		return nil, src.error(f, c)
	}
	if d == nil {
		return nil, nil
	}
	m, ok := d.value.(map[string]any)
	found := ""
	if !ok {
		found = article(d.value)
	} else {
		_, version := m["apiVersion"]
		_, kind := m["kind"]
		switch {
		case !version && !kind:
			found = "a mapping without apiVersion and kind"
		case !version:
			found = "a mapping without apiVersion"
		case !kind:
			found = "a mapping without kind"
		}
	}
	if found != "" {
		return nil, &NotManifestError{Position: src.position(int(d.tree.top().start)), Found: found}
	}
	return &Object{Value: m, src: src, tree: &d.tree, document: c.index}, nil
}

// parse reads a chunk as JSON or YAML, whichever it is.
func parse(c chunk, maxBytes int) (*document, *fault) {
	if c.cut {
		return nil, &fault{message: fmt.Sprintf("document is larger than %d bytes; raise the limit with --max-document", maxBytes)}
	}
	if f := checkUTF8(c.text); f != nil {
		return nil, f
	}
	if c.trailing {
		at := blanks(c.text)
		return nil, &fault{offset: at, message: `found text after a JSON value, want another one or "---"`}
	}
	if c.json != nil {
		return c.json, nil
	}
	f := checkControl(c.text)
	if f == nil {
		var d *document
		if d, f = parseYAML(c.text); f == nil {
			return d, nil
		}
	}
	if c.fault != nil && (c.fault.first != nil || c.fault.offset >= f.offset) && !strings.HasPrefix(f.message, unrendered) {
		return nil, c.fault // the JSON parser got further
	}
	return nil, f
}

// error gives a fault its place.
func (s *source) error(f *fault, c chunk) *SyntaxError {
	e := &SyntaxError{Position: s.position(f.offset), Message: f.message, LooksLikeManifest: f.manifest}
	if f.first != nil {
		e.Message += fmt.Sprintf(", first at line %d", s.position(int(f.first.start)).Line)
	}
	if !e.LooksLikeManifest {
		before := f.offset
		if f.first != nil || c.cut || c.trailing {
			before = len(s.text)
		}
		e.LooksLikeManifest = looksLikeManifest(s.text, before)
	}
	return e
}

// article names the type of a value as JSON does.
func article(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	case string:
		return "a string"
	case bool:
		return "a boolean"
	}
	return "a number"
}

// Read returns the objects of r in order. Documents that are no manifests are
// left out. The first *SyntaxError or error of r ends it; the objects before it
// are returned with it.
func Read(name string, r io.Reader) ([]*Object, error) {
	var objects []*Object
	for in := NewReader(name, r, Options{}); ; {
		o, err := in.Next()
		var other *NotManifestError
		switch {
		case err == io.EOF:
			return objects, nil
		case errors.As(err, &other):
		case err != nil:
			return objects, err
		default:
			objects = append(objects, o)
		}
	}
}
