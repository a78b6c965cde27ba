package report_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/report"
)

// TestGitHubLimits wants no more annotations than GitHub shows, the gravest first, and a
// line that counts the rest; and a summary that GitHub takes, with a row for what fits.
func TestGitHubLimits(t *testing.T) {
	var out, summary strings.Builder
	w := report.GitHub(&out, &summary)
	const each = 1500
	for i := range each {
		for _, action := range []string{"dryrun", "warn", "deny"} {
			f := finding(i+1, action, "r", strings.Repeat("x", 300))
			f.Severity = []string{"hihg", "critical", "", "medium"}[i%4]
			if err := w.Finding(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(report.Summary{Violations: map[string]int{"deny": each}}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	byLevel := map[string]int{}
	for i, line := range lines {
		level, _, _ := strings.Cut(strings.TrimPrefix(line, "::"), " ")
		byLevel[level]++
		// The critical ones are those of lines 2, 6, 10 and so on.
		if want := fmt.Sprintf(",line=%d,", i%10*4+2); i < len(lines)-1 && !strings.Contains(line, want) {
			t.Errorf("line %d is %q, want %q", i+1, line, want)
		}
	}
	if byLevel["error"] != 10 || byLevel["warning"] != 10 || byLevel["notice"] != 10 {
		t.Errorf("annotations by level: %v, want 10 of each", byLevel)
	}
	if last, want := lines[len(lines)-1], "::notice title=memgate::4471 more are not annotated, GitHub shows 10 of a level; "; !strings.HasPrefix(last, want) {
		t.Errorf("last line %q, want %q", last, want)
	}
	rows := strings.Count(summary.String(), "xxx |")
	if want := fmt.Sprintf("\n%d more are left out", 3*each-rows); summary.Len() > 1<<20 || rows == 0 || !strings.Contains(summary.String(), want) {
		t.Errorf("summary has %d bytes and %d rows, want at most 1 MiB, and %q", summary.Len(), rows, want)
	}
}

// TestGitHubInjection wants a message to be no command of its own.
func TestGitHubInjection(t *testing.T) {
	var out strings.Builder
	w := report.GitHub(&out, nil)
	f := finding(1, "deny", "r,title=x::y", "a\r\n::stop-commands::b%0A")
	f.Place.Start.File = "a\n::error::.yaml"
	if err := w.Finding(f); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(report.Summary{}); err != nil {
		t.Fatal(err)
	}
	const want = "::error file=a%0A%3A%3Aerror%3A%3A.yaml,line=1,col=3,endLine=1,endColumn=9,title=r%2Ctitle=x%3A%3Ay::a%0D%0A::stop-commands::b%250A\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// TestGitLab reads a Code Quality report back: the required fields and no other, and a
// fingerprint of its own for each issue.
func TestGitLab(t *testing.T) {
	text := written(t, func(out *strings.Builder) report.Writer { return report.GitLab(out) })
	var issues []struct {
		Description string
		CheckName   string `json:"check_name"`
		Fingerprint string
		Severity    string
		Location    struct {
			Path  string
			Lines struct{ Begin int }
		}
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&issues); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, issue := range issues {
		if issue.Description == "" || issue.CheckName == "" || issue.Location.Path == "" || issue.Location.Lines.Begin < 1 ||
			strings.HasPrefix(issue.Location.Path, "./") || !slices.Contains([]string{"info", "minor", "major", "critical", "blocker"}, issue.Severity) {
			t.Errorf("issue %+v is not as GitLab wants it", issue)
		}
		if seen[issue.Fingerprint] {
			t.Errorf("fingerprint %s of %q stands for two issues, of which GitLab shows one", issue.Fingerprint, issue.Description)
		}
		seen[issue.Fingerprint] = true
	}
	if len(issues) != 11 {
		t.Errorf("%d issues, want 7 findings and 4 gaps", len(issues))
	}
}
