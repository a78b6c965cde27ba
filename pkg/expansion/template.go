// Package expansion makes of an object those that it stands for, as Gatekeeper's
// ExpansionTemplates describe: of a Deployment the Pod of its template. It knows neither
// constraints nor how what it makes is judged. Mutators, which Gatekeeper runs on what it
// has made, are not run.
package expansion

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
)

// template is an ExpansionTemplate.
type template struct {
	name      string
	applyTo   []schema.GroupVersionKind
	source    []string // keys from the root of the parent
	generated schema.GroupVersionKind
	action    string // "" leaves that of the constraint
}

// templateYAML is an ExpansionTemplate of any version, as far as it is read.
type templateYAML struct {
	Spec struct {
		ApplyTo []struct {
			Groups   []string `json:"groups"`
			Versions []string `json:"versions"`
			Kinds    []string `json:"kinds"`
		} `json:"applyTo"`
		TemplateSource string `json:"templateSource"`
		GeneratedGVK   struct {
			Group   string `json:"group"`
			Version string `json:"version"`
			Kind    string `json:"kind"`
		} `json:"generatedGVK"`
		EnforcementAction string `json:"enforcementAction"`
	} `json:"spec"`
}

// actions are those that may take the place of a constraint's own.
var actions = []policy.Action{"", policy.Deny, policy.Warn, policy.DryRun}

// wanted are the types of fields in words.
var wanted = map[reflect.Kind]string{reflect.Slice: "a list", reflect.String: "a text", reflect.Struct: "a mapping"}

// newTemplate reads an ExpansionTemplate. The rules are those of Gatekeeper's webhook
// (v3.23 pkg/expansion), which takes any enforcementAction and entries of applyTo that
// match nothing besides. An error is an *policy.Error at the field that is wrong.
func newTemplate(object *manifest.Object) (*template, error) {
	name := object.Name()
	fault := func(path []any, format string, args ...any) error {
		return policy.Fault(object, path, "ExpansionTemplate %q: "+format, append([]any{name}, args...)...)
	}
	switch group := kindOf(object.Value).Group; {
	case group == policy.MutatorGroup:
		return nil, policy.Fault(object, nil, "%s %q: mutators are not run on what is expanded; leave it out, or write what it sets", object.Kind(), name)
	case !policy.IsExpansionTemplate(object):
		return nil, policy.Fault(object, nil, "got %s %q, want an ExpansionTemplate", object.Kind(), name)
	case !slices.Contains([]string{"v1alpha1", "v1beta1"}, kindOf(object.Value).Version):
		return nil, fault([]any{"apiVersion"}, "apiVersion: got %q, want %s/v1beta1 or v1alpha1", object.APIVersion(), policy.ExpansionGroup)
	}
	text, err := json.Marshal(object.Value)
	if err != nil {
		return nil, fault(nil, "%v", err)
	}
	var read templateYAML
	if err := json.Unmarshal(text, &read); err != nil {
		var wrong *json.UnmarshalTypeError
		if !errors.As(err, &wrong) {
			return nil, fault([]any{"spec"}, "%v", err)
		}
		var path []any
		for key := range strings.SplitSeq(wrong.Field, ".") {
			path = append(path, key)
		}
		return nil, fault(path, "%s: got %s, want %s", wrong.Field, wrong.Value, wanted[wrong.Type.Kind()])
	}
	spec := read.Spec
	t := &template{
		name: name, source: strings.Split(spec.TemplateSource, "."), action: spec.EnforcementAction,
		generated: schema.GroupVersionKind{Group: spec.GeneratedGVK.Group, Version: spec.GeneratedGVK.Version, Kind: spec.GeneratedGVK.Kind},
	}
	switch {
	case name == "":
		return nil, fault([]any{"metadata", "name"}, "metadata.name is missing")
	case len(name) > 63:
		return nil, fault([]any{"metadata", "name"}, "metadata.name: got %d characters, want at most 63", len(name))
	case spec.TemplateSource == "":
		return nil, fault([]any{"spec", "templateSource"}, "spec.templateSource is missing, want a path such as spec.template")
	case t.generated.Version == "" || t.generated.Kind == "":
		return nil, fault([]any{"spec", "generatedGVK"}, "spec.generatedGVK: want a version and a kind")
	case len(spec.ApplyTo) == 0:
		return nil, fault([]any{"spec", "applyTo"}, "spec.applyTo is missing")
	case !slices.Contains(actions, policy.Action(t.action)):
		return nil, fault([]any{"spec", "enforcementAction"}, "spec.enforcementAction: got %q, want deny, warn, dryrun or none", t.action)
	}
	for i, entry := range spec.ApplyTo {
		before := len(t.applyTo)
		for _, group := range entry.Groups {
			for _, version := range entry.Versions {
				for _, kind := range entry.Kinds {
					t.applyTo = append(t.applyTo, schema.GroupVersionKind{Group: group, Version: version, Kind: kind})
				}
			}
		}
		if len(t.applyTo) == before {
			return nil, fault([]any{"spec", "applyTo", i}, "spec.applyTo[%d] matches nothing, want groups, versions and kinds", i)
		}
	}
	if t.appliesTo(t.generated) {
		return nil, fault([]any{"spec", "generatedGVK"}, "it makes %s and applies to the same", t.generated)
	}
	return t, nil
}

func (t *template) appliesTo(kind schema.GroupVersionKind) bool {
	return slices.Contains(t.applyTo, kind)
}

// kindOf reads apiVersion and kind of an object; what is no text is empty.
func kindOf(object map[string]any) schema.GroupVersionKind {
	version, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	return schema.FromAPIVersionAndKind(version, kind)
}
