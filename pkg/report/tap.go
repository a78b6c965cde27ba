package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// TAP writes a run in version 14 of the Test Anything Protocol
// (https://testanything.org/tap-version-14-specification.html), whole, when it is closed.
// Its tests are the testcases of JUnit; findings that are not denied are TODO, which no
// harness fails for.
func TAP(out io.Writer) Writer { return &tap{out: bufio.NewWriter(out)} }

type tap struct {
	cases
	out *bufio.Writer
}

// tapText escapes what would begin a directive or a line.
var tapText = strings.NewReplacer(`\`, `\\`, "#", `\#`, "\r", " ", "\n", " ")

func (t *tap) Close(s Summary) error {
	t.settle()
	fmt.Fprintf(t.out, "TAP version 14\n1..%d", len(t.all))
	if len(t.all) == 0 {
		t.out.WriteString(" # SKIP there is nothing to judge")
	}
	t.out.WriteByte('\n')
	for i, c := range t.all {
		if c.verdict != passed {
			t.out.WriteString("not ")
		}
		fmt.Fprintf(t.out, "ok %d - %s: %s", i+1, tapText.Replace(c.position.File), tapText.Replace(c.name()))
		if c.verdict == warned {
			t.out.WriteString(" # TODO not denied")
		}
		t.out.WriteByte('\n')
		if err := t.diagnose(c.lines); err != nil {
			return err
		}
	}
	fmt.Fprintf(t.out, "# %s\n", s)
	return t.out.Flush() // with the first error of writing
}

// diagnose writes lines as a block of YAML, of which JSON's strings are a part.
func (t *tap) diagnose(lines []string) error {
	if len(lines) == 0 {
		return nil
	}
	t.out.WriteString("  ---\n  messages:\n")
	for _, line := range lines {
		text, err := marshal(line)
		if err != nil {
			return err
		}
		fmt.Fprintf(t.out, "    - %s\n", text)
	}
	t.out.WriteString("  ...\n")
	return nil
}
