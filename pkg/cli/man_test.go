package cli

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestManPages wants docs/man to have a page of each command, made of its help; -update
// writes them.
func TestManPages(t *testing.T) {
	dir := filepath.Join("..", "..", "docs", "man")
	pages := map[string]string{}
	collectPages(newRoot(nil), pages)
	collectPages(newWebhookCommand(), pages)
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range pages {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	there, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range there {
		if _, ok := pages[filepath.Base(path)]; !ok {
			t.Errorf("%s is of no command", path)
		}
	}
	for name, want := range pages {
		path := filepath.Join(dir, name)
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s is stale (%v); run: go test ./pkg/cli -run TestManPages -update", path, err)
		}
	}
}

// TestManPagesRender wants man to have nothing to say about the pages.
func TestManPagesRender(t *testing.T) {
	if version, err := exec.Command("man", "--version").Output(); err != nil || !strings.HasPrefix(string(version), "man 2") {
		t.Skipf("the man of man-db is not installed: %q, %v", version, err)
	}
	pages := map[string]string{}
	collectPages(newRoot(nil), pages)
	for name, text := range pages {
		cmd := exec.Command("man", "--warnings=w", "-l", "-")
		cmd.Env = append(os.Environ(), "MANPAGER=cat", "MANWIDTH=100", "LC_ALL=C.UTF-8")
		cmd.Stdin = strings.NewReader(text)
		var faults strings.Builder
		cmd.Stderr = &faults
		out, err := cmd.Output()
		if err != nil || faults.Len() > 0 {
			t.Errorf("man -l %s: %v, said\n%s", name, err, faults.String())
		}
		if len(out) < len(text)/2 {
			t.Errorf("man -l %s: got %d bytes of %d, want a page", name, len(out), len(text))
		}
	}
}

// collectPages adds the pages of a command and of those below it, by the names of their
// files.
func collectPages(cmd *cobra.Command, pages map[string]string) {
	pages[pageName(cmd)+".1"] = manPage(cmd)
	for _, sub := range visible(cmd) {
		collectPages(sub, pages)
	}
}

func visible(cmd *cobra.Command) []*cobra.Command {
	return slices.DeleteFunc(slices.Clone(cmd.Commands()), func(c *cobra.Command) bool { return !c.IsAvailableCommand() })
}

func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// manPage is the manual page of a command, in the man macros (man 7 man).
func manPage(cmd *cobra.Command) string {
	var b strings.Builder
	name := pageName(cmd)
	fmt.Fprintf(&b, ".\\\" Written by go test ./pkg/cli -run TestManPages -update\n.TH %s 1\n", strings.ToUpper(name))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(name), roff(cmd.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", roff(cmd.UseLine()))
	b.WriteString(".SH DESCRIPTION\n")
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	writeText(&b, text)
	if flags := cmd.NonInheritedFlags(); flags.HasAvailableFlags() {
		b.WriteString(".SH OPTIONS\n")
		flags.VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				writeFlag(&b, f)
			}
		})
	}
	if cmd.Example != "" {
		b.WriteString(".SH EXAMPLES\n")
		writeText(&b, cmd.Example)
	}
	var also []string
	if cmd.HasParent() {
		also = append(also, fmt.Sprintf(".BR %s (1)", roff(pageName(cmd.Parent()))))
	}
	for _, sub := range visible(cmd) {
		also = append(also, fmt.Sprintf(".BR %s (1)", roff(pageName(sub))))
	}
	if len(also) > 0 {
		b.WriteString(".SH SEE ALSO\n" + strings.Join(also, " ,\n") + "\n")
	}
	return b.String()
}

// writeText writes paragraphs. Those with an indented line are shown as they are.
func writeText(b *strings.Builder, text string) {
	for i, paragraph := range strings.Split(strings.Trim(text, "\n"), "\n\n") {
		if i > 0 {
			b.WriteString(".PP\n")
		}
		if asIs := strings.HasPrefix(paragraph, "  ") || strings.Contains(paragraph, "\n  "); asIs {
			b.WriteString(".nf\n" + roff(paragraph) + "\n.fi\n")
		} else {
			b.WriteString(roff(paragraph) + "\n")
		}
	}
}

func writeFlag(b *strings.Builder, f *pflag.Flag) {
	value, usage := pflag.UnquoteUsage(f)
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	fmt.Fprintf(b, ".TP\n\\fB%s\\fP", roff(name))
	if value != "" {
		fmt.Fprintf(b, " \\fI%s\\fP", roff(value))
	}
	fmt.Fprintf(b, "\n%s", roff(usage))
	if zero := slices.Contains([]string{"", "false", "0", "[]"}, f.DefValue); !zero {
		fmt.Fprintf(b, " (default %s)", roff(f.DefValue))
	}
	b.WriteString("\n")
}

// roff escapes what roff would read as its own: backslashes, hyphens, which it may take
// for others, and the first characters of requests.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\t", "    ").Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
