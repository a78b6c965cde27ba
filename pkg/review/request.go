package review

import (
	"fmt"
	"maps"
)

// FromRequest is the review of an AdmissionRequest, decoded from JSON. On DELETE the
// object is the old object, as templates for Gatekeeper expect. The namespace of a
// request for a Namespace is dropped, as Gatekeeper does (gatekeeper issue 792). An error
// begins with "request".
func FromRequest(request map[string]any, namespace map[string]any) (*Review, error) {
	seen := requestFields(request)
	r := &Review{Request: seen, Namespace: namespace, Source: Original}
	r.Operation, _ = seen["operation"].(string)
	requested, _ := seen["namespace"].(string)
	if kind, _ := seen["kind"].(map[string]any); kind["kind"] == "Namespace" && kind["group"] == "" {
		delete(seen, "namespace")
		requested, r.Namespace = "", nil
	}
	object, err := objectField(seen, "object")
	if err != nil {
		return nil, err
	}
	old, err := objectField(seen, "oldObject")
	if err != nil {
		return nil, err
	}
	if r.Operation == "DELETE" {
		if old == nil {
			return nil, &requestError{[]any{"operation"}, "operation is DELETE and oldObject is missing"}
		}
		seen["object"], object, old = old, old, nil
	}
	for _, o := range []map[string]any{object, old} {
		if o != nil {
			s := newSubject(o)
			if s.namespace == "" && !s.isNamespace() {
				s.namespace = requested
			}
			r.subjects = append(r.subjects, s)
		}
	}
	if len(r.subjects) == 0 {
		return nil, &requestError{nil, "neither object nor oldObject is there"}
	}
	return r, nil
}

// A requestError is a fault of a request, at a path from there.
type requestError struct {
	path []any
	text string
}

func (e *requestError) Error() string { return "request: " + e.text }

func objectField(request map[string]any, field string) (map[string]any, error) {
	switch value := request[field].(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return value, nil
	default:
		return nil, &requestError{[]any{field}, fmt.Sprintf("%s: got %T, want an object", field, value)}
	}
}

// requestFields are the fields of a request as k8s.io/api/admission/v1 encodes them:
// some are always there, others only if they hold something, and unknown ones not at
// all.
func requestFields(request map[string]any) map[string]any {
	seen := map[string]any{
		"uid":       text(request["uid"]),
		"kind":      coordinates(request["kind"], "kind"),
		"resource":  coordinates(request["resource"], "resource"),
		"operation": text(request["operation"]),
		"userInfo":  filled(request["userInfo"], "username", "uid", "groups", "extra"),
		"object":    request["object"],
		"oldObject": request["oldObject"],
		"options":   request["options"],
	}
	for field, last := range map[string]string{"requestKind": "kind", "requestResource": "resource"} {
		if request[field] != nil {
			seen[field] = coordinates(request[field], last)
		}
	}
	if request["dryRun"] != nil {
		seen["dryRun"] = request["dryRun"]
	}
	maps.Copy(seen, filled(request, "subResource", "requestSubResource", "name", "namespace"))
	return seen
}

func text(value any) any {
	if value == nil {
		return ""
	}
	return value
}

// coordinates are the group, the version and the kind or resource of a request.
func coordinates(value any, last string) map[string]any {
	fields, _ := value.(map[string]any)
	return map[string]any{"group": text(fields["group"]), "version": text(fields["version"]), last: text(fields[last])}
}

// filled are those of some fields that are not empty.
func filled(value any, names ...string) map[string]any {
	fields, _ := value.(map[string]any)
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
