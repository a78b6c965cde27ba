package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/memgate/memgate/pkg/manifest"
)

// An Explanation writes the ledger of some objects, in words.
type Explanation struct {
	Ignore
	out         *bufio.Writer
	constraints []Constraint
	wanted      func(Object) bool
	open        []Entry          // of the last object that is wanted
	violations  map[violated]int // of the last object
	objects     int
}

// violated is where a violation is counted: a constraint, and what was judged by it.
type violated struct {
	constraint        Constraint
	template, implied string
}

// Explain writes, for each object that is wanted, what became of it under each constraint
// of the run.
func Explain(out io.Writer, constraints []Constraint, wanted func(Object) bool) *Explanation {
	return &Explanation{out: bufio.NewWriter(out), constraints: constraints, wanted: wanted}
}

// Objects is the number of objects that were explained.
func (e *Explanation) Objects() int { return e.objects }

// Object explains an entry once what is found in its object is known.
func (e *Explanation) Object(entry Entry) error {
	if entry.Template == nil {
		e.settle()
	}
	if e.wanted(entry.Object) {
		e.open = append(e.open, entry)
	}
	return nil
}

// Finding counts.
func (e *Explanation) Finding(f Finding) error {
	if e.violations == nil {
		e.violations = map[violated]int{}
	}
	e.violations[violated{f.Constraint, manifest.PathString(f.Template), f.Implied}]++
	return nil
}

// Suppressed counts, too: the constraint was judged and violated.
func (e *Explanation) Suppressed(f Finding, _ Suppression) error { return e.Finding(f) }

// Gap is in the fates of the object.
func (e *Explanation) Gap(Gap) error { return nil }

// Close explains the last object.
func (e *Explanation) Close(Summary) error {
	e.settle()
	return e.out.Flush()
}

func (e *Explanation) settle() {
	for _, entry := range e.open {
		e.write(entry)
	}
	e.open, e.violations = nil, nil
}

func (e *Explanation) write(entry Entry) {
	name := entry.Object.String()
	switch {
	case entry.Template == nil:
		e.objects++
	case entry.Implied != "":
		name += ", what " + entry.Implied + " makes of " + manifest.PathString(entry.Template)
	default:
		name += ", pod template " + manifest.PathString(entry.Template)
	}
	fmt.Fprintf(e.out, "%s: %s\n", oneLine(entry.Position.String()), oneLine(name))
	table := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
	for i, fate := range entry.Fates {
		fmt.Fprintf(table, "  %s\t%s\t%s\n", fate.Status.words(), e.constraints[i], e.because(fate, violated{e.constraints[i], manifest.PathString(entry.Template), entry.Implied}))
	}
	table.Flush() //nolint:errcheck // to a bufio.Writer, which keeps its first error
}

func (e *Explanation) because(fate Fate, by violated) string {
	switch fate.Status {
	case Judged:
		return number(e.violations[by], "violation")
	case NotMatched:
		return "by " + fate.By
	case Excluded, NotJudged:
		return oneLine(fate.By)
	case NotEnforced:
		return "at this enforcement point"
	}
	return ""
}

// words is a status as people write it: "not matched".
func (s Status) words() string {
	return strings.ToLower(strings.ReplaceAll(string(s), "not", "not "))
}
