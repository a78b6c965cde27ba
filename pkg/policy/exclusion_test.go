package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
)

// config is Gatekeeper's Config with a spec in flow style.
func config(spec string) string {
	return "---\napiVersion: config.gatekeeper.sh/v1alpha1\nkind: Config\nmetadata: {name: config, namespace: gatekeeper-system}\nspec: " + spec + "\n"
}

func TestExcludes(t *testing.T) {
	set, err := policy.NewSet(objects(t, config(`
  match:
  - {excludedNamespaces: ["kube-*", exact], processes: ["*"]}
  - {excludedNamespaces: ["*-dev"], processes: [audit, webhook]}
  - {excludedNamespaces: [none]}
  sync: {syncOnly: [{group: "", version: v1, kind: Pod}]}
  validation: {traces: [{user: a}]}
  readiness: {statsEnabled: true}`)))
	if err != nil {
		t.Fatal(err)
	}
	everything, err := policy.NewSet(objects(t, config(`{match: [{excludedNamespaces: ["*"], processes: [webhook]}]}`)))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		exclusions      *policy.Exclusions
		process, object string
		by              string // empty if it is not excluded
	}{
		{set.Exclusions, policy.WebhookProcess, "{apiVersion: v1, kind: Pod, metadata: {namespace: kube-system}}", `spec.match[0].excludedNamespaces "kube-*"`},
		{set.Exclusions, policy.SyncProcess, "{apiVersion: v1, kind: Pod, metadata: {namespace: exact}}", `spec.match[0].excludedNamespaces "exact"`},
		{set.Exclusions, policy.AuditProcess, "{apiVersion: v1, kind: Pod, metadata: {namespace: web-dev}}", `spec.match[1].excludedNamespaces "*-dev"`},
		{set.Exclusions, policy.SyncProcess, "{apiVersion: v1, kind: Pod, metadata: {namespace: web-dev}}", ""},
		{set.Exclusions, policy.WebhookProcess, "{apiVersion: v1, kind: Pod, metadata: {namespace: exactly}}", ""},
		{set.Exclusions, policy.WebhookProcess, "{apiVersion: v1, kind: Pod, metadata: {namespace: none}}", ""},
		{set.Exclusions, policy.WebhookProcess, "{apiVersion: v1, kind: Pod, metadata: {name: exact}}", ""},
		{set.Exclusions, policy.WebhookProcess, "{apiVersion: v1, kind: Namespace, metadata: {name: exact}}", `spec.match[0].excludedNamespaces "exact"`},
		{set.Exclusions, policy.WebhookProcess, "{apiVersion: v1, kind: Namespace, metadata: {name: a, namespace: exact}}", ""},
		{set.Exclusions, policy.WebhookProcess, "{apiVersion: example.com/v1, kind: Namespace, metadata: {name: exact, namespace: b}}", ""},
		{everything.Exclusions, policy.WebhookProcess, "{apiVersion: v1, kind: Node, metadata: {name: a}}", `spec.match[0].excludedNamespaces "*"`},
		{everything.Exclusions, policy.AuditProcess, "{apiVersion: v1, kind: Node, metadata: {name: a}}", ""},
		{nil, policy.WebhookProcess, "{apiVersion: v1, kind: Node, metadata: {name: a}}", ""},
	} {
		by, excluded := tc.exclusions.Excludes(tc.process, objects(t, tc.object)[0].Value)
		if by != tc.by || excluded != (tc.by != "") {
			t.Errorf("Excludes(%q, %s) = %q, %t, want %q", tc.process, tc.object, by, excluded, tc.by)
		}
	}
}

func TestConfigErrors(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"no match, another name", strings.Replace(config(`{sync: {}}`), "name: config", "name: other", 1), ""},
		{"twice", config(`{match: [{excludedNamespaces: [a], processes: [sync]}]}`) + config(`{match: [{processes: [sync], excludedNamespaces: [a]}]}`) + config(`{sync: {}}`), ""},
		{"of another group", strings.Replace(config(`{match: 1}`), "config.gatekeeper.sh", "example.com", 1), ""},
		{"two", config(`{match: []}`) + config(`{match: [{}]}`), `p.yaml:10:8: spec.match of the Config differs from the one at p.yaml:5:8`},
		{"another name", strings.Replace(config(`{match: []}`), "name: config", "name: other", 1), `p.yaml:4:12: Config "other": metadata.name: Gatekeeper reads the Config called config alone`},
		{"another version", strings.Replace(config(`{match: []}`), "v1alpha1", "v1", 1), `p.yaml:2:1: Config "config": apiVersion: got "config.gatekeeper.sh/v1", want config.gatekeeper.sh/v1alpha1`},
		{"no object", config(`[]`), `p.yaml:5:1: Config "config": spec: got an array, want an object`},
		{"no list", config(`{match: {}}`), `p.yaml:5:8: Config "config": spec.match: got an object, want an array`},
		{"an unknown field", config(`{macht: []}`), `p.yaml:5:8: Config "config": unknown field spec.macht; have match, readiness, sync, validation`},
		{"an unknown field of an entry", config(`{match: [{}, {excludedNamespace: [a]}]}`), `p.yaml:5:20: Config "config": spec.match[1]: unknown field "excludedNamespace"`},
		{"a field in another case", config(`{match: [{excludednamespaces: ["*"], processes: ["*"]}]}`), `p.yaml:5:16: Config "config": spec.match[0]: unknown field "excludednamespaces"`},
		{"two unknown fields", config(`{b: 1, a: 1}`), `p.yaml:5:14: Config "config": unknown field spec.a; have match, readiness, sync, validation`},
		{"an unknown process", config(`{match: [{processes: [webook]}]}`), `p.yaml:5:16: Config "config": spec.match[0]: processes: got "webook", want audit, sync, webhook, mutation-webhook, *`},
		{"no wildcard", config(`{match: [{excludedNamespaces: ["a*b"]}]}`), `p.yaml:5:16: Config "config": spec.match[0]: excludedNamespaces: got "a*b", want a name in lower case that may begin or end with *`},
		{"an entry that is none", config(`{match: [a]}`), `p.yaml:5:16: Config "config": spec.match[0]: got "a", want an object`},
	} {
		_, err := policy.NewSet(objects(t, tc.text))
		if got := fmt.Sprint(err); tc.want == "" && err != nil || tc.want != "" && got != tc.want {
			t.Errorf("%s: NewSet(%s)\n got %s\nwant %s", tc.name, tc.text, got, tc.want)
		}
	}
}

// FuzzConfig wants no Config to bring NewSet or Excludes down, and every error to have a
// place.
func FuzzConfig(f *testing.F) {
	f.Add(config(`{match: [{excludedNamespaces: ["kube-*"], processes: ["*"]}], sync: {}}`), "{apiVersion: v1, kind: Pod, metadata: {namespace: kube-system}}")
	f.Add(config(`{match: [{excludedNamespaces: null, processes: [1]}]}`), "{apiVersion: 1, kind: Namespace, metadata: []}")
	f.Fuzz(func(t *testing.T, config, object string) {
		read, err := manifest.Read("p.yaml", strings.NewReader(config))
		if err != nil {
			return
		}
		set, err := policy.NewSet(read)
		if err != nil && !strings.HasPrefix(err.Error(), "p.yaml:") {
			t.Errorf("NewSet(%q): error without a place: %v", config, err)
		}
		judged, err := manifest.Read("o.yaml", strings.NewReader(object))
		if err != nil {
			return
		}
		for _, o := range judged {
			set.Exclusions.Excludes(policy.WebhookProcess, o.Value)
		}
	})
}
