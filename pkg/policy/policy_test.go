package policy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
)

func objects(t *testing.T, text string) []*manifest.Object {
	t.Helper()
	found, err := manifest.Read("p.yaml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

const template = `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: k8sthing
  annotations: {memgate.github.io/rule: thing, memgate.github.io/severity: low}
spec:
  crd:
    spec:
      names: {kind: K8sThing}
      validation:
        openAPIV3Schema:
          type: object
          default: {}
          properties:
            max: {type: integer, default: 3, minimum: 1}
            names: {type: array, items: {type: string}}
            mode: {type: string, enum: [a, b]}
            nested: {type: object, properties: {deep: {type: string, default: x}}}
            free: {type: object, x-kubernetes-preserve-unknown-fields: true}
            any: {x-kubernetes-int-or-string: true}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: "package k8sthing"
---
`

func constraint(spec string) string {
	return template + "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sThing\nmetadata: {name: a}\n" + spec
}

func TestTemplate(t *testing.T) {
	set, err := policy.NewSet(objects(t, constraint("spec: {}")))
	if err != nil {
		t.Fatal(err)
	}
	got := set.Templates[0]
	if got.Kind != "K8sThing" || got.Rule != "thing" || got.Severity != "low" {
		t.Errorf("template = %+v", got)
	}
	if code := got.Code(); len(code) != 1 || code[0].Engine != "Rego" {
		t.Errorf("Code() = %+v, want the old field rego as code for the engine Rego", code)
	}
}

// TestErrors are policies that do not load: each error has its place, what was written
// and what was wanted.
func TestErrors(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"unknown parameter": {
			constraint("spec:\n  parameters:\n    maxx: 3\n"),
			"p.yaml:30:5: constraint K8sThing/a: spec.parameters.maxx: unknown field; have any, free, max, mode, names, nested",
		},
		"wrong type": {
			constraint("spec: {parameters: {max: lots}}"),
			`p.yaml:28:21: constraint K8sThing/a: spec.parameters.max: got "lots", want integer`,
		},
		"minimum": {
			constraint("spec: {parameters: {max: 0}}"),
			`p.yaml:28:21: constraint K8sThing/a: spec.parameters.max: got 0, want at least 1`,
		},
		"enum": {
			constraint("spec: {parameters: {mode: c}}"),
			`p.yaml:28:21: constraint K8sThing/a: spec.parameters.mode: got "c", want one of "a", "b"`,
		},
		"item": {
			constraint("spec: {parameters: {names: [x, 1]}}"),
			`p.yaml:28:32: constraint K8sThing/a: spec.parameters.names[1]: got 1, want string`,
		},
		"null": {
			constraint("spec: {parameters: {names: null}}"),
			`p.yaml:28:21: constraint K8sThing/a: spec.parameters.names: got null, want array`,
		},
		"int or string": {
			constraint("spec: {parameters: {any: 1.5}}"),
			`p.yaml:28:21: constraint K8sThing/a: spec.parameters.any: got 1.5, want integer or string`,
		},
		"misspelt match": {
			constraint("spec: {match: {kindz: []}}"),
			`p.yaml:28:8: constraint K8sThing/a: spec.match: unknown field "kindz"`,
		},
		"match in another case": {
			constraint("spec: {match: {labelSelector: {matchExpressions: [{Key: a, operator: Exists}]}}}"),
			`p.yaml:28:8: constraint K8sThing/a: spec.match: unknown field "Key"`,
		},
		"no match": {
			constraint("spec: {match: null}"),
			`p.yaml:28:8: constraint K8sThing/a: spec.match: got null, want an object`,
		},
		"wildcard": {
			constraint("spec: {match: {namespaces: [a*b]}}"),
			`p.yaml:28:8: constraint K8sThing/a: spec.match: namespaces: got "a*b", want a name in lower case that may begin or end with *`,
		},
		"action of no text": {
			constraint("spec: {enforcementAction: null}"),
			`p.yaml:28:8: constraint K8sThing/a: spec.enforcementAction: got null, want a string`,
		},
		"scope": {
			constraint("spec: {match: {scope: namespaced}}"),
			`p.yaml:28:8: constraint K8sThing/a: spec.match: scope: got "namespaced", want *, Cluster or Namespaced`,
		},
		"selector": {
			constraint("spec: {match: {labelSelector: {matchExpressions: [{key: a, operator: Has}]}}}"),
			`p.yaml:28:8: constraint K8sThing/a: spec.match: labelSelector: operator: got "Has", want In, NotIn, Exists or DoesNotExist`,
		},
		"action": {
			constraint("spec: {enforcementAction: block}"),
			`p.yaml:28:8: constraint K8sThing/a: spec.enforcementAction: got "block", want deny, warn, dryrun, scoped`,
		},
		"scoped without list": {
			constraint("spec: {enforcementAction: scoped}"),
			`p.yaml:28:8: constraint K8sThing/a: spec.enforcementAction is scoped and spec.scopedEnforcementActions is missing`,
		},
		"unknown point": {
			constraint("spec: {enforcementAction: scoped, scopedEnforcementActions: [{action: deny, enforcementPoints: [{name: Audit.gatekeeper.sh}]}]}"),
			`p.yaml:28:8: constraint K8sThing/a: spec.scopedEnforcementActions: enforcement point "Audit.gatekeeper.sh" not found; have validation.gatekeeper.sh, audit.gatekeeper.sh, gator.gatekeeper.sh, vap.k8s.io, *`,
		},
		"no point": {
			constraint("spec: {enforcementAction: scoped, scopedEnforcementActions: [{action: deny}]}"),
			`p.yaml:28:8: constraint K8sThing/a: spec.scopedEnforcementActions: deny without enforcementPoints`,
		},
		"unknown field": {
			constraint("spec: {params: {}}"),
			`p.yaml:28:8: constraint K8sThing/a: unknown field spec.params; have match, parameters, enforcementAction, scopedEnforcementActions`,
		},
		"version": {
			strings.Replace(constraint(""), "sh/v1beta1", "sh/v2", 1),
			`p.yaml:25:1: constraint K8sThing/a: apiVersion: got "constraints.gatekeeper.sh/v2", want constraints.gatekeeper.sh/v1beta1`,
		},
		"no template": {
			"apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sOther\nmetadata: {name: b}\n",
			`p.yaml:2:1: constraint "b": no template for kind "K8sOther"`,
		},
		"two that differ": {
			constraint("spec: {}\n---\n" + strings.TrimPrefix(constraint("spec: {enforcementAction: warn}"), template)),
			`p.yaml:30:1: K8sThing "a" differs from the one at p.yaml:25:1`,
		},
		"template name": {
			strings.Replace(template, "name: k8sthing", "name: other", 1),
			`p.yaml:4:3: template "other": got this name for kind "K8sThing", want "k8sthing"`,
		},
		"target": {
			strings.Replace(template, "target: admission.k8s.gatekeeper.sh", "target: other", 1),
			`p.yaml:22:5: template "k8sthing": target "other" not known, want "admission.k8s.gatekeeper.sh"`,
		},
		"schema type": {
			strings.Replace(template, "type: array", "type: list", 1),
			`p.yaml:11:9: template "k8sthing": names: type: got "list", want object, array, string, integer, number or boolean`,
		},
		"schema default": {
			strings.Replace(template, "default: 3", "default: three", 1),
			`p.yaml:11:9: template "k8sthing": max: default: got "three", want integer`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := policy.NewSet(objects(t, tc.text))
			if err == nil || err.Error() != tc.want {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	for _, tc := range []struct {
		spec string
		want any // spec.parameters
	}{
		{"", nil}, // no spec, no defaults: as in the API server
		{"spec: {}", map[string]any{"max": int64(3)}},
		{"spec: {parameters: null}", map[string]any{"max": int64(3)}},
		{"spec: {parameters: {max: null}}", map[string]any{"max": int64(3)}},
		{"spec: {parameters: {max: 7, nested: {}}}", map[string]any{"max": int64(7), "nested": map[string]any{"deep": "x"}}},
		{"spec: {parameters: {free: {a: [1]}}}", map[string]any{"max": int64(3), "free": map[string]any{"a": []any{int64(1)}}}},
	} {
		set, err := policy.NewSet(objects(t, constraint(tc.spec)))
		if err != nil {
			t.Errorf("%q: %v", tc.spec, err)
			continue
		}
		spec, _ := set.Constraints[0].Object["spec"].(map[string]any)
		if got := spec["parameters"]; !equal(got, tc.want) {
			t.Errorf("%q: parameters = %v, want %v", tc.spec, got, tc.want)
		}
	}
}

func equal(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		m, ok := b.(map[string]any)
		if !ok || len(a) != len(m) {
			return false
		}
		for key := range a {
			if !equal(a[key], m[key]) {
				return false
			}
		}
		return true
	case []any:
		s, ok := b.([]any)
		return ok && slices.EqualFunc(a, s, equal)
	}
	return a == b
}

func TestActions(t *testing.T) {
	const scoped = `spec:
  enforcementAction: scoped
  scopedEnforcementActions:
  - {action: warn, enforcementPoints: [{name: "*"}]}
  - {action: deny, enforcementPoints: [{name: validation.gatekeeper.sh}, {name: audit.gatekeeper.sh}]}
`
	for _, tc := range []struct {
		spec, point string
		want        []policy.Action
	}{
		{"", policy.OfflinePoint, []policy.Action{policy.Deny}},
		{"spec: {enforcementAction: dryrun}", policy.WebhookPoint, []policy.Action{policy.DryRun}},
		{scoped, policy.OfflinePoint, []policy.Action{policy.Warn}},
		{scoped, policy.WebhookPoint, []policy.Action{policy.Deny, policy.Warn}},
		{scoped, policy.VAPPoint, []policy.Action{policy.Warn}},
		{scoped, policy.AnyPoint, []policy.Action{policy.Deny, policy.Warn}},
		{scoped, "other", []policy.Action{policy.Warn}},
		{strings.Replace(scoped, `"*"`, policy.VAPPoint, 1), policy.OfflinePoint, nil},
		{strings.Replace(scoped, `"*"`, policy.VAPPoint, 1), policy.AnyPoint, []policy.Action{policy.Deny, policy.Warn}},
		{"spec: {enforcementAction: warn}", policy.AnyPoint, []policy.Action{policy.Warn}},
	} {
		set, err := policy.NewSet(objects(t, constraint(tc.spec)))
		if err != nil {
			t.Fatal(err)
		}
		if got := set.Constraints[0].Actions(tc.point); !slices.Equal(got, tc.want) {
			t.Errorf("%s at %s: actions = %v, want %v", tc.spec, tc.point, got, tc.want)
		}
	}
}

func TestWildcard(t *testing.T) {
	for _, tc := range []struct {
		wildcard      policy.Wildcard
		name          string
		match, prefix bool
	}{
		{"kube-system", "kube-system", true, false},
		{"kube-*", "kube-system", true, true},
		{"*-system", "kube-system", true, false},
		{"*e-s*", "kube-system", true, true},
		{"kube-", "kube-system", false, false},
		{"*", "anything", true, true},
		{"", "", true, false},
	} {
		if got := tc.wildcard.Matches(tc.name); got != tc.match {
			t.Errorf("Wildcard(%q).Matches(%q) = %t, want %t", tc.wildcard, tc.name, got, tc.match)
		}
		if got := tc.wildcard.MatchesPrefix(tc.name); got != tc.prefix {
			t.Errorf("Wildcard(%q).MatchesPrefix(%q) = %t, want %t", tc.wildcard, tc.name, got, tc.prefix)
		}
	}
}

// TestLegacySchema wants unknown parameters to be accepted where the schema is a legacy
// one, which it is before v1 unless the template says otherwise.
func TestLegacySchema(t *testing.T) {
	const spec = "spec: {parameters: {unknown: 1}}"
	for _, tc := range []struct {
		version, legacy string
		accepted        bool
	}{
		{"v1", "", false},
		{"v1", "legacySchema: true", true},
		{"v1beta1", "", true},
		{"v1beta1", "legacySchema: false", false},
		{"v1alpha1", "", true},
	} {
		text := strings.Replace(constraint(spec), "templates.gatekeeper.sh/v1", "templates.gatekeeper.sh/"+tc.version, 1)
		text = strings.Replace(text, "      validation:\n", "      validation:\n        "+tc.legacy+"\n", 1)
		if _, err := policy.NewSet(objects(t, text)); (err == nil) != tc.accepted {
			t.Errorf("%s %s: error = %v, want accepted = %t", tc.version, tc.legacy, err, tc.accepted)
		}
	}
}

func TestReadsPodsOf(t *testing.T) {
	const paths = "spec: {parameters: {free: {}, extraPodSpecPaths: [{group: ray.io, kind: RayJob, path: [spec]}, {group: '', kind: Thing, path: [spec]}, null]}}"
	set, err := policy.NewSet(objects(t, strings.Replace(constraint(paths), "free:", "extraPodSpecPaths: {type: array, items: {type: object, nullable: true, x-kubernetes-preserve-unknown-fields: true}}\n            free:", 1)))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		version, kind string
		want          bool
	}{
		{"ray.io/v1", "RayJob", true},
		{"ray.io/v1alpha1", "RayJob", true},
		{"ray.io/v1", "RayCluster", false},
		{"v1", "RayJob", false},
		{"v1", "Thing", true},
		{"example.com/v1", "Thing", false},
	} {
		if got := set.Constraints[0].ReadsPodsOf(tc.version, tc.kind); got != tc.want {
			t.Errorf("ReadsPodsOf(%q, %q) = %v, want %v", tc.version, tc.kind, got, tc.want)
		}
	}
}

// TestBesidePolicies wants what else decides about verdicts to be kept, and other objects
// to be passed over.
func TestBesidePolicies(t *testing.T) {
	const more = `---
{apiVersion: expansion.gatekeeper.sh/v1beta1, kind: ExpansionTemplate, metadata: {name: e}}
---
{apiVersion: mutations.gatekeeper.sh/v1, kind: ModifySet, metadata: {name: b}}
---
{apiVersion: mutations.gatekeeper.sh/v1beta1, kind: Assign, metadata: {name: a}}
---
{apiVersion: mutations.gatekeeper.sh/v1, kind: Assign, metadata: {name: a}}
---
{apiVersion: syncset.gatekeeper.sh/v1alpha1, kind: SyncSet, metadata: {name: s}}
---
{apiVersion: externaldata.gatekeeper.sh/v1beta1, kind: Provider, metadata: {name: p}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: n}}
`
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.yaml": constraint("") + more,
		"b.yaml": "apiVersion: v1\nkind: List\nitems:\n" +
			"- {apiVersion: constraints.gatekeeper.sh/v1beta1, kind: K8sThing, metadata: {name: listed}}\n" +
			"- {apiVersion: v1, kind: List, items: [{apiVersion: mutations.gatekeeper.sh/v1, kind: Assign, metadata: {name: listed}}, 1]}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	set, err := policy.Load([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	other, err := policy.NewSet(objects(t, more+config(`{match: [{processes: [audit]}]}`)))
	if err != nil {
		t.Fatal(err)
	}
	merged, err := policy.Merge(set, other)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name        string
		set         *policy.Set
		constraints []string
		mutators    []string
		expansions  int
		excludes    bool
	}{
		{"Load", set, []string{"a", "listed"}, []string{"Assign/a", "Assign/listed", "ModifySet/b"}, 1, false},
		{"NewSet", other, nil, []string{"Assign/a", "ModifySet/b"}, 1, true},
		{"Merge", merged, []string{"a", "listed"}, []string{"Assign/a", "Assign/listed", "ModifySet/b"}, 2, true},
	} {
		var constraints []string
		for _, c := range tc.set.Constraints {
			constraints = append(constraints, c.Name)
		}
		if !slices.Equal(constraints, tc.constraints) || !slices.Equal(tc.set.Mutators, tc.mutators) || len(tc.set.Expansions) != tc.expansions || (tc.set.Exclusions != nil) != tc.excludes {
			t.Errorf("%s: constraints %q, mutators %q, %d ExpansionTemplates, exclusions %v; want %q, %q, %d, some = %t",
				tc.name, constraints, tc.set.Mutators, len(tc.set.Expansions), tc.set.Exclusions, tc.constraints, tc.mutators, tc.expansions, tc.excludes)
		}
	}
	another, err := policy.NewSet(objects(t, config(`{match: [{processes: [sync]}]}`)))
	if err != nil {
		t.Fatal(err)
	}
	const want = "p.yaml:5:8: spec.match of the Config differs from the one at p.yaml:19:8"
	if _, err := policy.Merge(merged, another); fmt.Sprint(err) != want {
		t.Errorf("Merge of two Configs: error %v, want %s", err, want)
	}
}

func TestPoints(t *testing.T) {
	for _, tc := range []struct{ point, process, want string }{
		{policy.WebhookPoint, policy.WebhookProcess, "<nil>"},
		{policy.AuditPoint, policy.AuditProcess, "<nil>"},
		{policy.OfflinePoint, policy.WebhookProcess, "<nil>"},
		{policy.VAPPoint, policy.WebhookProcess, "<nil>"},
		{policy.AnyPoint, policy.WebhookProcess, "<nil>"},
		{"gatekeeper", policy.WebhookProcess, `enforcement point "gatekeeper" not found; have validation.gatekeeper.sh, audit.gatekeeper.sh, gator.gatekeeper.sh, vap.k8s.io, *`},
	} {
		if got := fmt.Sprint(policy.CheckPoint(tc.point)); got != tc.want {
			t.Errorf("CheckPoint(%q) = %s, want %s", tc.point, got, tc.want)
		}
		if got := policy.ProcessOf(tc.point); got != tc.process {
			t.Errorf("ProcessOf(%q) = %q, want %q", tc.point, got, tc.process)
		}
	}
}
