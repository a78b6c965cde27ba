package gator

import (
	"errors"
	"io"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/review"
	"github.com/memgate/memgate/pkg/source"
)

// read reads the objects of a file, with the items of lists in place of the lists. The
// patch of a kustomization is an object, too, if it looks like one.
func (t *tester) read(file source.File) {
	in, err := file.Open()
	if err != nil {
		t.lost(file, err)
		return
	}
	defer in.Close() //nolint:errcheck // read only
	for reader := manifest.NewReader(file.Name, in, manifest.Options{MaxDocument: t.options.MaxDocument}); ; {
		object, err := reader.Next()
		var (
			none   *manifest.NotManifestError
			syntax *manifest.SyntaxError
		)
		switch {
		case err == nil:
			items, wrong := review.Items(object)
			t.objects = append(t.objects, items...)
			for _, fault := range wrong {
				t.unreadable(fault.Position, fault.Text)
			}
		case errors.Is(err, io.EOF):
			return
		case errors.As(err, &none):
			t.skip(none.Position, none.Found)
		case errors.As(err, &syntax) && !syntax.LooksLikeManifest:
			t.skip(syntax.Position, syntax.Message)
		case errors.As(err, &syntax):
			t.unreadable(syntax.Position, syntax.Message)
		default:
			t.lost(file, err)
			return
		}
	}
}

// lost tells that a file, or the rest of it, cannot be read.
func (t *tester) lost(file source.File, err error) {
	text := err.Error()
	if path, ok := errors.AsType[*source.PathError](err); ok {
		text = path.Reason()
	}
	t.unreadable(manifest.Position{File: file.Name}, text)
}

func (t *tester) unreadable(at manifest.Position, text string) {
	t.gap(report.Gap{Position: at, Reason: report.ReasonUnreadable, Text: text})
}

func (t *tester) skip(at manifest.Position, text string) {
	t.keep(t.options.Report.Skip(report.Skip{Position: at, Text: text}))
}
