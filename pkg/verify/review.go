package verify

import (
	"context"
	"path"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/review"
)

// review judges the object of a case, and what it is expanded to, and returns the messages
// of all violations, whatever their enforcementAction. The request of an AdmissionReview is
// not expanded, as in gator; a Namespace of the inventory is seen by templates as
// namespaceObject, as in a cluster. An error says why the object could not be judged.
func (r *runner) review(ctx context.Context, b *bench, c testCase) ([]string, error) {
	if c.object.path == "" {
		return nil, faultAt(c.at, "object: got nothing, want the path of a file")
	}
	objects, err := read(b.dir, c.object)
	switch {
	case err != nil:
		return nil, err
	case len(objects) > 1:
		return nil, faultAt(objects[1].Position(), "it is a second object, want one in %s", path.Join(b.dir, c.object.path))
	}
	client, err := r.stocked(ctx, b, c)
	if err != nil {
		return nil, err
	}
	object := objects[0]
	if isReview(object) {
		request, err := requestOf(object)
		if err != nil {
			return nil, err
		}
		namespace, _ := request["namespace"].(string)
		reviewed, err := review.FromRequest(request, client.Namespace(ctx, namespace))
		if err != nil {
			return nil, faultAt(object.Place([]any{"request"}).Start, "%v", err)
		}
		return messages(ctx, client, reviewed, object)
	}
	namespace := client.Namespace(ctx, object.Namespace())
	// An object without a namespace is in none, whatever its kind: gator has every match
	// of namespaces take it, where memgate check asks for one.
	judge := func(value map[string]any, source string) ([]string, error) {
		reviewed, err := review.FromRequest(review.New(value, review.Options{}).Request, namespace)
		if err != nil {
			return nil, faultAt(object.Position(), "%v", err)
		}
		reviewed.Source = source
		return messages(ctx, client, reviewed, object)
	}
	found, err := judge(object.Value, review.Original)
	if err != nil {
		return nil, err
	}
	generated, err := b.expansion.Expand(object.Value)
	if err != nil {
		return nil, faultAt(object.Position(), "%v", err)
	}
	for _, g := range generated {
		implied, err := judge(g.Object, review.Generated)
		if err != nil {
			return nil, err
		}
		for _, message := range implied {
			found = append(found, g.Message(message))
		}
	}
	return found, nil
}

// stocked is the client of a bench or, for a case with an inventory, one of its own that
// holds it.
func (r *runner) stocked(ctx context.Context, b *bench, c testCase) (*engine.Client, error) {
	if len(c.inventory) == 0 {
		return b.client, nil
	}
	client, err := r.client(b.set)
	if err != nil {
		return nil, err
	}
	for _, ref := range c.inventory {
		objects, err := read(b.dir, ref)
		if err != nil {
			return nil, err
		}
		for _, object := range objects {
			items, wrong := review.Items(object)
			for _, fault := range wrong {
				return nil, faultAt(fault.Position, "%s", fault.Text)
			}
			for _, item := range items {
				if err := client.AddData(ctx, item.Value); err != nil {
					return nil, faultAt(item.Position(), "%v", err)
				}
			}
		}
	}
	return client, nil
}

// messages are those of the violations that a client finds. What it could not judge is a
// Fault of the object.
func messages(ctx context.Context, client *engine.Client, r *review.Review, object *manifest.Object) ([]string, error) {
	var found []string
	for _, outcome := range client.Review(ctx, r) {
		if outcome.Err != nil {
			return nil, faultAt(object.Position(), "not judged: %v", outcome.Err)
		}
		for _, violation := range outcome.Violations {
			found = append(found, violation.Message)
		}
	}
	return found, nil
}
