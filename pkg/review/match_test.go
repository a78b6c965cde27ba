package review

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
)

// match is spec.match as a constraint holds it.
func match(t *testing.T, text string) *policy.Match {
	t.Helper()
	objects, err := manifest.Read("policy.yaml", strings.NewReader(fmt.Sprintf(`
{apiVersion: templates.gatekeeper.sh/v1, kind: ConstraintTemplate, metadata: {name: any},
 spec: {crd: {spec: {names: {kind: Any}}}, targets: [{target: admission.k8s.gatekeeper.sh, rego: package any}]}}
---
{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Any, metadata: {name: any}, spec: {match: %s}}
`, text)))
	if err != nil {
		t.Fatal(err)
	}
	set, err := policy.NewSet(objects)
	if err != nil {
		t.Fatal(err)
	}
	return set.Constraints[0].Match
}

// object is a value of YAML.
func object(t *testing.T, text string) map[string]any {
	t.Helper()
	if text == "" {
		return nil
	}
	objects, err := manifest.Read("object.yaml", strings.NewReader(text))
	if err != nil || len(objects) != 1 {
		t.Fatalf("%s: %d objects, %v", text, len(objects), err)
	}
	return objects[0].Value
}

const (
	pod        = `{apiVersion: v1, kind: Pod, metadata: {name: web-1, namespace: shop, labels: {app: web}}}`
	homeless   = `{apiVersion: v1, kind: Pod, metadata: {name: web-1}}`
	node       = `{apiVersion: v1, kind: Node, metadata: {name: n1}}`
	widget     = `{apiVersion: example.org/v1, kind: Widget, metadata: {name: w}}`
	shop       = `{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: blue}}}`
	unnamed    = `{apiVersion: v1, kind: Namespace, metadata: {generateName: sh, labels: {team: blue}}}`
	generating = `{apiVersion: apps/v1, kind: Deployment, metadata: {generateName: web-, namespace: shop}}`
)

func TestMatch(t *testing.T) {
	for _, tc := range []struct {
		match, object, namespace string
		want                     Clause
	}{
		{`{}`, pod, "", ""},
		{`{}`, pod, "", ""},

		{`{kinds: [{kinds: [Pod]}]}`, pod, "", ""},
		{`{kinds: [{apiGroups: [apps], kinds: [Pod]}]}`, pod, "", ByKinds},
		{`{kinds: [{apiGroups: [apps], kinds: ["*"]}, {apiGroups: [""], kinds: [Pod]}]}`, pod, "", ""},
		{`{kinds: [{apiGroups: ["*"]}]}`, pod, "", ""},
		{`{kinds: [{kinds: [pod]}]}`, pod, "", ByKinds},
		{`{kinds: [{}]}`, pod, "", ""},
		{`{kinds: []}`, pod, "", ""},

		{`{source: Original}`, pod, "", ""},
		{`{source: All}`, pod, "", ""},
		{`{source: Generated}`, pod, "", BySource},

		{`{labelSelector: {matchLabels: {app: web}}}`, pod, "", ""},
		{`{labelSelector: {matchLabels: {app: api}}}`, pod, "", ByLabels},
		{`{labelSelector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}}`, pod, "", ByLabels},
		{`{labelSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}}`, homeless, "", ""},
		{`{labelSelector: {}}`, homeless, "", ""},

		{`{name: web-1}`, pod, "", ""},
		{`{name: "web-*"}`, pod, "", ""},
		{`{name: "*-1"}`, pod, "", ""},
		{`{name: "*b*"}`, pod, "", ""},
		{`{name: api}`, pod, "", ByName},
		{`{name: "web-*"}`, generating, "", ""},
		{`{name: "*-1"}`, generating, "", ByName},
		{`{name: web-}`, generating, "", ByName},

		{`{scope: Namespaced}`, pod, "", ""},
		{`{scope: Cluster}`, pod, "", ByScope},
		{`{scope: "*"}`, pod, "", ""},
		{`{scope: Namespaced}`, homeless, "", ""},
		{`{scope: Cluster}`, homeless, "", ByScope},
		{`{scope: Cluster}`, node, "", ""},
		{`{scope: Namespaced}`, node, "", ByScope},
		{`{scope: Cluster}`, shop, "", ""},
		{`{scope: Cluster}`, widget, "", ""},
		{`{scope: Namespaced}`, widget, shop, ""},

		{`{namespaces: [shop]}`, pod, "", ""},
		{`{namespaces: ["s*", blog]}`, pod, "", ""},
		{`{namespaces: [blog]}`, pod, "", ByNamespaces},
		{`{namespaces: [blog]}`, node, "", ""},
		{`{namespaces: [blog]}`, widget, "", ""},
		{`{namespaces: [shop]}`, shop, "", ""},
		{`{namespaces: [blog]}`, shop, "", ByNamespaces},
		{`{namespaces: [shop]}`, unnamed, "", ByNamespaces},
		{`{namespaces: [shop]}`, homeless, shop, ""},
		{`{excludedNamespaces: ["*op"]}`, pod, "", ByExcludedNamespaces},
		{`{excludedNamespaces: [blog]}`, pod, "", ""},
		{`{excludedNamespaces: [shop]}`, homeless, "", ""}, // a false finding is seen, a false pass not
		{`{excludedNamespaces: [shop]}`, shop, "", ByExcludedNamespaces},
		{`{excludedNamespaces: ["*"]}`, unnamed, "", ByExcludedNamespaces},
		{`{namespaces: [shop], excludedNamespaces: [shop]}`, pod, "", ByExcludedNamespaces},

		{`{namespaceSelector: {matchLabels: {team: blue}}}`, pod, shop, ""},
		{`{namespaceSelector: {matchLabels: {team: red}}}`, pod, shop, ByNamespaceLabels},
		{`{namespaceSelector: {matchLabels: {team: blue}}}`, shop, "", ""},
		{`{namespaceSelector: {matchLabels: {team: red}}}`, shop, "", ByNamespaceLabels},
		{`{namespaceSelector: {matchLabels: {team: red}}}`, node, "", ""},
		{`{namespaceSelector: {matchLabels: {team: red}}}`, widget, "", ""},
	} {
		r := New(object(t, tc.object), Options{Namespace: object(t, tc.namespace)})
		if got, err := r.Match(match(t, tc.match)); got != tc.want || err != nil {
			t.Errorf("Match(%s) of %s in %q = %q, %v, want %q", tc.match, tc.object, tc.namespace, got, err, tc.want)
		}
	}
}

