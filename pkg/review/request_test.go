package review

import (
	"reflect"
	"testing"
)

func TestFromRequest(t *testing.T) {
	var (
		web  = object(t, pod)
		old  = object(t, homeless)
		ns   = object(t, shop)
		gvk  = map[string]any{"group": "", "version": "v1", "kind": "Pod"}
		gvr  = map[string]any{"group": "", "version": "v1", "resource": "pods"}
		none = map[string]any{"group": "", "version": "", "kind": ""}
		noR  = map[string]any{"group": "", "version": "", "resource": ""}
	)
	for _, tc := range []struct {
		name    string
		request map[string]any
		want    map[string]any
	}{
		{
			"update",
			map[string]any{
				"uid": "u1", "kind": gvk, "resource": gvr, "subResource": "status", "requestKind": gvk, "requestResource": gvr, "requestSubResource": "status",
				"name": "web-1", "namespace": "shop", "operation": "UPDATE", "userInfo": map[string]any{"username": "me", "uid": "7", "groups": []any{"g"}, "extra": map[string]any{"k": []any{"v"}}},
				"object": web, "oldObject": old, "dryRun": false, "options": map[string]any{"kind": "UpdateOptions"},
			},
			map[string]any{
				"uid": "u1", "kind": gvk, "resource": gvr, "subResource": "status", "requestKind": gvk, "requestResource": gvr, "requestSubResource": "status",
				"name": "web-1", "namespace": "shop", "operation": "UPDATE", "userInfo": map[string]any{"username": "me", "uid": "7", "groups": []any{"g"}, "extra": map[string]any{"k": []any{"v"}}},
				"object": web, "oldObject": old, "dryRun": false, "options": map[string]any{"kind": "UpdateOptions"},
			},
		},
		{
			"what is absent",
			map[string]any{"object": web},
			map[string]any{"uid": "", "kind": none, "resource": noR, "operation": "", "userInfo": map[string]any{}, "object": web, "oldObject": nil, "options": nil},
		},
		{
			"what is empty or unknown",
			map[string]any{
				"object": web, "name": "", "namespace": "", "subResource": "", "requestSubResource": "", "requestKind": nil, "dryRun": nil, "other": 1,
				"userInfo": map[string]any{"username": "", "groups": []any{}, "extra": map[string]any{}, "other": 1}, "kind": map[string]any{"kind": "Pod", "other": 1},
			},
			map[string]any{
				"uid": "", "kind": map[string]any{"group": "", "version": "", "kind": "Pod"}, "resource": noR, "operation": "",
				"userInfo": map[string]any{}, "object": web, "oldObject": nil, "options": nil,
			},
		},
		{
			"delete: the object is the old one",
			map[string]any{"operation": "DELETE", "object": nil, "oldObject": web, "namespace": "shop"},
			map[string]any{
				"uid": "", "kind": none, "resource": noR, "operation": "DELETE", "userInfo": map[string]any{}, "object": web, "oldObject": web, "options": nil, "namespace": "shop",
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := FromRequest(tc.request, ns)
			if err != nil {
				t.Fatalf("FromRequest: %v", err)
			}
			if !reflect.DeepEqual(r.Request, tc.want) {
				t.Errorf("FromRequest(%v).Request =\n%v, want\n%v", tc.request, r.Request, tc.want)
			}
			if !reflect.DeepEqual(r.Namespace, ns) || r.Source != Original || r.Operation != tc.want["operation"] {
				t.Errorf("FromRequest(%v) = namespace %v, source %q, operation %q", tc.request, r.Namespace, r.Source, r.Operation)
			}
		})
	}
}

// A request for a Namespace names that as its namespace; it is in none.
func TestFromRequestForNamespace(t *testing.T) {
	kind := map[string]any{"group": "", "version": "v1", "kind": "Namespace"}
	r, err := FromRequest(map[string]any{"kind": kind, "operation": "CREATE", "name": "shop", "namespace": "shop", "object": object(t, shop)}, object(t, shop))
	if err != nil {
		t.Fatal(err)
	}
	if got, found := r.Request["namespace"]; found || r.Namespace != nil || r.Request["name"] != "shop" {
		t.Errorf("FromRequest for a Namespace: namespace %v, Namespace %v, name %v", got, r.Namespace, r.Request["name"])
	}
	for text, want := range map[string]Clause{
		`{scope: Cluster}`:                                "",
		`{namespaces: [shop]}`:                            "",
		`{namespaces: [other]}`:                           ByNamespaces,
		`{namespaceSelector: {matchLabels: {team: red}}}`: ByNamespaceLabels,
	} {
		if got, err := r.Match(match(t, text)); got != want || err != nil {
			t.Errorf("Match(%s) of a request for a Namespace = %q, %v, want %q", text, got, err, want)
		}
	}
	other := map[string]any{"group": "example.org", "version": "v1", "kind": "Namespace"}
	r, err = FromRequest(map[string]any{"kind": other, "namespace": "shop", "object": object(t, widget)}, nil)
	if err != nil || r.Request["namespace"] != "shop" {
		t.Errorf("FromRequest for a Namespace of another group: namespace %v, %v", r.Request["namespace"], err)
	}
}

// An object without a namespace is in that of the request.
func TestFromRequestNamespaceOfObject(t *testing.T) {
	r, err := FromRequest(map[string]any{"namespace": "shop", "operation": "CREATE", "object": object(t, homeless)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]Clause{`{namespaces: [shop]}`: "", `{excludedNamespaces: [shop]}`: ByExcludedNamespaces, `{scope: Cluster}`: ByScope} {
		if got, err := r.Match(match(t, text)); got != want || err != nil {
			t.Errorf("Match(%s) = %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestFromRequestFaults(t *testing.T) {
	for _, tc := range []struct {
		request map[string]any
		want    string
	}{
		{nil, "request: neither object nor oldObject is there"},
		{map[string]any{"operation": "CONNECT", "object": nil}, "request: neither object nor oldObject is there"},
		{map[string]any{"operation": "DELETE", "object": object(t, pod)}, "request: operation is DELETE and oldObject is missing"},
		{map[string]any{"object": "text"}, "request: object: got string, want an object"},
		{map[string]any{"object": object(t, pod), "oldObject": []any{}}, "request: oldObject: got []interface {}, want an object"},
	} {
		if r, err := FromRequest(tc.request, nil); err == nil || err.Error() != tc.want {
			t.Errorf("FromRequest(%v) = %v, %v, want %s", tc.request, r, err, tc.want)
		}
	}
}
