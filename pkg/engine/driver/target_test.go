package driver

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/memgate/memgate/pkg/review"
)

func unstructuredOf(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	return &unstructured.Unstructured{Object: object(t, text)}
}

// TestTargetNamespace wants a namespaceSelector to be tried on the Namespace that the
// target knows, and none to be an error, for which the framework rejects.
func TestTargetNamespace(t *testing.T) {
	constraint := unstructuredOf(t, "{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: A, metadata: {name: a}, spec: {match: {namespaceSelector: {matchLabels: {team: a}}}}}")
	for _, tc := range []struct {
		name      string
		namespace map[string]any
		want      bool
		err       error
	}{
		{"of the team", object(t, "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: a}}}"), true, nil},
		{"of another team", object(t, "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: b}}}"), false, nil},
		{"not known", nil, false, review.ErrNamespace},
	} {
		target := &Target{Namespace: func(name string) map[string]any {
			if name != "shop" {
				t.Errorf("%s: Namespace(%q), want shop", tc.name, name)
			}
			return tc.namespace
		}}
		matcher, err := target.ToMatcher(constraint)
		if err != nil {
			t.Fatal(err)
		}
		ours, reviewed, err := target.HandleReview(unstructuredOf(t, pod))
		if !ours || err != nil {
			t.Fatalf("HandleReview: %t, %v", ours, err)
		}
		if got, err := matcher.Match(reviewed); got != tc.want || !errors.Is(err, tc.err) {
			t.Errorf("%s: Match = %t, %v, want %t, %v", tc.name, got, err, tc.want, tc.err)
		}
	}
}

func TestTargetRefuses(t *testing.T) {
	target := &Target{}
	if ours, _, err := target.HandleReview("a text"); ours || err != nil {
		t.Errorf("HandleReview of a text = %t, %v, want it left to others", ours, err)
	}
	if ours, _, _, err := target.ProcessData(1); ours || err != nil {
		t.Errorf("ProcessData of a number = %t, %v, want it left to others", ours, err)
	}
	if _, _, _, err := target.ProcessData(&unstructured.Unstructured{Object: map[string]any{"kind": "Pod"}}); err == nil {
		t.Error("ProcessData without apiVersion: got no error")
	}
	bad := unstructuredOf(t, "{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: A, metadata: {name: a}, spec: {match: {namespces: [a]}}}")
	if err := target.ValidateConstraint(bad); err == nil || !strings.Contains(err.Error(), `constraint A/a: spec.match: unknown field "namespces"`) {
		t.Errorf("ValidateConstraint: %v, want the unknown field", err)
	}
}

func TestTargetPaths(t *testing.T) {
	for text, want := range map[string]string{
		pod: "[namespace shop v1 Pod web]",
		"{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: a}}": "[cluster rbac.authorization.k8s.io/v1 ClusterRole a]",
	} {
		ours, key, _, err := (&Target{}).ProcessData(unstructuredOf(t, text))
		if got := fmt.Sprint(key); !ours || err != nil || got != want {
			t.Errorf("ProcessData(%s) = %t, %s, %v, want %s", text, ours, got, err, want)
		}
	}
}
