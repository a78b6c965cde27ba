package check

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"slices"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/review"
	"github.com/memgate/memgate/pkg/source"
	"github.com/memgate/memgate/pkg/suppress"
)

// mentions is a test of the text of a document that none of certain kinds fails: their
// names stand in it, as text or in the kind of a list. nil means that any kind will do.
func mentions(kinds []engine.Kind) func([]byte) bool {
	var names [][]byte
	for _, kind := range kinds {
		name := cmp.Or(kind.Kind, kind.APIVersion)
		if name == "" {
			return nil
		}
		names = append(names, []byte(name))
	}
	return func(text []byte) bool {
		return slices.ContainsFunc(names, func(name []byte) bool { return bytes.Contains(text, name) })
	}
}

// A document is what one document of a file holds: objects, or why there are none.
type document struct {
	units []unit
	gaps  []report.Gap
	skip  *report.Skip
	note  *report.Note
}

// A unit is an object to be judged.
type unit struct {
	object  *manifest.Object
	request *review.Requested // of which it is the object; nil for a manifest
	given   string            // the namespace that was filled in, "" if none was
	built   *manifest.Built   // by which it was built; nil for what is judged as it is written
}

// read hands the documents of a file to visit, in order, or only some of them. Its error
// is that of visit.
func read(from input, options Options, only func([]byte) bool, visit func(document) error) error {
	if done, err := from.visit(options, visit); done || err != nil {
		return err
	}
	file := from.File
	unreadable := func(err error) error {
		text := err.Error()
		var path *source.PathError
		if errors.As(err, &path) {
			text = path.Reason()
		}
		return visit(document{gaps: []report.Gap{{Position: manifest.Position{File: file.Name}, Reason: report.ReasonUnreadable, Text: text}}})
	}
	if file.Patch != "" {
		return visit(document{skip: &report.Skip{Position: manifest.Position{File: file.Name}, Text: "a patch of " + file.Patch}})
	}
	in, err := file.Open()
	if err != nil {
		return unreadable(err)
	}
	defer in.Close() //nolint:errcheck // read only
	reader := manifest.NewReader(file.Name, in, manifest.Options{MaxDocument: options.MaxDocument, Only: only})
	for {
		object, err := reader.Next()
		var (
			none   *manifest.NotManifestError
			syntax *manifest.SyntaxError
		)
		switch {
		case err == nil:
			d := options.open(object)
			if options.Rules != nil && only == nil {
				d.gaps = append(d.gaps, suppressionGaps(suppress.Outside(object, d.objects()))...)
			}
			err = visit(d)
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &none):
			err = visit(document{skip: &report.Skip{Position: none.Position, Text: none.Found}})
		case errors.As(err, &syntax) && !syntax.LooksLikeManifest:
			err = visit(document{skip: &report.Skip{Position: syntax.Position, Text: syntax.Message}})
		case errors.As(err, &syntax):
			err = visit(document{gaps: []report.Gap{{Position: syntax.Position, Reason: report.ReasonUnreadable, Text: syntax.Message}}})
		default:
			return unreadable(err)
		}
		if err != nil {
			return err
		}
	}
}

// open unwraps lists and requests, and fills in the namespace.
func (o Options) open(written *manifest.Object) document {
	var d document
	unreadable := func(fault review.Fault) {
		d.gaps = append(d.gaps, report.Gap{Position: fault.Position, Reason: report.ReasonUnreadable, Text: fault.Text})
	}
	items, faults := review.Items(written)
	for _, item := range items {
		if review.IsRequest(item) {
			request, fault := review.Request(item)
			if fault != nil {
				unreadable(*fault)
				continue
			}
			d.units = append(d.units, unit{object: request.Object, request: request})
			continue
		}
		u := unit{object: review.InNamespace(item, o.Namespace)}
		if u.object != item {
			u.given = o.Namespace
		}
		d.units = append(d.units, u)
	}
	for _, fault := range faults {
		unreadable(fault)
	}
	return d
}

func (d document) objects() []*manifest.Object {
	objects := make([]*manifest.Object, len(d.units))
	for i, u := range d.units {
		objects[i] = u.object
	}
	return objects
}
