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
	// MaxDocument is the most bytes of one document, as UTF-8, or of one item of a list
	// that is read by its items; see Next. 0 means DefaultMaxDocument.
	MaxDocument int64

	// Only reports whether a document is wanted, by its text; the others are passed
	// over. An item of a list that is read by its items is wanted for its own text or
	// for what stands in the list before the items. nil means all.
	Only func(text []byte) bool
}

// A Reader reads the documents of one file or stream. It holds one document at
// a time, up to MaxDocument bytes and what is made of them, whatever the length of
// the stream. A Reader must not be used by several goroutines at once.
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
//
// A document of more than MaxDocument bytes cannot be read, but for a list: of that
// Next returns the items, each as an object of its own. What is a list is decided by
// the first MaxDocument bytes. In JSON it is an object with an array at "items" that
// has the keys apiVersion and kind somewhere. In YAML it is a block mapping with
// a block sequence at "items", and apiVersion or kind before it. In both, a kind of its
// own that stands before the items ends in List. An item without a kind gets apiVersion
// and kind of a typed list, such as a PodList, if they stand before the items.
//
// To save memory, Next does the same with a list of more than an eighth of MaxDocument,
// where that eighth shows that an item need not wait for the end of the list to have its
// kind: the first item has one, or the list has its own and apiVersion before the items.
//
// Next returns a *SyntaxError, which looks like a manifest, for an item that is larger
// than MaxDocument, cannot be read (in YAML, because its alias has an anchor in another
// item) or lacks apiVersion or kind, and goes on with the next item. Text between the
// items in JSON that is neither a comma nor white space ends the list with one. Where the
// list turns out to be wrong only behind its items (it ends too early, has a key twice,
// no apiVersion, or a kind that is no list's), the error follows the items.
func (r *Reader) Next() (*Object, error) {
	for r.err == nil {
		c, err := r.split.next()
		if err != nil {
			r.err = err
			r.split.release()
			break
		}
		if r.only != nil && !r.only(c.text) && (c.of == nil || !r.only(c.of.head)) {
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
	src := &source{file: name, text: c.text, line: c.line, column: c.column, above: c.above}
	if src.above != nil {
		src.above.file = name
	}
	if f != nil {
		return nil, src.error(f, c)
	}
	if d == nil {
		return nil, nil
	}
	o := &Object{src: src, tree: &d.tree, document: c.index}
	value, found := d.value, ""
	if l, _ := value.([]any); c.of != nil && c.of.yaml && len(l) == 1 { // the item with its "- "
		o.prefix, value = []any{0}, l[0]
	}
	if o.Value, _ = value.(map[string]any); o.Value == nil {
		found = article(value)
	} else {
		if c.of != nil {
			o = c.of.name(o)
		}
		_, version := o.Value["apiVersion"]
		_, kind := o.Value["kind"]
		switch {
		case !version && !kind:
			found = "a mapping without apiVersion and kind"
		case !version:
			found = "a mapping without apiVersion"
		case !kind:
			found = "a mapping without kind"
		}
	}
	if found == "" {
		return o, nil
	}
	if c.of != nil {
		return nil, &SyntaxError{Position: o.Position(), Message: "found " + found + " as an item of a list, want apiVersion and kind in it or, of a typed list, before its items", LooksLikeManifest: true}
	}
	return nil, &NotManifestError{Position: o.Position(), Found: found}
}

// parse reads a chunk as JSON or YAML, whichever it is.
func parse(c chunk, maxBytes int) (*document, *fault) {
	if c.cut {
		what := "document"
		if c.of != nil {
			what = "item of a list"
		}
		return nil, &fault{message: fmt.Sprintf("%s is larger than %d bytes; raise the limit with --max-document", what, maxBytes)}
	}
	if f := checkUTF8(c.text); f != nil {
		return nil, f
	}
	if c.trailing {
		at := blanks(c.text)
		return nil, &fault{offset: at, message: `found text after a JSON value, want another one or "---"`}
	}
	if c.json != nil || c.of != nil && c.fault != nil {
		return c.json, c.fault
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
	e := &SyntaxError{Position: s.position(f.offset), Message: f.message, LooksLikeManifest: f.manifest || c.of != nil}
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
