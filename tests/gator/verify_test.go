package gator

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// Lines of "gator verify" that say what became of something. The others tell why it
// failed, in words of each tool's own.
var (
	verdictLine = regexp.MustCompile(`^( *(=== (RUN|SKIP) |--- (PASS|FAIL): )|(ok|FAIL)\t|(PASS|FAIL)$)`)
	duration    = regexp.MustCompile(`\t\(?[0-9.]+s\)?$`)
)

// verdicts are the lines of a tool about suites, without durations, and its exit status.
func verdicts(t *testing.T, tool string, args ...string) ([]string, int) {
	t.Helper()
	cmd := exec.Command(tool, append([]string{"verify"}, args...)...)
	out, err := run(cmd)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSuffix(line, "\n"); verdictLine.MatchString(line) {
			lines = append(lines, duration.ReplaceAllString(line, ""))
		}
	}
	return lines, cmd.ProcessState.ExitCode()
}

// TestVerify wants of both tools the same verdicts of the same suites, line by line: those
// of pkg/verify, which hold every kind of fault, and those of third parties.
func TestVerify(t *testing.T) {
	gator, err := gatorTool()
	if err != nil {
		t.Fatal(err)
	}
	memgate := memgateTool(t)
	own := root + "/pkg/verify/testdata/suites/..."
	runs := [][]string{{own}, {"-v", own}, {"-v", "--run", "pods//known", own}, {"-v", "--run", "^(nobody|scope)$", own}, {"-v", "--run", "no such test", own}}
	if dir := os.Getenv("MEMGATE_SUITES"); dir != "" {
		runs = append(runs, []string{"-v", dir + "/..."})
	} else {
		t.Log("MEMGATE_SUITES is not set: third-party suites are not compared")
	}
	for _, args := range runs {
		want, wantExit := verdicts(t, gator, args...)
		got, gotExit := verdicts(t, memgate, args...)
		if last := len(want) - 1; gotExit == 3 && wantExit == 0 && want[last] == "PASS" {
			want, wantExit = want[:last], 3 // no test ran, which gator takes for a pass
		}
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || got[i] != want[i] {
				t.Errorf("verify %s: from line %d memgate and gator differ:\n%s\nwant\n%s",
					strings.Join(args, " "), i+1, from(got, i), from(want, i))
				break
			}
		}
		if len(want) < 2 {
			t.Errorf("verify %s: gator says %q: nothing is compared", strings.Join(args, " "), want)
		}
		if gotExit != wantExit {
			t.Errorf("verify %s: exit status %d, want %d", strings.Join(args, " "), gotExit, wantExit)
		}
	}
}

// from are a few lines from an index on.
func from(lines []string, i int) string {
	return strings.Join(lines[min(i, len(lines)):min(i+3, len(lines))], "\n")
}
