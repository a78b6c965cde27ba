package review

import (
	"fmt"
	"maps"
	"strings"

	"github.com/memgate/memgate/pkg/manifest"
)

// A Fault is what stands for an object and is none.
type Fault struct {
	Position manifest.Position
	Text     string // what was found, what was wanted
}

// Items are the objects that an object stands for: itself or, for a List or a typed
// list such as PodList, its items, lists in it included. An item of a typed list that
// names no kind has the one of the list. What has no apiVersion and kind, as texts, is a
// fault; the others are returned all the same.
//
// kubectl takes whatever has an array at "items" for a list, whatever its kind. Where that
// is no list's, the object stands for itself and for those items that are objects.
func Items(object *manifest.Object) ([]*manifest.Object, []Fault) {
	if object.APIVersion() == "" || object.Kind() == "" {
		return nil, []Fault{{object.Position(), "apiVersion and kind: want a text in both"}}
	}
	var (
		found  []*manifest.Object
		faults []Fault
	)
	kind, isList := strings.CutSuffix(object.Kind(), "List")
	list, ok := object.Value["items"].([]any)
	if !ok || !isList {
		found = append(found, object)
	}
	for i := range list {
		path := []any{"items", i}
		item, ok := object.Item(path...)
		if ok && item.Kind() == "" && kind != "" {
			item = item.WithValue(withKind(item.Value, object.APIVersion(), kind))
		}
		if !ok || item.Kind() == "" || item.APIVersion() == "" {
			if !isList {
				continue
			}
			faults = append(faults, Fault{object.Place(path).Start, fmt.Sprintf("item %d of the %s is no object with apiVersion and kind", i, object.Kind())})
			continue
		}
		inner, more := Items(item)
		found, faults = append(found, inner...), append(faults, more...)
	}
	return found, faults
}

func withKind(value map[string]any, apiVersion, kind string) map[string]any {
	named := maps.Clone(value)
	named["apiVersion"], named["kind"] = apiVersion, kind
	return named
}

// InNamespace is the object with a namespace filled in, if it names none and its kind
// is not known to be cluster-scoped.
func InNamespace(object *manifest.Object, namespace string) *manifest.Object {
	if namespace == "" || object.Namespace() != "" || ScopeOf(groupVersionKind(object.Value).GroupKind()) == Cluster {
		return object
	}
	value := maps.Clone(object.Value)
	metadata, ok := value["metadata"].(map[string]any)
	if !ok && value["metadata"] != nil {
		return object // no object that an API server would take
	}
	metadata = maps.Clone(metadata)
	if metadata == nil {
		metadata = map[string]any{}
	}
	metadata["namespace"] = namespace
	value["metadata"] = metadata
	return object.WithValue(value)
}
