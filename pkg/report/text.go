package report

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/memgate/memgate/pkg/manifest"
)

// TextOptions choose what Text writes.
type TextOptions struct {
	Color   bool
	Verbose bool // what is suppressed, assumed or no manifest, and the lines of findings, too
	Flush   bool // each finding at once
}

// Text writes findings to out, a line each:
//
//	file:line:col: action: message [rule]
//
// where a message about a pod template in a custom resource begins with its path, and
// everything else to errs: gaps, notes, and a line of counts at the end.
func Text(out, errs io.Writer, options TextOptions) Writer {
	return &text{out: bufio.NewWriter(out), errs: errs, options: options}
}

type text struct {
	Ignore
	out     *bufio.Writer
	errs    io.Writer
	options TextOptions
}

var colors = map[string]string{"deny": "\x1b[31m", "warn": "\x1b[33m", "dryrun": "\x1b[36m"}

func (t *text) Finding(f Finding) error {
	place, action, rule := oneLine(f.Place.Start.String()), f.Action, f.Rule
	if t.options.Color {
		place = "\x1b[1m" + place + "\x1b[0m"
		action = colors[f.Action] + action + "\x1b[0m"
		rule = "\x1b[2m" + rule + "\x1b[0m"
	}
	_, err := fmt.Fprintf(t.out, "%s: %s: %s [%s]\n", place, action, oneLine(f.text()), rule)
	if err == nil && t.options.Verbose {
		err = t.explain(f)
	}
	if err == nil && t.options.Flush {
		err = t.out.Flush()
	}
	return err
}

// explain writes the lines of a finding, marked, and what belongs to its place.
func (t *text) explain(f Finding) error {
	width := len(strconv.Itoa(f.Frame.First + len(f.Frame.Lines)))
	for i, line := range f.Frame.Lines {
		number := f.Frame.First + i
		fmt.Fprintf(t.out, "  %*d | %s\n", width, number, oneLine(line))
		if number == f.Place.Start.Line && !f.Derived {
			before, marked := f.marks(line)
			fmt.Fprintf(t.out, "  %*s | %s%s\n", width, "", before, strings.Repeat("^", marked))
		}
	}
	if f.Derived {
		fmt.Fprintf(t.out, "  %*s = the rule names no place; this one is derived\n", width, "")
	}
	for _, related := range f.Place.Related {
		fmt.Fprintf(t.out, "  %*s = %s: %s\n", width, "", oneLine(related.Position.String()), oneLine(related.Note))
	}
	return nil // the writer keeps its first error
}

// marks are what stands below the line at which the place of a finding starts: white
// space as wide as what comes before it, and how many columns are marked.
func (f Finding) marks(line string) (before string, marked int) {
	characters := []rune(line)
	start := min(f.Place.Start.Column-1, len(characters))
	end := len(characters)
	if f.Place.End.Line == f.Place.Start.Line {
		end = min(f.Place.End.Column-1, end)
	}
	if start < 0 {
		return "", 0
	}
	blank := characters[:start]
	for i, c := range blank {
		if c != '\t' {
			blank[i] = ' '
		}
	}
	return string(blank), max(end-start, 1)
}

// text is the message, after the path of the pod template that it is about, if it is
// about one.
func (f Finding) text() string {
	if len(f.Template) == 0 || f.Implied != "" { // then the message says by what it is implied
		return f.Message
	}
	return fmt.Sprintf("pod template %s: %s", manifest.PathString(f.Template), f.Message)
}

// oneLine keeps a text on its line, and what it says to what is seen: names of files,
// texts of manifests and messages made of them may hold anything.
func oneLine(text string) string {
	if strings.IndexFunc(text, isUnseen) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if isUnseen(r) {
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isUnseen reports whether a reader does not see a character: one that controls a terminal,
// breaks the line, or reorders the text around it. Those that join letters and emojis are
// none.
func isUnseen(r rune) bool {
	switch r {
	case '\t', '\u200c', '\u200d':
		return false
	case '\u2028', '\u2029':
		return true
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}

// Suppressed names what does not count where everything is named.
func (t *text) Suppressed(f Finding, by Suppression) error {
	if !t.options.Verbose {
		return nil
	}
	return t.note(f.Place.Start.String(), fmt.Sprintf("suppressed by %s: %s: %s [%s]", by.text(), f.Action, f.text(), f.Rule))
}

// text is what suppresses, and why.
func (s Suppression) text() string {
	text := s.Kind
	if s.Until != "" {
		text += " until " + s.Until
	}
	if s.Reason != "" {
		text += " (" + s.Reason + ")"
	}
	return text
}

func (t *text) Note(n Note) error {
	if (n.Kind == NoteAssumed || n.Kind == NoteLeftOut) && !t.options.Verbose {
		return nil
	}
	if n.Position.File == "" {
		return t.note(n.Kind, n.Text)
	}
	return t.note(n.Position.String(), n.Kind+": "+n.Text)
}

func (t *text) Gap(g Gap) error { return t.note(g.Position.String(), g.text()) }

// text is what was not judged and why, and by which constraints.
func (g Gap) text() string {
	suffix := ""
	if len(g.Constraints) > 0 {
		names := make([]string, len(g.Constraints))
		for i, c := range g.Constraints {
			names[i] = c.String()
		}
		suffix = " [" + strings.Join(names, ", ") + "]"
	}
	allowed := ""
	if g.Allowed {
		allowed = " (allowed)"
	}
	return "not judged" + allowed + ": " + g.Text + suffix
}

func (t *text) Skip(s Skip) error {
	if !t.options.Verbose {
		return nil
	}
	return t.note(s.Position.String(), "no manifest: "+oneLine(s.Text))
}

// note writes a line beside the findings, after those that came before it.
func (t *text) note(place, line string) error {
	if err := t.out.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(t.errs, "%s: %s\n", oneLine(place), oneLine(line))
	return err
}

func (t *text) Close(s Summary) error {
	if err := t.out.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(t.errs, s.String())
	return err
}

// String is the summary in one line.
func (s Summary) String() string {
	violations, byAction := 0, []string{}
	for _, action := range actions {
		if n := s.Violations[action]; n > 0 {
			violations += n
			byAction = append(byAction, fmt.Sprintf("%d %s", n, action))
		}
	}
	objects := number(s.Objects, "object")
	if s.PodTemplates > 0 {
		objects += " and " + number(s.PodTemplates, "pod template")
	}
	suppressed := ""
	if n := total(s.Suppressed); n > 0 {
		suppressed = fmt.Sprintf(", %d suppressed%s", n, among(each(s.Suppressed)))
	}
	excluded := ""
	if s.Excluded > 0 {
		excluded = fmt.Sprintf(", %d excluded", s.Excluded)
	}
	return fmt.Sprintf("%s, %s, %s judged%s, %s%s%s, %d not judged%s, %s without manifest",
		objects, number(s.Constraints, "constraint"), number(s.Judged, "pair"), excluded,
		number(violations, "violation"), among(byAction), suppressed, s.TotalNotJudged(), among(each(s.NotJudged)),
		number(s.NotManifest, "document"))
}

// each is each count with its name, in the order of names.
func each(counts map[string]int) []string {
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		texts = append(texts, fmt.Sprintf("%d %s", counts[name], name))
	}
	return texts
}

func among(parts []string) string {
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func number(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
