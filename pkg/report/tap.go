package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// TAP writes a run in version 13 of the Test Anything Protocol
// (https://testanything.org/tap-version-13-specification.html), whole, when it is closed:
// nothing in it needs 14, which the prove of Debian 12 refuses.
// Its tests are the testcases of JUnit; findings that are not denied are TODO, which no
// harness fails for.
func TAP(out io.Writer) Writer { return &tap{out: bufio.NewWriter(out)} }

type tap struct {
	cases
	out *bufio.Writer
}

// tapLine is a text on one line. Readers differ in what ends a line: those in JavaScript
// take U+2028 and U+2029 for it.
func tapLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, text)
}

// tapEscapes are of what would begin a directive.
var tapEscapes = strings.NewReplacer(`\`, `\\`, "#", `\#`)

func tapText(text string) string { return tapEscapes.Replace(tapLine(text)) }

func (t *tap) Close(s Summary) error {
	t.settle()
	fmt.Fprintf(t.out, "TAP version 13\n1..%d", len(t.all))
	if len(t.all) == 0 {
		t.out.WriteString(" # SKIP there is nothing to judge")
	}
	t.out.WriteByte('\n')
	for i, c := range t.all {
		if c.verdict != passed {
			t.out.WriteString("not ")
		}
		fmt.Fprintf(t.out, "ok %d - %s: %s", i+1, tapText(c.position.File), tapText(c.name()))
		if c.verdict == warned {
			t.out.WriteString(" # TODO not denied")
		}
		t.out.WriteByte('\n')
		t.diagnose(c.lines)
	}
	fmt.Fprintf(t.out, "# %s\n", s)
	return t.out.Flush() // with the first error of writing
}

// diagnose writes lines as a block of YAML: a literal, because Perl's harness does not
// read every quoted text.
func (t *tap) diagnose(lines []string) {
	if len(lines) == 0 {
		return
	}
	t.out.WriteString("  ---\n  messages: |\n")
	for _, line := range lines {
		fmt.Fprintf(t.out, "    %s\n", strings.TrimSpace(tapLine(line)))
	}
	t.out.WriteString("  ...\n")
}
