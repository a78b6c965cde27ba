package cli

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestConfig(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"", "[baseline]  false []"},
		{"# nothing\n", "[baseline]  false []"},
		{"~", "[baseline]  false []"},
		{"bundle: strict\nnamespace: shop\n", "[strict] shop false []"},
		{"bundle: [strict, shm]\nverbose: true\npaths: [deploy]\n", "[strict shm]  true [deploy]"},
		{"bundle: []\nnamespace: 12\n", "[] 12 false []"},
		{"color: always\n", "[baseline]  false []"}, // the command line says otherwise
		{"namespce: shop\nconfig: x\n", `f.yaml:1:1: unknown setting "namespce", want a flag of the command without its dashes, or paths
f.yaml:2:1: unknown setting "config", want a flag of the command without its dashes, or paths`},
		{"namespace: [a]\n", "f.yaml:1:12: namespace: got a list, want one value, as --namespace has"},
		{"namespace: {a: b}\nbundle: [[a]]\n", "f.yaml:1:12: namespace: got a mapping, want a value or a list of values\nf.yaml:2:9: bundle: got a list, want a value or a list of values"},
		{"verbose: perhaps\n", `f.yaml:1:10: verbose: got "perhaps", want a value as --verbose has: show more`},
		{"- a\n", "f.yaml:1:1: got a list, want a mapping of settings"},
		{"verbose: true\nverbose: false\n", `f.yaml:2:1: setting "verbose" stands twice`},
		{"a: b\n---\nc: d\n", "f.yaml:1:1: more than one document, want one mapping of settings"},
		{"a: [\n", "f.yaml: yaml: line 1: did not find expected node content"},
	} {
		cmd := &cobra.Command{}
		flags := cmd.Flags()
		bundles := flags.StringSlice("bundle", []string{"baseline"}, "")
		namespace := flags.String("namespace", "", "")
		verbose := flags.Bool("verbose", false, "show more")
		color := flags.String("color", "auto", "")
		flags.String("config", "", "")
		if err := flags.Parse([]string{"--color", "never"}); err != nil {
			t.Fatal(err)
		}
		paths, err := readConfig(cmd, "f.yaml", []byte(tc.text), false)
		got := fmt.Sprint(*bundles, " ", *namespace, " ", *verbose, " ", paths)
		if err != nil {
			got = err.Error()
		}
		if got != tc.want || *color != "never" {
			t.Errorf("read(%q): got\n%s, color %s\nwant\n%s, color never", tc.text, got, *color, tc.want)
		}
	}
	if _, err := readConfig(&cobra.Command{}, "f.yaml", []byte(strings.Repeat("[", 100_000)), true); err == nil {
		t.Error("a text of brackets is read without an error")
	}
}
