package review

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/memgate/memgate/pkg/manifest"
)

// A PodTemplate is the Pod that an object of a kind unknown here would make.
type PodTemplate struct {
	Pod  *manifest.Object // its places are those of the template
	Path []any            // of the template, from the root of the object
}

// PodTemplates are the pod templates in an object of a kind that Kubernetes does not
// ship, in the order of their paths, each as a Pod in the object's namespace. A template
// is a mapping below the root with spec.containers, each of which has an image: without
// one, an operator fills in more than the image. Of few kinds the object itself is one,
// with an empty path. Manifests inside the object, but for pod templates at a key such as
// template, are not looked into, nor are the patches of policy engines, nor what Cloud Run runs.
func PodTemplates(object *manifest.Object) []PodTemplate {
	kind := groupVersionKind(object.Value).GroupKind()
	if ScopeOf(kind) != Unknown || slices.Contains(podless, kind.Group) {
		return nil
	}
	if slices.Contains(whole, kind) && isPodTemplate(object.Value) {
		return []PodTemplate{{object.WithValue(podOf(object, object.Value)), []any{}}}
	}
	var found []PodTemplate
	var visit func(value any, path []any)
	visit = func(value any, path []any) {
		switch value := value.(type) {
		case map[string]any:
			if len(path) > 0 {
				if isManifest(value) && !isPodOf(path, value) {
					return
				}
				if isPodTemplate(value) {
					path = slices.Clone(path)
					item, _ := object.Item(path...)
					found = append(found, PodTemplate{item.WithValue(podOf(object, value)), path})
					return
				}
			}
			for _, key := range slices.Sorted(maps.Keys(value)) {
				visit(value[key], append(path, key))
			}
		case []any:
			for i, item := range value {
				visit(item, append(path, i))
			}
		}
	}
	visit(object.Value, nil)
	return found
}

// whole are kinds whose spec is a pod spec. In others spec.containers is merged into what an
// operator makes.
var whole = []schema.GroupKind{
	{Group: "serving.knative.dev", Kind: "Revision"},
	{Group: "serving.kserve.io", Kind: "ClusterServingRuntime"},
	{Group: "serving.kserve.io", Kind: "ServingRuntime"},
}

// podless are the groups of kinds that hold what looks like a pod spec and makes no Pod.
var podless = []string{"kyverno.io", "policies.kyverno.io", "mutations.gatekeeper.sh", "run.cnrm.cloud.google.com", "run.googleapis.com"}

func isManifest(value map[string]any) bool {
	version, _ := value["apiVersion"].(string)
	kind, _ := value["kind"].(string)
	return version != "" && kind != ""
}

// isPodOf reports whether a manifest is a pod template at a key that says so. What it calls
// itself does not count: the API of the custom resource drops it, or its operator does.
func isPodOf(path []any, value map[string]any) bool {
	key, _ := path[len(path)-1].(string)
	return strings.HasSuffix(strings.ToLower(key), "template") && isPodTemplate(value)
}

func isPodTemplate(value map[string]any) bool {
	spec, _ := value["spec"].(map[string]any)
	containers, _ := spec["containers"].([]any)
	return len(containers) > 0 && !slices.ContainsFunc(containers, func(container any) bool {
		fields, _ := container.(map[string]any)
		image, _ := fields["image"].(string)
		return image == ""
	})
}

// podOf is the Pod of a template. It is called as its template or, where that has no
// name, as the object.
func podOf(object *manifest.Object, template map[string]any) map[string]any {
	written, _ := template["metadata"].(map[string]any)
	metadata := maps.Clone(written)
	if metadata == nil {
		metadata = map[string]any{}
	}
	if name, _ := metadata["name"].(string); name == "" {
		metadata["name"] = object.Name()
	}
	if namespace := object.Namespace(); namespace != "" {
		metadata["namespace"] = namespace
	}
	return map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
}
