package check

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
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
	inputs, err := build(ctx, files, nil)
	if err != nil {
		return err
	}
	return collect(ctx, inputs, options)
}

func collect(ctx context.Context, inputs []input, options Options) error {
	var errs []error
	k := keeper{client: options.Client, exclusions: options.Exclusions}
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

// A keeper fills the reference data of a client. It is not safe for concurrent use.
type keeper struct {
	client     *engine.Client
	exclusions *policy.Exclusions
	forms      map[report.Object][sha256.Size]byte // of what was met, not the objects themselves
}

// keeps reports whether policies read an object, and Gatekeeper would sync it. What a
// request asks about is not there yet.
func (k *keeper) keeps(u unit) bool {
	if u.request != nil || !k.client.Keeps(u.object.Value) {
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
	name, form := objectOf(object), sha256.Sum256(text)
	known, found := k.forms[name]
	switch {
	case found && known == form:
		return nil
	case found && !review.IsCluster(object.APIVersion(), object.Kind()):
		return k.client.RemoveData(ctx, object.Value)
	}
	if k.forms == nil {
		k.forms = map[report.Object][sha256.Size]byte{}
	}
	k.forms[name] = form
	return k.client.AddData(ctx, object.Value)
}
