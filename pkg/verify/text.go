package verify

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// WriteText writes a result line by line as Gatekeeper's gator does, and below what failed
// why, with its place. verbose names what passed and what was skipped, too. The last line
// is PASS or FAIL, and missing where nothing was judged.
func WriteText(out io.Writer, r Result, verbose bool) error {
	w := textWriter{bufio.NewWriter(out), verbose}
	for _, s := range r.Suites {
		w.suite(s)
	}
	for _, c := range r.Coverage {
		w.coverage(c)
	}
	switch {
	case r.Failed():
		w.printf("FAIL\n")
	case r.Summary.Judged > 0:
		w.printf("PASS\n")
	}
	return w.Flush()
}

// A textWriter keeps the first error for Flush.
type textWriter struct {
	*bufio.Writer
	verbose bool
}

func (w textWriter) printf(format string, args ...any) { _, _ = fmt.Fprintf(w.Writer, format, args...) }

func (w textWriter) suite(s SuiteResult) {
	if !s.skipped {
		for _, t := range s.Tests {
			w.test(t)
		}
	}
	verdict := "ok"
	if s.Status == Failed {
		verdict = "FAIL"
	}
	w.printf("%s\t%s\t%.3fs\n", verdict, s.File, s.Seconds)
}

func (w textWriter) test(t TestResult) {
	name := oneLine(t.Name)
	if t.skipped {
		if w.verbose {
			w.printf("=== SKIP  %s\n", name)
		}
		return
	}
	if w.verbose {
		w.printf("=== RUN   %s\n", name)
	}
	if len(t.Faults) == 0 { // else it did not come to them
		for _, c := range t.Cases {
			w.testCase(c)
		}
	}
	switch {
	case t.Status == Failed:
		w.printf("--- FAIL: %s\t(%.3fs)\n", name, t.Seconds)
		w.faults("  ", t.Faults)
	case w.verbose:
		w.printf("--- PASS: %s\t(%.3fs)\n", name, t.Seconds)
	}
}

func (w textWriter) testCase(c CaseResult) {
	name := oneLine(c.Name)
	if w.verbose {
		if c.Status == Skipped {
			w.printf("    === SKIP  %s\n", name)
			return
		}
		w.printf("    === RUN   %s\n", name)
		if c.Print != "" {
			w.printf("        === PRINT ===\n")
			for line := range strings.Lines(c.Print) {
				w.printf("        %s\n", strings.TrimSuffix(line, "\n"))
			}
		}
	}
	switch {
	case c.Status == Failed:
		w.printf("    --- FAIL: %s\t(%.3fs)\n", name, c.Seconds)
		w.faults("        ", c.Faults)
	case w.verbose:
		w.printf("    --- PASS: %s\t(%.3fs)\n", name, c.Seconds)
	}
}

func (w textWriter) faults(indent string, found []Fault) {
	for _, f := range found {
		w.printf("%s%s\n", indent, oneLine(f.Error()))
	}
}

func (w textWriter) coverage(c Coverage) {
	verdict := ""
	if c.Short {
		verdict = "\tbelow the threshold"
	}
	w.printf("coverage\t%s\t%s\t%s%s\n", c.File, c.Template, c.Share, verdict)
	for _, m := range c.Modules {
		missing := ""
		if len(m.Missing) > 0 {
			missing = "\t" + m.missing(c.File)
		}
		w.printf("    %s\t%s%s\n", m.Name, m.Share, missing)
	}
}
