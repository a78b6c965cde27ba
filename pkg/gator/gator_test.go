package gator_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/gator"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/source"
)

// named finds every object that its constraints match, by Rego and by CEL.
const named = `---
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: named}
spec:
  crd: {spec: {names: {kind: Named}, validation: {openAPIV3Schema: {type: object, default: {}, properties: {size: {type: integer, default: 3}}}}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    code:
    - engine: Rego
      source: {rego: 'package named violation[{"msg": msg, "details": {"n": 20000000}}] { msg := input.review.object.metadata.name }'}
    - engine: K8sNativeValidation
      source: {validations: [{expression: "false", messageExpression: '"CEL " + object.metadata.name'}]}
`

const pods = `match: {kinds: [{apiGroups: [""], kinds: [Pod]}]}`

func constraint(name, fields string) string {
	return "---\n{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Named, metadata: {name: " + name + "}, spec: {" + fields + "}}\n"
}

const deployments = `---
apiVersion: expansion.gatekeeper.sh/v1beta1
kind: ExpansionTemplate
metadata: {name: works}
spec:
  applyTo: [{groups: [apps], versions: [v1], kinds: [Deployment]}]
  templateSource: spec.template
  generatedGVK: {group: "", version: v1, kind: Pod}
  enforcementAction: warn
`

// counted finds every Pod, with the number of Pods in the input.
const counted = `---
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: counted}
spec:
  crd: {spec: {names: {kind: Counted}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: 'package counted violation[{"msg": msg}] { msg := sprintf("%d Pods", [count(data.inventory.namespace[_].v1.Pod)]) }'
---
{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Counted, metadata: {name: a}, spec: {` + pods + `}}
`

