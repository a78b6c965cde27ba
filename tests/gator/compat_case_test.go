package gator

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// named finds every object that its constraints match.
const named = `---
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: named}
spec:
  crd: {spec: {names: {kind: Named}, validation: {openAPIV3Schema: {type: object, default: {}, properties: {prefix: {type: string, default: it is}}}}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package named
      violation[{"msg": msg, "details": {"whole": 20000000, "half": 0.5, "kind": input.review.kind}}] {
        msg := sprintf("%s \"%s\" <%s>", [input.parameters.prefix, input.review.object.metadata.name, input.review.object.kind])
        print("looked at", msg)
      }
`

// twofold judges by Rego and by CEL, with different messages.
const twofold = `---
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: twofold}
spec:
  crd: {spec: {names: {kind: Twofold}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    code:
    - engine: Rego
      source: {rego: 'package twofold violation[{"msg": "by Rego"}] { true }'}
    - engine: K8sNativeValidation
      source: {validations: [{expression: "false", messageExpression: '"by CEL: " + object.metadata.name'}]}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Twofold
metadata: {name: twofold}
spec: {match: {kinds: [{apiGroups: [""], kinds: [Pod]}]}}
`

// counted reads the inventory.
const counted = `---
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: counted}
spec:
  crd: {spec: {names: {kind: Counted}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package counted
      violation[{"msg": msg, "details": data.inventory.cluster["v1"].Namespace}] {
        msg := sprintf("%d ConfigMaps", [count(data.inventory.namespace[_]["v1"].ConfigMap)])
      }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Counted
metadata: {name: counted}
spec: {match: {kinds: [{apiGroups: [""], kinds: [Pod]}]}}
`

// constraint is one of kind Named; fields are those of its spec.
func constraint(name, fields string) string {
	return fmt.Sprintf("---\n{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Named, metadata: {name: %s}, spec: {%s}}\n", name, fields)
}

// expansion is an ExpansionTemplate; fields are those of its spec.
func expansion(name, fields string) string {
	return fmt.Sprintf("---\n{apiVersion: expansion.gatekeeper.sh/v1beta1, kind: ExpansionTemplate, metadata: {name: %s}, spec: {%s}}\n", name, fields)
}

// object is one of a kind of group apps or of the core group; metadata are its fields but
// for the name.
func object(apiVersion, kind, name, metadata string) string {
	return fmt.Sprintf("---\n{apiVersion: %s, kind: %s, metadata: {name: %s, %s}, spec: {n: 30000000, template: {spec: {a: b}}, jobTemplate: {spec: {template: {spec: {}}}}}}\n", apiVersion, kind, name, metadata)
}

