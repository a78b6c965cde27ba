// Package corpus runs memgate over real manifests, found by MEMGATE_CORPUS: over all that
// are odd or bad, and over one in eight of the others unless MEMGATE_CORPUS_ALL is set.
package corpus

import (
	"bytes"
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/check"
	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/policy/pack"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/source"
)

// TestAccounts wants a run over thousands of manifests, good and bad, to end without a
// panic, no rule to fail, and every pair of object and constraint to be accounted for.
func TestAccounts(t *testing.T) {
	enter(t)
	var gaps pairGaps
	summary := run(t, &gaps, "bad", "fixtures", "themed", "bulk")
	t.Logf("%d files: %s", summary.Files, summary)
	pairs := summary.Judged + summary.NotMatched + summary.NotEnforced + summary.Excluded + gaps.pairs
	if want := (summary.Objects + summary.PodTemplates) * summary.Constraints; pairs != want {
		t.Errorf("%d pairs of object and constraint are accounted for, want %d: %+v", pairs, want, summary)
	}
	if n := summary.NotJudged[engine.ReasonEvaluation]; n != 0 {
		t.Errorf("%d evaluation errors, want none", n)
	}
	if summary.Objects < 3_000 {
		t.Errorf("%d objects, want thousands", summary.Objects)
	}
}

// A pairGaps counts the pairs that were not judged: gaps of documents and of the run have no
// object.
type pairGaps struct {
	report.Ignore
	pairs int
}

func (*pairGaps) Finding(report.Finding) error { return nil }
func (*pairGaps) Close(report.Summary) error   { return nil }

func (p *pairGaps) Gap(g report.Gap) error {
	if g.Object != nil {
		p.pairs += len(g.Constraints)
	}
	return nil
}

// TestSameTwice wants two runs over what is odd or bad to have the same output, to the
// byte.
func TestSameTwice(t *testing.T) {
	enter(t)
	var first, second bytes.Buffer
	run(t, report.Text(&first, &first, report.TextOptions{Verbose: true}), "themed", "bad")
	summary := run(t, report.Text(&second, &second, report.TextOptions{Verbose: true}), "themed", "bad")
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Errorf("two runs differ: got %d and %d bytes", first.Len(), second.Len())
	}
	t.Logf("%d files: %s", summary.Files, summary)
}

// enter changes to the corpus, or skips the test if there is none.
func enter(t *testing.T) {
	t.Helper()
	dir := os.Getenv("MEMGATE_CORPUS")
	if dir == "" {
		t.Skip("MEMGATE_CORPUS is not set: no corpus to run over")
	}
	t.Chdir(dir)
}

// run judges all manifests below directories by the strict bundle, which has every rule.
func run(t *testing.T, w report.Writer, dirs ...string) report.Summary {
	t.Helper()
	set, err := policy.Bundle("strict")
	if err != nil {
		t.Fatal(err)
	}
	client, err := engine.NewClient(set, engine.Options{Point: policy.OfflinePoint, Plans: pack.Plans})
	if err != nil {
		t.Fatal(err)
	}
	files, faults, err := source.Find(dirs, nil)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	files = slices.DeleteFunc(files, func(file source.File) bool {
		seen++
		usual := strings.HasPrefix(file.Name, "bulk/") || strings.HasPrefix(file.Name, "fixtures/")
		return usual && seen%8 != 0 && os.Getenv("MEMGATE_CORPUS_ALL") == ""
	})
	summary, err := check.Run(context.Background(), files, faults, check.Options{Client: client}, w)
	if err != nil {
		t.Fatal(err)
	}
	return summary
}
