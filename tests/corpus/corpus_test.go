// Package corpus runs memgate over real manifests, found by MEMGATE_CORPUS.
package corpus

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/memgate/memgate/pkg/check"
	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/source"
)

// TestCorpus wants two runs over thousands of manifests, good and bad, to end without a
// panic and with the same output to the byte, every pair of object and constraint to be
// accounted for, and no rule to fail.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("MEMGATE_CORPUS")
	if dir == "" {
		t.Skip("MEMGATE_CORPUS is not set: no corpus to run over")
	}
	t.Chdir(dir)
	first, summary := run(t, ".")
	second, _ := run(t, ".")
	if !bytes.Equal(first, second) {
		t.Errorf("two runs differ: got %d and %d bytes", len(first), len(second))
	}
	t.Logf("%d files: %s", summary.Files, summary)

	pairs := summary.Judged + summary.NotMatched + summary.NotEnforced
	for reason, n := range summary.NotJudged {
		if reason != report.ReasonUnreadable {
			pairs += n
		}
	}
	if want := summary.Objects * summary.Constraints; pairs != want {
		t.Errorf("%d pairs of object and constraint are accounted for, want %d: %+v", pairs, want, summary)
	}
	if n := summary.NotJudged[engine.ReasonEvaluation]; n != 0 {
		t.Errorf("%d evaluation errors, want none", n)
	}
	if summary.Objects < 10_000 {
		t.Errorf("%d objects, want the whole corpus", summary.Objects)
	}
}

// run judges all manifests below a directory by the strict bundle, which has every rule.
func run(t *testing.T, dir string) ([]byte, report.Summary) {
	t.Helper()
	set, err := policy.Bundle("strict")
	if err != nil {
		t.Fatal(err)
	}
	client, err := engine.NewClient(set, engine.Options{Point: policy.OfflinePoint})
	if err != nil {
		t.Fatal(err)
	}
	files, faults, err := source.Find([]string{dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	summary, err := check.Run(context.Background(), files, faults, check.Options{Client: client}, report.Text(&out, &out, report.TextOptions{Verbose: true}))
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), summary
}
