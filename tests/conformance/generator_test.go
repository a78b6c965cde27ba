package conformance

import (
	"math/rand/v2"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/memgate/memgate/pkg/review"
)

// A generator makes matches and reviews of few words, so that they often meet.
type generator struct{ *rand.Rand }

func (g generator) one(words ...string) string { return words[g.IntN(len(words))] }

func (g generator) some(words ...string) []any {
	list := []any{}
	for range g.IntN(3) {
		list = append(list, g.one(words...))
	}
	return list
}

func (g generator) often(percent int) bool { return g.IntN(100) < percent }

func (g generator) match() map[string]any {
	m := map[string]any{}
	if g.often(40) {
		var kinds []any
		for range g.IntN(3) {
			entry := map[string]any{}
			if g.often(80) {
				entry["kinds"] = g.some("Pod", "Deployment", "Namespace", "Node", "Widget", "*")
			}
			if g.often(80) {
				entry["apiGroups"] = g.some("", "apps", "example.org", "*")
			}
			kinds = append(kinds, entry)
		}
		m["kinds"] = kinds
	}
	if g.often(25) {
		m["scope"] = g.one("*", "Cluster", "Namespaced")
	}
	wildcards := []string{"shop", "sh*", "*op", "*o*", "*", "blog", "web", "we*", "prod", "**"}
	if g.often(30) {
		m["namespaces"] = g.some(wildcards...)
	}
	if g.often(30) {
		m["excludedNamespaces"] = g.some(wildcards...)
	}
	if g.often(30) {
		m["labelSelector"] = g.selector()
	}
	if g.often(35) {
		m["namespaceSelector"] = g.selector()
	}
	if g.often(30) {
		m["name"] = g.one(append(wildcards, "", "web-*", "*-1")...)
	}
	if g.often(25) {
		m["source"] = g.one("All", "Original", "Generated", "")
	}
	return m
}

func (g generator) selector() map[string]any {
	s := map[string]any{}
	if g.often(50) {
		s["matchLabels"] = map[string]any{g.one("app", "team"): g.one("a", "b", "")}
	}
	if g.often(60) {
		operator := g.one("In", "NotIn", "Exists", "DoesNotExist")
		expression := map[string]any{"key": g.one("app", "team"), "operator": operator}
		if operator == "In" || operator == "NotIn" {
			expression["values"] = []any{g.one("a", "b", ""), g.one("a", "b")}
		}
		s["matchExpressions"] = []any{expression}
	}
	return s
}

func (g generator) labels(metadata map[string]any) {
	if g.often(70) {
		labels := map[string]any{}
		for range g.IntN(3) {
			labels[g.one("app", "team")] = g.one("a", "b", "")
		}
		metadata["labels"] = labels
		if g.often(3) {
			labels["app"] = nil
		}
	}
	if g.often(3) {
		metadata["labels"] = nil
	}
}

func (g generator) object(gvk [2]string, name, namespace string) map[string]any {
	metadata := map[string]any{}
	switch {
	case name == "" && g.often(80):
		metadata["generateName"] = g.one("web-", "shop-", "b")
	case name != "":
		metadata["name"] = name
	}
	if namespace != "" {
		metadata["namespace"] = namespace
	}
	g.labels(metadata)
	return map[string]any{"apiVersion": gvk[0], "kind": gvk[1], "metadata": metadata}
}

func (g generator) subject(t testing.TB) matchSubject {
	kinds := [][2]string{
		{"v1", "Pod"},
		{"apps/v1", "Deployment"},
		{"v1", "Namespace"},
		{"example.org/v1", "Namespace"},
		{"v1", "Node"},
		{"example.org/v1", "Widget"},
		{"apps/v1", "Pod"},
	}
	gvk := kinds[g.IntN(len(kinds))]
	name := g.one("", "web", "web-1", "shop", "blog", "prod")
	namespace := ""
	isNamespace := gvk == [2]string{"v1", "Namespace"}
	if !isNamespace && gvk[1] != "Node" && g.often(70) {
		namespace = g.one("shop", "blog", "prod")
	}
	s := matchSubject{source: g.one("Original", "Original", "Generated")}
	value := g.object(gvk, name, namespace)
	if metadata := value["metadata"].(map[string]any); g.often(3) {
		metadata["labels"] = map[string]any{"app": 1, "team": "a"} // as if there were none
	}
	s.object = made(t, value)
	if namespace != "" && g.often(60) {
		n := made(t, g.object([2]string{"v1", "Namespace"}, namespace, ""))
		s.namespace = &n
	}
	if g.often(40) {
		s.request, s.source = g.request(t, value, g.object(gvk, name, namespace), namespace), review.Original
	}
	return s
}

// request is a request about value, which was old. The API server fills in the
// namespace of both objects, and Gatekeeper's webhook knows the Namespace or fails, so
// a request without one is about a cluster-scoped object.
func (g generator) request(t testing.TB, value, old map[string]any, namespace string) *object {
	gvk := (&unstructured.Unstructured{Object: value}).GroupVersionKind()
	request := map[string]any{
		"uid": "u", "operation": "CREATE", "namespace": namespace,
		"kind":   map[string]any{"group": gvk.Group, "version": gvk.Version, "kind": gvk.Kind},
		"object": value,
	}
	switch g.IntN(3) {
	case 1:
		request["operation"], request["oldObject"] = "UPDATE", old
	case 2:
		request["operation"], request["object"], request["oldObject"] = "DELETE", nil, value
	}
	o := made(t, map[string]any{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request})
	return &o
}
