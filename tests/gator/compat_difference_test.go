package gator

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCompatDifferences has every difference between gator and memgate --gator-compat that
// is meant: what each makes of the input, as text.
func TestCompatDifferences(t *testing.T) {
	gator, err := gatorTool()
	if err != nil {
		t.Fatal(err)
	}
	memgate := memgateTool(t)
	const (
		web    = `v1/Pod web: ["deny"] Message: "it is \"web\" <Pod>"` + "\n"
		inShop = `match: {namespaces: [shop], kinds: [{apiGroups: [""], kinds: [Pod]}]}`
		byTeam = `match: {namespaceSelector: {matchLabels: {team: a}}, kinds: [{apiGroups: [""], kinds: [Pod]}]}`
	)
	deny := named + constraint("deny", pods)
	deployment := object("apps/v1", "Deployment", "web", "namespace: shop")
	conflict := strings.Replace(named, "msg := sprintf", `f(1) == 1; msg := sprintf`, 1) + "      f(_) = 1 { true }\n      f(_) = 2 { true }\n"
	labels := strings.Replace(named, "msg := sprintf", `input.review.namespaceObject.metadata.labels.team; msg := sprintf`, 1)
	type says struct {
		status         int
		stdout, stderr string // stderr is a part of it, "" if there is none
	}
	for _, tc := range []struct {
		name           string
		texts          []string // of files that are named
		more           map[string]string
		paths          []string // instead of texts: of more, below a directory
		flags          []string
		gator, memgate says
	}{
		{
			name: "a List is unwrapped, where gator passes it", texts: []string{deny + listed},
			memgate: says{1, web, ""},
		},
		{
			name: "a namespaced object without a namespace", texts: []string{named + constraint("deny", inShop) + pod("web", "")},
			memgate: says{1, "", `not judged: namespace unknown: Pod "web" has none and the constraint asks for one (spec.match.namespaces) [Named/deny]`},
		},
		{
			name: "a namespace whose labels are unknown", texts: []string{named + constraint("deny", byTeam) + pod("web", "shop")},
			gator:   says{1, `v1/Pod shop/web: ["deny"] Message: "unable to match constraints: error matching the requested object: web :failed to run Match criteria: namespace selector for namespace-scoped object but missing Namespace"` + "\n", ""},
			memgate: says{1, "", `not judged: namespace unknown: Namespace "shop" of Pod "web" is not among the input (spec.match.namespaceSelector) [Named/deny]`},
		},
		{
			name: "a workload that is not expanded", texts: []string{deny + deployment},
			memgate: says{1, "", "not judged: not expanded: no ExpansionTemplate makes the Pod of this Deployment [Named/deny]"},
		},
		{
			name: "what is not judged is accepted", texts: []string{named + constraint("deny", inShop) + pod("web", "") + deployment},
			flags: []string{"--allow-unjudged"}, // gator has no such flag
			gator: says{1, "", "unknown flag"}, memgate: says{0, "", "not judged (allowed): namespace unknown"},
		},
		{
			name: "an expansion that mutators change", texts: []string{deny + assign + expansion("works", deployments) + deployment},
			gator:   says{1, `apps/v1/Deployment shop/web: ["deny"] Message: "[Implied by works] it is \"web-pod\" <Pod>"` + "\n", ""},
			memgate: says{1, "", "not judged: not expanded: mutators are not run on what it expands to: Assign/always"},
		},
		{
			name: "an evaluation error", texts: []string{conflict + constraint("deny", "enforcementAction: warn, "+pods) + pod("web", "")},
			gator:   says{0, `v1/Pod web: ["deny"] Message: "template:7: eval_conflict_error: functions must not produce multiple outputs for same inputs"` + "\n", ""},
			memgate: says{1, "", "not judged: evaluation error"},
		},
		{
			name: "namespaceObject, which gator does not know", texts: []string{labels + constraint("deny", pods) + shop + pod("web", "shop")},
			memgate: says{1, strings.Replace(web, "web", "shop/web", 1), ""},
		},
		{
			name: "no constraint", texts: []string{named + pod("web", "")},
			memgate: says{1, "", "nothing was judged: there is no constraint in the input"},
		},
		{
			name: "two policies of one name", texts: []string{deny + constraint("deny", inShop) + pod("web", "")},
			gator:   says{0, "", "WARNING"},
			memgate: says{1, "", `Named "deny" differs from the one at`},
		},
		{
			name: "a key that stands twice", texts: []string{deny + "---\n{apiVersion: v1, kind: Pod, metadata: {name: db, name: web}}\n"},
			gator:   says{1, web, ""},
			memgate: says{1, "", `not judged: duplicate key "name"`},
		},
		{
			name: "what is beside a broken document", texts: []string{deny + pod("web", ""), broken},
			gator:   says{1, "", "reading yaml source"},
			memgate: says{1, web, "1.yaml:4"},
		},
		{
			name: "an output that gator does not know", texts: []string{deny + pod("web", "")}, flags: []string{"-o", "sarif"},
			gator: says{1, web, ""}, memgate: says{1, "", `--output: got "sarif", want json or yaml, or no --output for text`},
		},
		{
			name: "a trace", texts: []string{deny}, flags: []string{"--trace"},
			memgate: says{1, "", "--trace: "},
		},
		{
			name: "no result as JSON", texts: []string{deny}, flags: []string{"-o", "json"},
			gator: says{0, "null", ""}, memgate: says{0, "[]", ""},
		},
		{
			name: "a file that is named twice", more: map[string]string{"all.yaml": deny + pod("web", "")}, paths: []string{"all.yaml", "./all.yaml"},
			gator: says{1, web + web, "WARNING"}, memgate: says{1, web, ""},
		},
		{
			name: "a stray values.yaml", more: map[string]string{"all.yaml": deny + pod("web", ""), "values.yaml": "image: nginx\n"}, paths: []string{"."},
			gator: says{1, "", "resource  has no version"}, memgate: says{1, web, "values.yaml:1:1: no manifest: "},
		},
		{
			name: "a symbolic link to a directory", more: map[string]string{"all/deny.yaml": deny, "elsewhere/web.yaml": pod("web", "")}, paths: []string{"all"},
			memgate: says{1, web, ""},
		},
		{
			name: "a file of another extension", more: map[string]string{"all.txt": deny + pod("web", "")}, paths: []string{"all.txt"},
			gator: says{1, "", "must be of extensions"}, memgate: says{1, web, ""},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range tc.more {
				path := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if tc.more["elsewhere/web.yaml"] != "" {
				if err := os.Symlink("../elsewhere", filepath.Join(dir, "all", "link")); err != nil {
					t.Fatal(err)
				}
			}
			args := tc.flags
			for _, path := range append(tc.paths, write(t, tc.texts...)...) {
				args = append(args, "-f", path)
			}
			for _, tool := range []struct {
				args []string
				want says
			}{
				{append([]string{gator, "test"}, args...), tc.gator},
				{append([]string{memgate, "check", "--gator-compat"}, args...), tc.memgate},
			} {
				status, stdout, stderr := runIn(t, dir, "", tool.args[0], tool.args[1:]...)
				if status != tool.want.status || stdout != tool.want.stdout || !strings.Contains(stderr, tool.want.stderr) || (stderr != "" && tool.want.stderr == "") {
					t.Errorf("%q: status %d\n%s\n%s\nwant %d\n%s\n%s", tool.args, status, stdout, stderr, tool.want.status, tool.want.stdout, tool.want.stderr)
				}
			}
		})
	}
}
