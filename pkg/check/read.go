package check

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/review"
	"github.com/memgate/memgate/pkg/source"
)

// Collect puts the objects of files into the reference data of the client, as far as
// its policies read them. Of an object in a namespace that the files have in more than one
// form, such as one for each of several clusters, none is kept: which one counts is not
// known. Of others, such as the versions of a template, it is the last. The error
// joins one for each document that cannot be read and each object that does not fit; the
// others are kept.
func Collect(ctx context.Context, files []source.File, options Options) error {
	var errs []error
	forms := map[report.Object][sha256.Size]byte{} // of what was met, not the objects themselves
	only := mentions(options.Client.Reads())
	for _, file := range files {
		errs = append(errs, read(file, options, only, func(d document) error {
			for _, gap := range d.gaps {
				errs = append(errs, errors.New(gap.Position.String()+": "+gap.Text))
			}
			for _, object := range d.objects {
				if !options.Client.Keeps(object.Value) {
					continue
				}
				if err := keep(ctx, options.Client, object, forms); err != nil {
					errs = append(errs, fmt.Errorf("%s: %w", object.Position(), err))
				}
			}
			return ctx.Err()
		}))
	}
	return errors.Join(errs...)
}

// keep adds an object to the reference data, or takes it out if it is not the first form of
// an object in a namespace. forms has the form that counts of each object so far.
func keep(ctx context.Context, client *engine.Client, object *manifest.Object, forms map[report.Object][sha256.Size]byte) error {
	text, err := json.Marshal(object.Value)
	if err != nil {
		return err
	}
	name, form := objectOf(object), sha256.Sum256(text)
	known, found := forms[name]
	switch {
	case found && known == form:
		return nil
	case found && !review.IsCluster(object.APIVersion(), object.Kind()):
		return client.RemoveData(ctx, object.Value)
	}
	forms[name] = form
	return client.AddData(ctx, object.Value)
}

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
