package check

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/report"
)

// A stream is input that is read once: its objects become reference data for those that
// come after them. A nil stream is input whose reference data was collected before.
type stream struct {
	keeper   keeper
	client   *engine.Client
	flight   sync.WaitGroup // documents that are being judged
	judged   []atomic.Bool  // by constraint: it has judged something
	reported map[engine.Kind]bool
}

func newStream(options Options) *stream {
	return &stream{keeper: newKeeper(options), client: options.Client, judged: make([]atomic.Bool, len(options.Client.Constraints())), reported: map[engine.Kind]bool{}}
}

// enter is called for each document, in order, before it is judged, and leave after that.
// What a document brings that policies read waits until all before it are judged, so that
// the same input gives the same verdicts. What was judged without it, and should not have
// been, is a gap of the document, once for each kind.
func (s *stream) enter(ctx context.Context, d *document) {
	if s == nil {
		return
	}
	for _, u := range d.units {
		if !s.keeper.keeps(u) {
			continue
		}
		object := u.object
		s.flight.Wait()
		if gap, found := s.late(object); found {
			d.gaps = append(d.gaps, gap)
		}
		if err := s.keeper.keep(ctx, u); err != nil {
			d.gaps = append(d.gaps, report.Gap{Position: object.Position(), Reason: engine.ReasonRefdata, Text: err.Error()})
		}
	}
	s.flight.Add(1)
}

func (s *stream) leave(all []judged) {
	if s == nil {
		return
	}
	for _, j := range all {
		for _, entry := range j.entries {
			for i, fate := range entry.Fates {
				if fate.Status == report.Judged && !s.judged[i].Load() {
					s.judged[i].Store(true)
				}
			}
		}
	}
	s.flight.Done()
}

func (s *stream) late(object *manifest.Object) (report.Gap, bool) {
	kind := engine.Kind{APIVersion: object.APIVersion(), Kind: object.Kind()}
	readers := slices.DeleteFunc(s.client.ReadBy(object.Value), func(i int) bool { return !s.judged[i].Load() })
	if len(readers) == 0 || s.reported[kind] {
		return report.Gap{}, false
	}
	s.reported[kind] = true
	gap := report.Gap{
		Position: object.Position(), Reason: engine.ReasonRefdata,
		Text: fmt.Sprintf("%s: objects before this %s were judged without it; put each %[2]s first, or into --context", engine.ReasonRefdata, object.Kind()),
	}
	constraints := s.client.Constraints()
	for _, i := range readers {
		gap.Constraints = append(gap.Constraints, report.Constraint{Kind: constraints[i].Kind(), Name: constraints[i].Name})
	}
	return gap, true
}
