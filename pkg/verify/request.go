package verify

import (
	"maps"
	"slices"
	"strings"

	"github.com/memgate/memgate/pkg/manifest"
)

// The fields of an AdmissionReview and of its request, of k8s.io/api/admission/v1. Others
// are faults, as in gator: a misspelt one would change what is reviewed.
var (
	reviewFields  = []string{"apiVersion", "kind", "request", "response"}
	requestFields = []string{
		"uid", "kind", "resource", "subResource", "requestKind", "requestResource", "requestSubResource",
		"name", "namespace", "operation", "userInfo", "object", "oldObject", "dryRun", "options",
	}
)

// isReview reports whether an object stands for the request that it holds.
func isReview(object *manifest.Object) bool {
	name, _, _ := strings.Cut(object.APIVersion(), "/")
	return name == "admission.k8s.io" && object.Kind() == "AdmissionReview"
}

// requestOf is the request of an AdmissionReview, with an object or an old object of a
// kind. The error is a Fault.
func requestOf(object *manifest.Object) (map[string]any, error) {
	fault := func(path []any, text string) error { return faultAt(object.Place(path).Start, "%s", text) }
	request, ok := object.Value["request"].(map[string]any)
	if !ok {
		return nil, fault([]any{"request"}, "request: got "+describe(object.Value["request"])+", want an AdmissionRequest")
	}
	for _, level := range []struct {
		path   []any
		value  map[string]any
		fields []string
	}{{nil, object.Value, reviewFields}, {[]any{"request"}, request, requestFields}} {
		for _, key := range slices.Sorted(maps.Keys(level.value)) {
			if !slices.Contains(level.fields, key) {
				path := append(level.path, key)
				return nil, fault(path, manifest.PathString(path)+": unknown field; have "+strings.Join(level.fields, ", "))
			}
		}
	}
	for _, key := range []string{"operation", "namespace", "name"} {
		switch request[key].(type) {
		case nil, string:
		default:
			return nil, fault([]any{"request", key}, "request."+key+": got "+describe(request[key])+", want a text")
		}
	}
	found := false
	for _, key := range []string{"object", "oldObject"} {
		if request[key] == nil {
			continue
		}
		found = true
		value, _ := request[key].(map[string]any)
		if kind, _ := value["kind"].(string); kind == "" {
			return nil, fault([]any{"request", key}, "request."+key+": want an object with a kind")
		}
	}
	if !found {
		return nil, fault([]any{"request"}, "request: want an object or an oldObject")
	}
	return request, nil
}
