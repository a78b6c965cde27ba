package report

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// TextOptions choose what Text writes.
type TextOptions struct {
	Color   bool
	Verbose bool // name documents that are no manifests, too
}

// Text writes findings to out, a line each:
//
//	file:line:col: action: message [rule]
//
// where a message about a pod template in a custom resource begins with its path, and everything else to errs: gaps, and a line of counts at the end.
func Text(out, errs io.Writer, options TextOptions) Writer {
	return &text{out: bufio.NewWriter(out), errs: errs, options: options}
}

type text struct {
	out     *bufio.Writer
	errs    io.Writer
	options TextOptions
}

var colors = map[string]string{"deny": "\x1b[31m", "warn": "\x1b[33m", "dryrun": "\x1b[36m"}

func (t *text) Finding(f Finding) error {
	place, action, rule := f.Place.Start.String(), f.Action, f.Rule
	if t.options.Color {
		place = "\x1b[1m" + place + "\x1b[0m"
		action = colors[f.Action] + action + "\x1b[0m"
		rule = "\x1b[2m" + rule + "\x1b[0m"
	}
	_, err := fmt.Fprintf(t.out, "%s: %s: %s [%s]\n", place, action, oneLine(f.text()), rule)
	return err
}

// text is the message, after the path of the pod template that it is about, if it is
// about one.
func (f Finding) text() string {
	if len(f.Template) == 0 {
		return f.Message
	}
	return fmt.Sprintf("pod template %s: %s", dotted(f.Template), f.Message)
}

// dotted is a path as in spec.workerGroupSpecs[0].template.
func dotted(path []any) string {
	var b strings.Builder
	for _, step := range path {
		if key, ok := step.(string); ok {
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(key)
		} else {
			fmt.Fprintf(&b, "[%v]", step)
		}
	}
	return b.String()
}

// oneLine keeps a message on its line.
func oneLine(message string) string {
	return escaped.Replace(message)
}

var escaped = strings.NewReplacer("\r", `\r`, "\n", `\n`, "\x1b", `\x1b`)

func (t *text) Gap(g Gap) error { return t.note(g.Position.String(), oneLine(g.text())) }

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
	return "not judged: " + g.Text + suffix
}

func (t *text) Skip(s Skip) error {
	if !t.options.Verbose {
		return nil
	}
	return t.note(s.Position.String(), "no manifest: "+s.Text)
}

// note writes a line beside the findings, after those that came before it.
func (t *text) note(place, line string) error {
	if err := t.out.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(t.errs, "%s: %s\n", place, line)
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
	var byReason []string
	for _, reason := range slices.Sorted(maps.Keys(s.NotJudged)) {
		byReason = append(byReason, fmt.Sprintf("%d %s", s.NotJudged[reason], reason))
	}
	objects := number(s.Objects, "object")
	if s.PodTemplates > 0 {
		objects += " and " + number(s.PodTemplates, "pod template") + " in custom resources"
	}
	return fmt.Sprintf("%s, %s, %s judged, %s%s, %d not judged%s, %s without manifest",
		objects, number(s.Constraints, "constraint"), number(s.Judged, "pair"),
		number(violations, "violation"), among(byAction), s.TotalNotJudged(), among(byReason),
		number(s.NotManifest, "document"))
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