// test judges a text. What is reported beside the results comes as lines.
func test(t *testing.T, text string, change func(*gator.Options)) (gator.Run, string, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	files, faults, err := source.Find([]string{"a.yaml"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var told strings.Builder
	options := gator.Options{
		Client: func(set *policy.Set) (*engine.Client, error) {
			return engine.NewClient(set, engine.Options{Point: policy.OfflinePoint})
		},
		Rego:   true,
		Report: report.Text(io.Discard, &told, report.TextOptions{Verbose: true}),
	}
	if change != nil {
		change(&options)
	}
	run, err := gator.Test(t.Context(), files, faults, options)
	return run, told.String(), err
}

func TestResults(t *testing.T) {
	const (
		web        = "---\n{apiVersion: v1, kind: Pod, metadata: {name: web}}\n"
		db         = "---\n{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: shop}}\n"
		deployment = "---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: works, namespace: default}, spec: {template: {}}}\n"
	)
	isCEL := func(o *gator.Options) { o.Rego = false }
	for _, tc := range []struct {
		name, text string
		change     func(*gator.Options)
		want       string
	}{
		{
			"by action, message, object and constraint", web + named + constraint("b", pods) + constraint("a", pods) + constraint("w", "enforcementAction: dryrun, "+pods) + db, nil,
			`v1/Pod shop/db: ["a"] Message: "db"
v1/Pod shop/db: ["b"] Message: "db"
v1/Pod web: ["a"] Message: "web"
v1/Pod web: ["b"] Message: "web"
v1/Pod shop/db: ["w"] Message: "db"
v1/Pod web: ["w"] Message: "web"
`,
		},
		{
			"policies are objects", named + constraint("all", ""), nil,
			`constraints.gatekeeper.sh/v1beta1/Named all: ["all"] Message: "all"
templates.gatekeeper.sh/v1/ConstraintTemplate named: ["all"] Message: "named"
`,
		},
		{"by CEL", named + constraint("a", pods) + web, isCEL, `v1/Pod web: ["a"] Message: "CEL web"` + "\n"},
		{
			"an expansion", named + constraint("a", pods) + deployments + deployment, nil,
			`apps/v1/Deployment default/works: ["a"] Message: "[Implied by works] works-pod"` + "\n",
		},
		{"reference data", counted + db, nil, `v1/Pod shop/db: ["a"] Message: "1 Pods"` + "\n"},
		{
			"the Namespace that is always there", named + constraint("a", "match: {kinds: [{kinds: [Pod]}], namespaceSelector: {matchExpressions: [{key: a, operator: DoesNotExist}]}}") + strings.Replace(db, "shop", "default", 1), nil,
			`v1/Pod default/db: ["a"] Message: "db"` + "\n",
		},
		{
			"by CEL, beside the old field for Rego", strings.Replace(named, "    code:\n", "    rego: 'package named violation[{\"msg\": \"Rego\"}] { true }'\n    code:\n", 1) + constraint("a", pods) + web, isCEL,
			`v1/Pod web: ["a"] Message: "CEL web"` + "\n",
		},
		{"a list", named + constraint("a", pods) + "---\n{apiVersion: v1, kind: PodList, items: [{metadata: {name: web}}]}\n", nil, `v1/Pod web: ["a"] Message: "web"` + "\n"},
		{"none", named + constraint("a", pods), nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			run, told, err := test(t, tc.text, tc.change)
			if err != nil || told != "" {
				t.Fatalf("Test: %v, and it tells %q, want neither", err, told)
			}
			var got strings.Builder
			if err := run.Results.WriteText(&got); err != nil || got.String() != tc.want {
				t.Errorf("Test, as text: %v\n%s\nwant\n%s", err, got.String(), tc.want)
			}
		})
	}
}

// TestTold wants all that was not judged to be told and counted, once for each cause.
func TestTold(t *testing.T) {
	const deployment = "---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: works}, spec: {template: {}}}\n"
	policies := named + constraint("a", pods) + constraint("b", pods)
	for _, tc := range []struct {
		name, text string
		allow      string
		notJudged  int
		want       string
	}{
		{
			"a namespace", named + constraint("a", "match: {namespaces: [shop], kinds: [{kinds: [Pod]}]}") + constraint("b", "match: {namespaces: [yard], kinds: [{kinds: [Pod]}]}") + "---\n{apiVersion: v1, kind: Pod, metadata: {name: web}}\n", "", 1,
			`a.yaml:19:1: not judged: namespace unknown: Pod "web" has none and the constraint asks for one (spec.match.namespaces) [Named/a, Named/b]` + "\n",
		},
		{
			"a workload", policies + deployment, "", 1,
			"a.yaml:19:1: not judged: not expanded: no ExpansionTemplate makes the Pod of this Deployment [Named/a, Named/b]\n",
		},
		{
			"a workload, which is accepted", policies + deployment, report.ReasonNotExpanded, 0,
			"a.yaml:19:1: not judged (allowed): not expanded: no ExpansionTemplate makes the Pod of this Deployment [Named/a, Named/b]\n",
		},
		{
			"a workload that is judged itself", named + constraint("a", "match: {kinds: [{kinds: [Pod, Deployment]}]}") + deployment, "", 0, "",
		},
		{
			"a workload without a template", policies + deployments + "---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: works}}\n", "", 1,
			`a.yaml:28:1: not judged: not expanded: ExpansionTemplate "works": Deployment "works": spec is missing (spec.templateSource)` + "\n",
		},
		{
			"mutators", policies + deployments + deployment + "---\n{apiVersion: mutations.gatekeeper.sh/v1, kind: Assign, metadata: {name: x}}\n", "", 1,
			"assumed: mutators are not run: Assign/x\n" +
				"a.yaml:28:1: not judged: not expanded: mutators are not run on what it expands to: Assign/x\n",
		},
		{
			"documents", policies + "---\na: b\n---\napiVersion: v1\nkind: Pod\nmetadata: {\n---\n- {kind: [\n---\n{apiVersion: v1, kind: List, items: [5]}\n", "", 2,
			"a.yaml:19:1: no manifest: a mapping without apiVersion and kind\n" +
				"a.yaml:23:1: not judged: found no value, want one\n" +
				"a.yaml:25:1: no manifest: found no value, want one\n" +
				"a.yaml:27:38: not judged: item 0 of the List is no object with apiVersion and kind\n",
		},
		{
			"a Config", policies + "---\n{apiVersion: config.gatekeeper.sh/v1alpha1, kind: Config, metadata: {name: config, namespace: gatekeeper-system}, spec: {match: [{excludedNamespaces: [shop], processes: ['*']}]}}\n", "", 0,
			"assumed: namespaces that a Config excludes are judged, as in gator\n",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			run, got, err := test(t, tc.text, func(o *gator.Options) {
				o.Allow = func(reason string) bool { return reason == tc.allow }
			})
			if err != nil || got != tc.want || run.NotJudged != tc.notJudged {
				t.Errorf("Test: %v, %d not judged\n%s\nwant %d\n%s", err, run.NotJudged, got, tc.notJudged, tc.want)
			}
		})
	}
}

