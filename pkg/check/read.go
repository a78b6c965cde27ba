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
	objects []*manifest.Object
	gaps    []report.Gap
	skip    *report.Skip
}

// read hands the documents of a file to visit, in order, or only some of them. Its error
// is that of visit.
func read(file source.File, options Options, only func([]byte) bool, visit func(document) error) error {
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
			err = visit(objects(object, options.Namespace))
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

// objects unwraps lists and fills in the namespace.
func objects(object *manifest.Object, namespace string) document {
	var d document
	items, faults := review.Items(object)
	for _, item := range items {
		d.objects = append(d.objects, review.InNamespace(item, namespace))
	}
	for _, fault := range faults {
		d.gaps = append(d.gaps, report.Gap{Position: fault.Position, Reason: report.ReasonUnreadable, Text: fault.Text})
	}
	return d
}
