package conformance

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A finding is what is reported, or wanted, at a line of a manifest.
type finding struct {
	line        int
	level, rule string
	text        string // the message, or a part of it
}

func (f finding) String() string {
	return fmt.Sprintf("%d: %s %s: %s", f.line, f.level, f.rule, f.text)
}

var wantComment = regexp.MustCompile(`# want (\w+) ([\w-]+)(?::|\s|$)`)

// wants are the comments of a manifest that say what is reported of it. A line of which
// something is reported ends with "# want LEVEL RULE: part of the message", or, without
// that part, "# want LEVEL RULE"; several findings of one line have several comments.
func wants(text string) []finding {
	var found []finding
	for i, line := range strings.Split(text, "\n") {
		comments := wantComment.FindAllStringSubmatchIndex(line, -1)
		for j, at := range comments {
			end := len(line)
			if j+1 < len(comments) {
				end = comments[j+1][0]
			}
			found = append(found, finding{i + 1, line[at[2]:at[3]], line[at[4]:at[5]], strings.TrimSpace(line[at[1]:end])})
		}
	}
	return found
}

// differences are the findings that are not wanted, and those wanted that are not found.
func differences(found, wanted []finding) []string {
	var texts []string
	rest := slices.Clone(found)
	// A text that is part of several messages must not take the one that only a
	// shorter text fits: the longest choose first.
	wanted = slices.Clone(wanted)
	slices.SortStableFunc(wanted, func(a, b finding) int { return len(b.text) - len(a.text) })
	for _, want := range wanted {
		i := slices.IndexFunc(rest, func(f finding) bool {
			return f.line == want.line && f.level == want.level && f.rule == want.rule && strings.Contains(f.text, want.text)
		})
		if i < 0 {
			texts = append(texts, "no finding, want "+want.String())
			continue
		}
		rest = slices.Delete(rest, i, i+1)
	}
	for _, f := range rest {
		texts = append(texts, "got "+f.String())
	}
	return texts
}

// TestWants checks the comparison itself.
func TestWants(t *testing.T) {
	const text = "a: 1 # want deny r-1: too large\nb: 2 # want warn r-2 # want deny r-1: odd\nc: 3 # wants nothing\n"
	wanted := wants(text)
	if got, want := fmt.Sprint(wanted), "[1: deny r-1: too large 2: warn r-2:  2: deny r-1: odd]"; got != want {
		t.Fatalf("wants(%q) = %s, want %s", text, got, want)
	}
	all := []finding{{2, "deny", "r-1", "b is odd"}, {1, "deny", "r-1", "a is too large"}, {2, "warn", "r-2", "b"}}
	for _, tc := range []struct {
		found []finding
		want  []string
	}{
		{all, nil},
		{all[:2], []string{"no finding, want 2: warn r-2: "}},
		{append(slices.Clone(all), all[0]), []string{"got 2: deny r-1: b is odd"}},
		{append(slices.Clone(all[:2]), finding{3, "warn", "r-2", "b"}), []string{"no finding, want 2: warn r-2: ", "got 3: warn r-2: b"}},
		{append(slices.Clone(all[:2]), finding{2, "deny", "r-2", "b"}), []string{"no finding, want 2: warn r-2: ", "got 2: deny r-2: b"}},
	} {
		if got := differences(tc.found, wanted); !slices.Equal(got, tc.want) {
			t.Errorf("differences(%v, %v) = %q, want %q", tc.found, wanted, got, tc.want)
		}
	}
}
