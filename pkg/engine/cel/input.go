package cel

import "github.com/google/cel-go/common/types"

// An input is a request, with what expressions see of it made when it is first read.
type input struct {
	request   Request
	admission map[string]any
	ns        any // nil until it is read
}

// object is null on DELETE, as in a ValidatingAdmissionPolicy, though Gatekeeper's
// reviews have the old object there.
func (in *input) object() any {
	if in.request.Review["operation"] == "DELETE" {
		return nil
	}
	return in.request.Review["object"]
}

func (in *input) params() any {
	if in.request.Constraint != nil {
		return in.request.Constraint
	}
	return map[string]any{"spec": map[string]any{"parameters": in.request.Parameters}}
}

// admissionRequest is what the API server makes of Gatekeeper's review: the kind and the
// resource of the request are those of the object, whatever the client asked for.
func (in *input) admissionRequest() map[string]any {
	if in.admission != nil {
		return in.admission
	}
	review := in.request.Review
	dryRun, _ := review["dryRun"].(bool)
	in.admission = map[string]any{
		"uid":             "",
		"kind":            review["kind"],
		"resource":        review["resource"],
		"requestKind":     review["kind"],
		"requestResource": review["resource"],
		"operation":       "",
		"userInfo":        review["userInfo"],
		"object":          nil,
		"oldObject":       nil,
		"dryRun":          dryRun,
		"options":         review["options"],
	}
	switch operation := review["operation"]; operation {
	case "CREATE", "UPDATE", "DELETE", "CONNECT":
		in.admission["operation"] = operation
	}
	for field, from := range map[string]string{"name": "name", "namespace": "namespace", "subResource": "subResource", "requestSubResource": "subResource"} {
		if text, _ := review[from].(string); text != "" {
			in.admission[field] = text
		}
	}
	return in.admission
}

// namespace is null without a Namespace. Else it has the fields that the API server shows
// (CreateNamespaceObject), and is an error if they have not the types of a Namespace's:
// Gatekeeper goes on without one then.
func (in *input) namespace() any {
	if in.ns == nil {
		in.ns = namespaceObject(in.request.Review["namespaceObject"])
	}
	return in.ns
}

func namespaceObject(value any) any {
	namespace, _ := value.(map[string]any)
	if len(namespace) == 0 {
		return types.NullValue
	}
	metadata, _ := namespace["metadata"].(map[string]any)
	spec, _ := namespace["spec"].(map[string]any)
	status, _ := namespace["status"].(map[string]any)
	for _, field := range []string{"labels", "annotations"} {
		entries, ok := metadata[field].(map[string]any)
		if !ok && metadata[field] != nil {
			return types.NewErr("namespaceObject.metadata.%s: got %s, want an object", field, describe(metadata[field]))
		}
		for key, entry := range entries {
			if _, ok := entry.(string); !ok {
				return types.NewErr("namespaceObject.metadata.%s[%q]: got %s, want a string", field, key, describe(entry))
			}
		}
	}
	shown := filled(status, "phase", "conditions")
	if conditions, ok := shown["conditions"].([]any); ok {
		shown["conditions"] = namespaceConditions(conditions)
	}
	return map[string]any{
		"metadata": filled(metadata, "name", "generateName", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp",
			"deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "finalizers"),
		"spec":   filled(spec, "finalizers"),
		"status": shown,
	}
}

func namespaceConditions(conditions []any) []any {
	shown := make([]any, len(conditions))
	for i, entry := range conditions {
		condition, _ := entry.(map[string]any)
		fields := filled(condition, "lastTransitionTime", "reason", "message")
		for _, name := range []string{"type", "status"} {
			text, _ := condition[name].(string)
			fields[name] = text
		}
		shown[i] = fields
	}
	return shown
}

// filled are those of some fields that are not empty.
func filled(fields map[string]any, names ...string) map[string]any {
	found := map[string]any{}
	for _, name := range names {
		switch value := fields[name].(type) {
		case nil:
		case string:
			if value != "" {
				found[name] = value
			}
		case []any:
			if len(value) > 0 {
				found[name] = value
			}
		case map[string]any:
			if len(value) > 0 {
				found[name] = value
			}
		default:
			found[name] = value
		}
	}
	return found
}