const (
	pods        = `match: {kinds: [{apiGroups: [""], kinds: [Pod]}]}`
	deployments = `applyTo: [{groups: [apps], versions: [v1], kinds: [Deployment]}], templateSource: spec.template, generatedGVK: {group: "", version: v1, kind: Pod}`
	cronJobs    = `applyTo: [{groups: [batch], versions: [v1], kinds: [CronJob]}], templateSource: spec.jobTemplate, generatedGVK: {group: batch, version: v1, kind: Job}`
	jobs        = `applyTo: [{groups: [batch], versions: [v1], kinds: [Job]}], templateSource: spec.template, generatedGVK: {group: "", version: v1, kind: Pod}`
	shop        = "---\n{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: a}}}\n"
	config      = "---\n{apiVersion: config.gatekeeper.sh/v1alpha1, kind: Config, metadata: {name: config, namespace: gatekeeper-system}, spec: {match: [{excludedNamespaces: [shop], processes: [\"*\"]}]}}\n"
	assign      = "---\n{apiVersion: mutations.gatekeeper.sh/v1, kind: Assign, metadata: {name: always}, spec: {applyTo: [{groups: [\"\"], kinds: [Pod], versions: [v1]}], location: spec.x, parameters: {assign: {value: 1}}}}\n"
	listed      = "---\n{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod, metadata: {name: web}}]}\n"
	broken      = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: [\n"
)

// pod is a Pod of a name, in a namespace unless that is empty.
func pod(name, namespace string) string {
	if namespace != "" {
		namespace = "namespace: " + namespace
	}
	return object("v1", "Pod", name, namespace)
}

// actions are constraints with every enforcementAction.
var actions = constraint("deny", pods) +
	constraint("warn", "enforcementAction: warn, parameters: {prefix: mild}, "+pods) +
	constraint("dryrun", "enforcementAction: dryrun, "+pods) +
	constraint("scoped-deny", "enforcementAction: scoped, scopedEnforcementActions: [{action: warn, enforcementPoints: [{name: '*'}]}, {action: deny, enforcementPoints: [{name: gator.gatekeeper.sh}]}], "+pods) +
	constraint("scoped-warn", "enforcementAction: scoped, scopedEnforcementActions: [{action: warn, enforcementPoints: [{name: gator.gatekeeper.sh}]}, {action: deny, enforcementPoints: [{name: validation.gatekeeper.sh}]}], "+pods) +
	constraint("scoped-elsewhere", "enforcementAction: scoped, scopedEnforcementActions: [{action: deny, enforcementPoints: [{name: audit.gatekeeper.sh}]}], "+pods)

// TestCompat wants of memgate what gator makes of the same input: its status, lines, JSON,
// YAML and order.
func TestCompat(t *testing.T) {
	memgate := memgateTool(t)
	many := named + constraint("deny", pods) + constraint("too", pods)
	for i := range 30 {
		many += pod(fmt.Sprintf("p%d", i%7), fmt.Sprintf("n%d", i))
	}
	for _, tc := range []struct {
		name   string
		files  []string // texts
		stdin  string
		flags  []string
		status int
		count  int // of results
	}{
		{name: "a violation", files: []string{named + constraint("deny", pods) + pod("web", "")}, status: 1, count: 1},
		{name: "none", files: []string{named + constraint("deny", pods) + shop}},
		{name: "objects before policies", files: []string{pod("web", "shop"), constraint("deny", pods), named}, status: 1, count: 1},
		{name: "every action", files: []string{named + actions + pod("web", "") + pod("db", "shop")}, status: 1, count: 10},
		{name: "every action, deny only", files: []string{named + actions + pod("web", "") + pod("db", "shop")}, flags: []string{"--deny-only"}, status: 1, count: 4},
		{name: "a warning", files: []string{named + constraint("warn", "enforcementAction: warn, "+pods) + pod("web", "")}, count: 1},
		{name: "a warning, deny only", files: []string{named + constraint("warn", "enforcementAction: warn, "+pods) + pod("web", "")}, flags: []string{"--deny-only"}},
		{name: "many, in the order of gator", files: []string{many}, status: 1, count: 60},
		{name: "all is judged, policies too", files: []string{named + constraint("all", "") + shop + pod("web", "shop") + config}, status: 1, count: 5},
		{name: "a constraint without spec, which gets no defaults", files: []string{named + "---\n{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Named, metadata: {name: bare}}\n"}},
		{name: "a Config excludes nothing", files: []string{named + constraint("deny", pods) + config + pod("web", "shop")}, status: 1, count: 1},
		{name: "labels of a Namespace", files: []string{named + constraint("deny", "match: {namespaceSelector: {matchLabels: {team: a}}}") + shop + pod("web", "shop")}, status: 1, count: 2},
		{name: "the namespace default", files: []string{named + constraint("deny", "match: {namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}, kinds: [{apiGroups: [\"\"], kinds: [Pod]}]}") + pod("web", "default")}, status: 1, count: 1},
		{name: "cluster-scoped objects by namespace", files: []string{named + constraint("one", "match: {namespaces: [shop]}") + constraint("two", "match: {excludedNamespaces: ['*']}") + constraint("three", "match: {namespaceSelector: {matchLabels: {a: b}}}") + shop + object("rbac.authorization.k8s.io/v1", "ClusterRole", "admin", "") + object("example.com/v1", "Thing", "thing", "")}, status: 1, count: 1},
		{name: "cluster-scoped objects by scope", files: []string{named + constraint("cluster", "match: {scope: Cluster}") + constraint("namespaced", "match: {scope: Namespaced}") + shop + object("rbac.authorization.k8s.io/v1", "ClusterRole", "admin", "") + pod("web", "shop")}, status: 1, count: 6},
		{name: "an expansion", files: []string{named + constraint("deny", pods) + expansion("works", deployments) + object("apps/v1", "Deployment", "web", "namespace: shop") + pod("web", "")}, status: 1, count: 2},
		{name: "an expansion with an action", files: []string{named + actions + expansion("works", "enforcementAction: dryrun, "+deployments) + object("apps/v1", "Deployment", "web", "namespace: shop")}, status: 1, count: 5},
		{name: "a chain of expansions", files: []string{named + constraint("deny", "") + expansion("jobs", jobs) + expansion("crons", cronJobs) + object("batch/v1", "CronJob", "nightly", "namespace: shop")}, status: 1, count: 7},
		{name: "generated objects only", files: []string{named + constraint("deny", "match: {source: Generated}") + expansion("works", deployments) + object("apps/v1", "Deployment", "web", "")}, status: 1, count: 1},
		{name: "the inventory", files: []string{counted + shop + "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop}}\n" + pod("web", "shop")}, status: 1, count: 1},
		{name: "CEL before Rego", files: []string{twofold + pod("web", "")}, status: 1, count: 1},
		{name: "Rego for CEL", files: []string{twofold + pod("web", "")}, flags: []string{"--enable-k8s-native-validation=false"}, status: 1, count: 1},
		{name: "standard input", stdin: named + constraint("deny", pods) + pod("web", ""), status: 1, count: 1},
		{name: "standard input after a file", files: []string{pod("db", "")}, stdin: named + constraint("deny", pods) + pod("web", ""), status: 1, count: 2},
		{name: "JSON", files: []string{named + constraint("deny", pods)}, stdin: `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "generation": 3}}`, status: 1, count: 1},

		{name: "no input", status: 1},
		{name: "YAML that is broken", files: []string{named + constraint("deny", pods), broken}, status: 1},
		{name: "Rego that is broken", files: []string{strings.Replace(named, "print(", "print((", 1) + constraint("deny", pods) + pod("web", "")}, status: 1},
		{name: "a template that is wrong", files: []string{strings.Replace(named, "name: named", "name: other", 1) + pod("web", "")}, status: 1},
		{name: "a parameter that is wrong", files: []string{named + constraint("deny", "parameters: {prefix: 1}") + pod("web", "")}, status: 1},
		{name: "an action that is wrong", files: []string{named + constraint("deny", "enforcementAction: scoped") + pod("web", "")}, status: 1},
		{name: "a match that is wrong", files: []string{named + constraint("deny", "match: {labelSelector: {matchExpressions: [{key: a, operator: Has}]}}") + pod("web", "")}, status: 1},
		{name: "a constraint without template", files: []string{constraint("deny", pods) + pod("web", "")}, status: 1},
		{name: "an ExpansionTemplate that is wrong", files: []string{named + constraint("deny", pods) + expansion("works", "templateSource: spec.template") + pod("web", "")}, status: 1},
		{name: "an object that does not expand", files: []string{named + constraint("deny", pods) + expansion("works", strings.Replace(deployments, "spec.template", "spec.other", 1)) + object("apps/v1", "Deployment", "web", "")}, status: 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := compare(t, memgate, input{files: write(t, tc.files...), stdin: tc.stdin, flags: tc.flags})
			if got.Status != tc.status || len(got.JSON) != tc.count {
				t.Errorf("gator: status %d and %d results, want %d and %d, or the case is not what it is called; gator says\n%s", got.Status, len(got.JSON), tc.status, tc.count, got.errors)
			}
		})
	}
}

