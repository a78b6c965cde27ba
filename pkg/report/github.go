package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/memgate/memgate/pkg/manifest"
)

// GitHub writes the workflow commands of GitHub Actions that annotate a change, whole,
// when it is closed: by level and severity, no more of a level than GitHub shows of one
// step, and a last one that counts the others. A Markdown table of all goes to summary,
// which may be nil: the file at GITHUB_STEP_SUMMARY.
func GitHub(out, summary io.Writer) Writer {
	return &github{out: bufio.NewWriter(out), summary: summary}
}

type github struct {
	Ignore
	out         *bufio.Writer
	summary     io.Writer
	annotations []annotation
}

type annotation struct {
	level      int // index of githubLevels
	rank       int // of the severity, from the lowest
	action     string
	title      string
	start, end manifest.Position
	text       string
}

var githubLevels = []string{"error", "warning", "notice"}

const (
	// GitHub drops what is more than this of one level in one step, without a word
	// (actions/toolkit, docs/problem-matchers.md, "Limitations").
	githubAnnotations = 10
	// A step's summary may have 1 MiB, and is dropped whole if it has more; half of it
	// is left to the rest of the step.
	githubSummary = 512 << 10
)

// severities are those of rules from the lowest. A rule without one, or with a word of
// its own, ranks below them, at -1.
var severities = []string{"low", "medium", "high", "critical"}

func (g *github) Finding(f Finding) error {
	g.annotations = append(g.annotations, annotation{
		level: rank(f.Action), rank: slices.Index(severities, f.Severity), action: f.Action,
		title: f.Rule, start: f.Place.Start, end: f.Place.End, text: f.text(),
	})
	return nil
}

func (g *github) Gap(gap Gap) error {
	level := 0
	if gap.Allowed {
		level = 1
	}
	g.annotations = append(g.annotations, annotation{
		level: level, rank: -2, action: "not judged",
		title: "not judged", start: gap.Position, text: strings.TrimPrefix(gap.text(), "not judged: "),
	})
	return nil
}

func (g *github) Close(s Summary) error {
	slices.SortStableFunc(g.annotations, func(a, b annotation) int {
		return cmp.Or(cmp.Compare(a.level, b.level), cmp.Compare(b.rank, a.rank))
	})
	shown := make([]int, len(githubLevels))
	for _, a := range g.annotations {
		limit := githubAnnotations
		if githubLevels[a.level] == "notice" {
			limit-- // for the last line
		}
		if shown[a.level] < limit {
			shown[a.level]++
			fmt.Fprintln(g.out, a.command())
		}
	}
	rest := len(g.annotations)
	for _, n := range shown {
		rest -= n
	}
	if rest > 0 {
		fmt.Fprintf(g.out, "::notice title=memgate::%d more are not annotated, GitHub shows %d of a level; %s\n", rest, githubAnnotations, githubData.Replace(s.String()))
	}
	if err := g.out.Flush(); err != nil {
		return err
	}
	if g.summary == nil {
		return nil
	}
	_, err := io.WriteString(g.summary, g.table(s))
	return err
}

// What GitHub's runner decodes, in the text and in the properties of a command
// (actions/runner, ActionCommand.cs).
var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func (a annotation) command() string {
	if a.end.Line > a.start.Line { // columns are for annotations of one line
		a.start.Column, a.end.Column = 0, 0
	}
	var b strings.Builder
	fmt.Fprintf(&b, "::%s file=%s", githubLevels[a.level], githubProperty.Replace(path.Clean(a.start.File)))
	for _, property := range []struct {
		name  string
		value int
	}{
		{"line", a.start.Line}, {"col", a.start.Column}, {"endLine", a.end.Line}, {"endColumn", a.end.Column},
	} {
		if property.value > 0 {
			fmt.Fprintf(&b, ",%s=%d", property.name, property.value)
		}
	}
	fmt.Fprintf(&b, ",title=%s::%s", githubProperty.Replace(a.title), githubData.Replace(a.text))
	return b.String()
}

// table is the summary of a step.
func (g *github) table(s Summary) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### memgate\n\n%s\n\n", markdown(s.String()))
	if len(g.annotations) == 0 {
		return b.String()
	}
	b.WriteString("| | Place | Message | Rule |\n|---|---|---|---|\n")
	for i, a := range g.annotations {
		row := fmt.Sprintf("| %s | %s | %s | %s |\n", a.action, markdown(a.start.String()), markdown(a.text), markdown(a.title))
		if b.Len()+len(row) > githubSummary {
			fmt.Fprintf(&b, "\n%d more are left out: a summary may not be larger.\n", len(g.annotations)-i)
			break
		}
		b.WriteString(row)
	}
	return b.String() + "\n"
}

// markdown is a text as it stands in a cell of a table.
func markdown(text string) string { return markdownText.Replace(text) }

var markdownText = strings.NewReplacer(
	"\r", " ", "\n", " ", `\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "~", `\~`,
	"[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "&", `\&`, "|", `\|`, "#", `\#`, "!", `\!`,
)
