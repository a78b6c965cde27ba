package check

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/review"
	"github.com/memgate/memgate/pkg/source"
)

// Known are objects that are reference data before a run: those of the run do not take
// their places.
type Known map[report.Object]bool

// Collect puts the objects of files into the reference data of the client, as far as
// its policies read them. Of an object in a namespace that the files have in more than one
// form, such as one for each of several clusters, none is kept: which one counts is not
// known. Of others, such as the versions of a template, it is the last. The error
// joins one for each document that cannot be read and each object that does not fit; the
// others are kept.
func Collect(ctx context.Context, files []source.File, options Options) error {
	_, err := Know(ctx, files, options)
	return err
}

// Know is Collect, and tells which objects there were.
func Know(ctx context.Context, files []source.File, options Options) (Known, error) {
	inputs, err := build(ctx, files, nil)
	if err != nil {
		return nil, err
	}
	k := newKeeper(options)
	err = k.collect(ctx, inputs, options)
	known := Known{}
	for name := range k.forms {
		known[name] = true
	}
	return known, err
}

func collect(ctx context.Context, inputs []input, options Options) (dropped, error) {
	k := newKeeper(options)
	err := k.collect(ctx, inputs, options)
	return k.dropped, err
}

// A keeper fills the reference data of a client. It is not safe for concurrent use.
type keeper struct {
	client     *engine.Client
	exclusions *policy.Exclusions
	known      Known
	forms      map[report.Object]form // of what was met, not the objects themselves
	dropped    dropped
}

type form struct {
	hash [sha256.Size]byte
	at   manifest.Position
}

func newKeeper(options Options) keeper {
	return keeper{client: options.Client, exclusions: options.Exclusions, known: options.Known, forms: map[report.Object]form{}, dropped: dropped{}}
}

func (k *keeper) collect(ctx context.Context, inputs []input, options Options) error {
	var errs []error
	only := mentions(options.Client.Reads())
	for _, in := range inputs {
		errs = append(errs, read(in, options, only, func(d document) error {
			for _, gap := range d.gaps {
				errs = append(errs, errors.New(gap.Position.String()+": "+gap.Text))
			}
			for _, u := range d.units {
				if err := k.keep(ctx, u); err != nil {
					errs = append(errs, fmt.Errorf("%s: %w", u.object.Position(), err))
				}
			}
			return ctx.Err()
		}))
	}
	return errors.Join(errs...)
}

// keeps reports whether policies read an object, and Gatekeeper would sync it. What a
// request asks about is not there yet.
func (k *keeper) keeps(u unit) bool {
	if u.request != nil || !k.client.Keeps(u.object.Value) || k.known[objectOf(u.object)] {
		return false
	}
	_, excluded := k.exclusions.Excludes(policy.SyncProcess, u.object.Value)
	return !excluded || u.object.Kind() == "Namespace" // which is known without being synced
}

// keep adds an object to the reference data if policies read it, or takes it out if it is
// not the first form of an object in a namespace.
func (k *keeper) keep(ctx context.Context, u unit) error {
	if !k.keeps(u) {
		return nil
	}
	object := u.object
	text, err := json.Marshal(object.Value)
	if err != nil {
		return err
	}
	name, now := objectOf(object), form{sha256.Sum256(text), object.Position()}
	known, found := k.forms[name]
	switch {
	case found && known.hash == now.hash:
		return nil
	case found && !review.IsCluster(object.APIVersion(), object.Kind()):
		k.dropped.add(object, known.at)
		return k.client.RemoveData(ctx, object.Value)
	}
	k.forms[name] = now
	return k.client.AddData(ctx, object.Value)
}
