package report

import (
	"bufio"
	"cmp"
	"io"
	"path"
	"strconv"
)

// GitLab writes a Code Quality report: an array with an issue for each finding and each
// gap, one a line, as they come. GitLab shows one issue for a fingerprint, so that those
// of findings that have theirs in common are numbered.
func GitLab(out io.Writer) Writer {
	return &gitlab{out: bufio.NewWriter(out), seen: map[string]int{}}
}

type gitlab struct {
	Ignore
	out  *bufio.Writer
	seen map[string]int // how often, by fingerprint
	any  bool
}

// gitlabIssue is what GitLab reads of an issue
// (https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format).
type gitlabIssue struct {
	Description string         `json:"description"`
	Check       string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"`
	Severity    string         `json:"severity"` // info, minor, major, critical or blocker
	Location    gitlabLocation `json:"location"`
}

type gitlabLocation struct {
	Path  string      `json:"path"` // from the root of the repository, without ./
	Lines gitlabLines `json:"lines"`
}

type gitlabLines struct {
	Begin int `json:"begin"`
}

var gitlabSeverities = map[string]string{"low": "minor", "medium": "major", "high": "critical", "critical": "blocker"}

func (g *gitlab) Finding(f Finding) error {
	severity := cmp.Or(gitlabSeverities[f.Severity], "major")
	if f.Action == "dryrun" {
		severity = "info"
	}
	at := f.Place.Start
	return g.write(gitlabIssue{f.Action + ": " + f.text(), f.Rule, Fingerprint(f), severity, gitlabAt(at.File, at.Line)})
}

func (g *gitlab) Gap(gap Gap) error {
	object := ""
	if gap.Object != nil {
		object = gap.Object.String()
	}
	severity := "blocker"
	if gap.Allowed {
		severity = "info"
	}
	return g.write(gitlabIssue{gap.text(), "not-judged", hash(gap.Reason, object, gap.text()), severity, gitlabAt(gap.Position.File, gap.Position.Line)})
}

func gitlabAt(file string, line int) gitlabLocation {
	return gitlabLocation{path.Clean(file), gitlabLines{max(line, 1)}}
}

// write writes an issue, with a fingerprint that holds for its file and is its own.
func (g *gitlab) write(issue gitlabIssue) error {
	key := issue.Location.Path + "\x00" + issue.Fingerprint
	issue.Fingerprint = hash(issue.Location.Path, issue.Fingerprint, strconv.Itoa(g.seen[key]))
	g.seen[key]++
	text, err := marshal(issue)
	if err != nil {
		return err
	}
	separator := ",\n"
	if !g.any {
		g.any = true
		separator = "[\n"
	}
	_, err = g.out.WriteString(separator + text)
	return err
}

func (g *gitlab) Close(Summary) error {
	end := "\n]\n"
	if !g.any {
		end = "[]\n"
	}
	if _, err := g.out.WriteString(end); err != nil {
		return err
	}
	return g.out.Flush()
}
