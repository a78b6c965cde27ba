package scaffold

import (
	"fmt"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// maxContext is how many files of context are named. More are better named by those who
// know which of them count.
const maxContext = 20

// settings are the text of .memgate.yaml: what was found, and what else is often set.
func (s Survey) settings(fault error) string {
	var b strings.Builder
	b.WriteString(`# yaml-language-server: $schema=https://raw.githubusercontent.com/memgate/memgate/main/docs/schemas/config.schema.json
#
# Settings of memgate check: its flags (memgate check --help) without dashes, and paths. A
# flag on the command line wins over its setting.

# What is judged where the command line names nothing.
`)
	b.WriteString(list("paths", s.Paths, "."))
	if len(s.Exclude) > 0 {
		b.WriteString(`
# Helm's templates are no manifests before they are rendered, and vendored charts are
# another's. To judge a chart: helm template CHART | memgate check -
`)
		b.WriteString(list("exclude", s.Exclude))
	}
	switch {
	case len(s.Context) > maxContext:
		fmt.Fprintf(&b, `
# A run that is given some files only, such as those of a commit, must know of Namespaces
# and LimitRanges in others. %d files have some: name those that count, or directories.
`, len(s.Context))
		b.WriteString(comment(list("context", s.Context[:1])))
	case len(s.Context) > 0:
		b.WriteString(`
# A run that is given some files only, such as those of a commit, must know of Namespaces
# and LimitRanges in others.
`)
		b.WriteString(list("context", s.Context))
	}
	b.WriteString(`
# Built-in bundle: baseline denies what breaks and warns of what may, strict denies both.
bundle: baseline
`)
	if len(s.Policies) > 0 {
		b.WriteString("\n# Templates and constraints of this repository, beside the bundle.\n")
		policies := list("policy", s.Policies)
		if fault != nil {
			b.WriteString("# They are not used yet, because they do not load:\n" + comment(fault.Error()))
			policies = comment(policies)
		}
		b.WriteString(policies)
	}
	b.WriteString(`
# Lowest severity that fails a run: low, medium, high or critical. By default a run fails by
# what a constraint denies.
# fail-on: high

# Findings of the past, which "memgate baseline" writes down, do not fail a run.
# baseline: .memgate-baseline.yaml
`)
	return b.String()
}

// list is a setting of several values, or of the default if there are none.
func list(name string, values []string, otherwise ...string) string {
	if len(values) == 0 {
		values = otherwise
	}
	nodes := make([]yaml.Node, len(values))
	for i, value := range values {
		nodes[i].SetString(value)
		if strings.Contains(value, "\n") { // a block would take the empty lines that follow
			nodes[i].Style = yaml.DoubleQuotedStyle
		}
	}
	var b strings.Builder
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(map[string][]yaml.Node{name: nodes}); err != nil {
		panic(err) // strings are YAML
	}
	return b.String()
}

// comment makes comments of the lines of a text. What YAML might read as the end of a line
// is replaced.
func comment(text string) string {
	text = strings.Map(func(r rune) rune {
		if r != '\n' && !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.TrimSuffix(text, "\n"))
	return "# " + strings.ReplaceAll(text, "\n", "\n# ") + "\n"
}
