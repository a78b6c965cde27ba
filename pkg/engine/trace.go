package engine

import (
	"context"
	"slices"

	"github.com/memgate/memgate/pkg/engine/cel"
	"github.com/memgate/memgate/pkg/engine/vm"
	"github.com/memgate/memgate/pkg/review"
)

// A Read is a look at a field of the object under review.
type Read = vm.Read

// Trace evaluates an outcome of Review once more and tells for each of its violations, in
// their order, which fields of the object were read on the way to it, the last first. It
// is nil for a violation of which that is not known: those of topdown, and what comes
// after a limit of the review, which a trace has as well.
func (c *Client) Trace(ctx context.Context, r *review.Review, o Outcome) [][]Read {
	reads := make([][]Read, len(o.Violations))
	i := slices.IndexFunc(c.entries, func(e entry) bool { return e.constraint == o.Constraint })
	if i < 0 || len(reads) == 0 {
		return reads
	}
	e, v := c.entries[i], evaluation{client: c, review: r}
	defer v.close()
	if v.open(ctx) != nil {
		return reads
	}
	switch {
	case e.program.cel != nil:
		byMessage := e.program.cel.Trace(ctx, cel.Request{Review: v.request, Constraint: e.object})
		for i, violation := range o.Violations {
			for _, read := range byMessage[violation.Message] {
				reads[i] = append(reads[i], Read(read))
			}
		}
	case e.program.rule != nil:
		trace := vm.Trace{Subject: v.request["object"]}
		for _, violation := range o.Violations {
			trace.Texts = append(trace.Texts, violation.Message)
		}
		reads, _ = e.program.rule.Trace(ctx, v.vmRequest(e), trace) // what ends it has ended the judging, too
	}
	return reads
}