// write writes texts to files, and returns their names.
func write(t *testing.T, texts ...string) []string {
	t.Helper()
	dir := t.TempDir()
	var names []string
	for i, text := range texts {
		name := filepath.Join(dir, fmt.Sprintf("%d.yaml", i))
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

// TestCompatRepository asks about a bundle of memgate and examples of some rules, among them
// workloads that nothing expands and the rules judge by themselves.
func TestCompatRepository(t *testing.T) {
	memgate := memgateTool(t)
	policies := append(glob(t, "templates/*.yaml"), rendered(t, "bundles/baseline"))
	for _, tc := range []struct {
		examples string
		found    bool
	}{
		{"policies/shm/memory_emptydir_*/examples/*.yaml", true},
		{"policies/memory/*_*_limit/examples/allow.yaml", false},
	} {
		got := compare(t, memgate, input{files: slices.Concat(policies, glob(t, tc.examples))})
		if found := got.Status == 1 && len(got.JSON) > 0; found != tc.found {
			t.Errorf("gator: status %d and %d results for %s, want some: %t", got.Status, len(got.JSON), tc.examples, tc.found)
		}
	}
}

// TestCompatDirectory wants the same files below a directory to be read, be they patches of
// a kustomization or ignored by git, but for those with an extension in capitals.
func TestCompatDirectory(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"policies/named.yml":      named,
		"policies/deny.yaml":      constraint("deny", pods),
		"kustomization.yaml":      "{apiVersion: kustomize.config.k8s.io/v1beta1, kind: Kustomization, resources: [web.yaml], patches: [{path: patch.yaml}]}\n",
		"web.yaml":                pod("web", ""),
		"patch.yaml":              pod("patch", ""),
		"deep/er/db.json":         `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "db"}}`,
		"deep/README.md":          "a: b",
		".git/HEAD":               "ref: refs/heads/main\n",
		".gitignore":              "ignored.yaml\n",
		"ignored.yaml":            pod("ignored", ""),
		"deep/policies.yaml.orig": "a: [\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	memgate := memgateTool(t)
	for _, files := range [][]string{{dir}, {filepath.Join(dir, "policies"), filepath.Join(dir, "web.yaml")}} {
		if got := compare(t, memgate, input{files: files}); len(got.JSON) == 0 {
			t.Errorf("gator finds nothing in %q: nothing is compared", files)
		}
	}
}

// TestCompatPrint wants what Rego prints behind the results. Its order is that of the
// objects.
func TestCompatPrint(t *testing.T) {
	gator, err := gatorTool()
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, named+constraint("deny", pods)+pod("b", "")+pod("a", ""))[0]
	_, want, _ := runIn(t, "", "", gator, "test", "-v", "-f", file)
	_, got, _ := runIn(t, "", "", memgateTool(t), "check", "--gator-compat", "-v", "-f", file)
	if got != want || !strings.Contains(want, "looked at") {
		t.Errorf("check --gator-compat -v: got\n%s\nwant what gator prints\n%s", got, want)
	}
}
