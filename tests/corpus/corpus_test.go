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
	_, summary := run(t, "bad", "fixtures", "themed", "bulk")
	t.Logf("%d files: %s", summary.Files, summary)
	pairs := summary.Judged + summary.NotMatched + summary.NotEnforced
	for reason, n := range summary.NotJudged {
		if reason != report.ReasonUnreadable {
			pairs += n
		}
	}
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

// TestSameTwice wants two runs over what is odd or bad to have the same output, to the
// byte.
func TestSameTwice(t *testing.T) {
	enter(t)
	first, _ := run(t, "themed", "bad")
	second, summary := run(t, "themed", "bad")
	if !bytes.Equal(first, second) {
		t.Errorf("two runs differ: got %d and %d bytes", len(first), len(second))
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
func run(t *testing.T, dirs ...string) ([]byte, report.Summary) {
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
	var out bytes.Buffer
	summary, err := check.Run(context.Background(), files, faults, check.Options{Client: client}, report.Text(&out, &out, report.TextOptions{Verbose: true}))
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), summary
}