// TestAction wants what an object expands to to be judged by the action of the template.
func TestAction(t *testing.T) {
	const deployment = "---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: works, namespace: default}, spec: {template: {}}}\n"
	run, _, err := test(t, named+constraint("a", "match: {kinds: [{kinds: [Pod, Deployment]}]}")+deployments+deployment, nil)
	got := map[string]string{}
	for _, result := range run.Results {
		got[result.Message] = result.Action
	}
	want := map[string]string{"works": "deny", "[Implied by works] works-pod": "warn"}
	if err != nil || !maps.Equal(got, want) || len(run.Results.Denials()) != 1 {
		t.Errorf("Test: actions %v, %d denials, %v, want %v and one", got, len(run.Results.Denials()), err, want)
	}
}

// TestFaults wants a file that could not be found readable to be told and counted.
func TestFaults(t *testing.T) {
	var told strings.Builder
	run, err := gator.Test(t.Context(), nil, []*source.PathError{{Name: "a/b.yaml", Err: fs.ErrPermission}}, gator.Options{
		Client: func(set *policy.Set) (*engine.Client, error) { return engine.NewClient(set, engine.Options{}) },
		Report: report.Text(io.Discard, &told, report.TextOptions{}),
	})
	const want = "a/b.yaml: not judged: permission denied\n"
	if err != nil || run.NotJudged != 1 || told.String() != want {
		t.Errorf("Test of a fault: %v, %d not judged, %q, want 1, %q", err, run.NotJudged, told.String(), want)
	}
}

// TestErrors wants all policies that are wrong to be named, and nothing to be judged.
func TestErrors(t *testing.T) {
	const loop = "---\n{apiVersion: expansion.gatekeeper.sh/v1beta1, kind: ExpansionTemplate, metadata: {name: loop}, spec: {}}\n"
	run, _, err := test(t, named+constraint("a", "parameters: {size: x}")+loop, nil)
	want := `a.yaml:15:103: constraint Named/a: spec.parameters.size: got "x", want integer
a.yaml:17:96: ExpansionTemplate "loop": spec.templateSource is missing, want a path such as spec.template`
	if err == nil || err.Error() != want || run.Objects != 0 {
		t.Errorf("Test = %d objects, %v\nwant none, and\n%s", run.Objects, err, want)
	}
}

// full is a report that cannot be written.
type full struct{ report.Writer }

var errFull = errors.New("no space left")

func (full) Skip(report.Skip) error { return errFull }

func TestStop(t *testing.T) {
	_, _, err := test(t, "a: b\n"+named, func(o *gator.Options) { o.Report = full{o.Report} })
	if !errors.Is(err, errFull) {
		t.Errorf("Test with a full report = %v, want %v", err, errFull)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	files, _, err := source.Find([]string{"a.yaml"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = gator.Test(ctx, files, nil, gator.Options{
		Client: func(set *policy.Set) (*engine.Client, error) { return engine.NewClient(set, engine.Options{}) },
		Report: report.Text(io.Discard, io.Discard, report.TextOptions{}),
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Test of a cancelled context = %v, want %v", err, context.Canceled)
	}
}
