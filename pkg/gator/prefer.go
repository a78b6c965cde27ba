package gator

import (
	"maps"
	"slices"

	"github.com/memgate/memgate/pkg/engine/cel"
	"github.com/memgate/memgate/pkg/manifest"
)

// preferCEL is a template without the code that gator does not run where there is CEL. What
// is left stays at its path, so that its places are right. What is no such template is
// returned as it is.
func preferCEL(object *manifest.Object) *manifest.Object {
	spec, _ := object.Value["spec"].(map[string]any)
	targets, _ := spec["targets"].([]any)
	if len(targets) != 1 {
		return object
	}
	target, _ := targets[0].(map[string]any)
	code, _ := target["code"].([]any)
	isCEL := func(entry any) bool {
		fields, _ := entry.(map[string]any)
		return fields["engine"] == cel.Engine
	}
	if !slices.ContainsFunc(code, isCEL) {
		return object
	}
	left := slices.Clone(code)
	for i, entry := range left {
		if !isCEL(entry) {
			left[i] = map[string]any{"engine": "none"}
		}
	}
	target, spec, value := maps.Clone(target), maps.Clone(spec), maps.Clone(object.Value)
	delete(target, "rego")
	target["code"] = left
	spec["targets"] = []any{target}
	value["spec"] = spec
	return object.WithValue(value)
}