func TestMatchNeedsNamespace(t *testing.T) {
	for _, tc := range []struct{ match, object, want string }{
		{`{namespaces: [shop]}`, homeless, `namespace unknown: Pod "web-1" has none and the constraint asks for one (spec.match.namespaces)`},
		{`{namespaceSelector: {}}`, homeless, `namespace unknown: Pod "web-1" has none and the constraint asks for its labels (spec.match.namespaceSelector)`},
		{`{namespaceSelector: {}}`, pod, `namespace unknown: Namespace "shop" of Pod "web-1" is not among the input (spec.match.namespaceSelector)`},
		{`{name: "*", namespaces: ["*"]}`, homeless, `namespace unknown: Pod "web-1" has none and the constraint asks for one (spec.match.namespaces)`},
	} {
		clause, err := New(object(t, tc.object), Options{}).Match(match(t, tc.match))
		if clause != "" || !errors.Is(err, ErrNamespace) || err.Error() != tc.want {
			t.Errorf("Match(%s) of %s = %q, %v, want %s", tc.match, tc.object, clause, err, tc.want)
		}
	}
	// Where another clause says no, the namespace is not asked for.
	for _, tc := range []struct {
		match string
		want  Clause
	}{
		{`{namespaces: [shop], kinds: [{kinds: [Node]}]}`, ByKinds},
		{`{namespaceSelector: {}, source: Generated}`, BySource},
		{`{namespaces: [shop], labelSelector: {matchLabels: {a: b}}}`, ByLabels},
		{`{namespaceSelector: {}, name: api}`, ByName},
		{`{namespaces: [shop], scope: Cluster}`, ByScope},
	} {
		if got, err := New(object(t, homeless), Options{}).Match(match(t, tc.match)); got != tc.want || err != nil {
			t.Errorf("Match(%s) = %q, %v, want %q", tc.match, got, err, tc.want)
		}
	}
}

func TestMatchOldObject(t *testing.T) {
	const api = `{apiVersion: v1, kind: Pod, metadata: {name: web-1, namespace: shop, labels: {app: api}}}`
	update := func(object, old map[string]any, namespace string) *Review {
		r, err := FromRequest(map[string]any{"operation": "UPDATE", "object": object, "oldObject": old, "namespace": "shop"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := update(object(t, api), object(t, pod), "shop")
	for _, tc := range []struct {
		match string
		want  Clause
	}{
		{`{labelSelector: {matchLabels: {app: web}}}`, ""}, // as it was
		{`{labelSelector: {matchLabels: {app: api}}}`, ""}, // as it is
		{`{labelSelector: {matchLabels: {app: db}}}`, ByLabels},
	} {
		if got, err := r.Match(match(t, tc.match)); got != tc.want || err != nil {
			t.Errorf("Match(%s) of an update = %q, %v, want %q", tc.match, got, err, tc.want)
		}
	}
	// The object does not match, and the old one cannot be answered: so neither can both.
	const both = `{labelSelector: {matchLabels: {app: web}}, namespaceSelector: {}}`
	if got, err := r.Match(match(t, both)); got != "" || !errors.Is(err, ErrNamespace) {
		t.Errorf("Match(%s) of an update = %q, %v, want ErrNamespace", both, got, err)
	}
}
