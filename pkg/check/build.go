package check

import (
	"context"
	"strings"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/source"
)

// An input is a file, or what takes its place.
type input struct {
	source.File
	built  *manifest.Built // the file is the kustomization that builds it
	within bool            // the file is part of what a kustomization builds
	gap    *report.Gap
}

// build builds the kustomizations among files. What they use is judged as built, and only
// so; of one that cannot be built the files are judged as they are written, and that it
// was not is a gap. A patch that no build has read is a manifest like others. The error is
// that of ctx.
func build(ctx context.Context, files []source.File, by func(context.Context, string) (*manifest.Built, error)) ([]input, error) {
	inputs := make([]input, len(files))
	var (
		within = map[string]bool{} // by real path
		read   = map[string]bool{} // the same
		named  = map[string]bool{} // by name
		failed = false
	)
	for i, file := range files {
		inputs[i].File = file
		named[file.Name] = true
		if !file.Kustomization || by == nil {
			continue
		}
		built, err := by(ctx, file.Name)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			failed = true
			inputs[i].gap = &report.Gap{
				Position: manifest.Position{File: file.Name, Line: 1, Column: 1}, Reason: report.ReasonNotBuilt, Text: report.ReasonNotBuilt + ": " + strings.TrimPrefix(err.Error(), file.Name+": "),
			}
		default:
			inputs[i].built = built
			for _, resource := range built.Resources {
				within[resource] = true
			}
			for _, name := range built.Files {
				read[name] = true
			}
		}
	}
	for i, in := range inputs {
		inputs[i].within = within[in.Real]
		if by != nil && !failed && named[in.Patch] && !read[in.Real] {
			inputs[i].Patch = "" // nothing is built with it, so that it is judged as it is written
		}
	}
	return inputs, nil
}

// visit visits what takes the place of the file, and reports whether that is all.
func (in input) visit(options Options, visit func(document) error) (done bool, err error) {
	switch {
	case in.within:
		return true, nil
	case in.gap != nil:
		return false, visit(document{gaps: []report.Gap{*in.gap}})
	case in.built == nil:
		return false, nil
	}
	for _, object := range in.built.Dropped {
		d := document{note: &report.Note{Position: object.Position(), Kind: report.NoteLeftOut, Text: "by " + in.Name + ", which builds nothing of it"}}
		if err := visit(d); err != nil {
			return true, err
		}
	}
	for _, object := range in.built.Objects {
		d := options.open(object)
		for i := range d.units {
			d.units[i].built = in.built
		}
		if err := visit(d); err != nil {
			return true, err
		}
	}
	return true, nil
}

// twice lets inputs be opened more than once. Call remove when done.
func twice(inputs []input) (remove func() error) {
	var files []source.File
	for _, in := range inputs {
		files = append(files, in.File)
	}
	copies, remove := source.Twice(files)
	for i := range inputs {
		inputs[i].File = copies[i]
	}
	return remove
}
