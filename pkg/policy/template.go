package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	regoschema "github.com/open-policy-agent/frameworks/constraint/pkg/client/drivers/rego/schema"
	"github.com/open-policy-agent/frameworks/constraint/pkg/core/templates"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/memgate/memgate/pkg/manifest"
)

// Target is the only target that a template may name: Gatekeeper's.
const Target = "admission.k8s.gatekeeper.sh"

// TemplateGroup is the API group of ConstraintTemplates.
const TemplateGroup = "templates.gatekeeper.sh"

// Annotations that memgate's own templates carry beside the Gatekeeper library's.
const (
	RuleAnnotation     = "memgate.github.io/rule"     // id of the rule, e.g. shm-volume-required
	SeverityAnnotation = "memgate.github.io/severity" // low, medium, high or critical
	VersionAnnotation  = "metadata.gatekeeper.sh/version"
)

// A Template is a ConstraintTemplate. It is immutable once made and safe for
// concurrent use.
type Template struct {
	Kind       string           // of its constraints
	Rule       string           // id of the rule in reports: the annotation, else Kind
	Severity   string           // "" unless the annotation says
	Operations []string         // admission operations; none means all
	Code       []templates.Code // in the order of the template
	Parameters *Schema          // of spec.parameters; nil if the template has none
	Source     *manifest.Object // where it was read
	core       *templates.ConstraintTemplate
}

// Core is the template as the constraint framework's drivers take it. Its schema is
// left out: constraints are checked here. It must not be modified.
func (t *Template) Core() *templates.ConstraintTemplate { return t.core }

// Has reports whether the template has code for an engine, such as Rego.
func (t *Template) Has(engine string) bool {
	for _, code := range t.Code {
		if code.Engine == engine {
			return true
		}
	}
	return false
}

// templateYAML is a ConstraintTemplate of any version, as far as it is read. The
// framework's own types are not used: they link k8s.io/apiserver.
type templateYAML struct {
	Metadata struct {
		Name        string            `json:"name"`
		Annotations map[string]string `json:"annotations"`
		Labels      map[string]string `json:"labels"`
	} `json:"metadata"`
	Spec struct {
		CRD struct {
			Spec struct {
				Names struct {
					Kind string `json:"kind"`
				} `json:"names"`
				Validation struct {
					LegacySchema *bool   `json:"legacySchema"`
					Schema       *Schema `json:"openAPIV3Schema"`
				} `json:"validation"`
			} `json:"spec"`
		} `json:"crd"`
		Targets []targetYAML `json:"targets"`
	} `json:"spec"`
}

type targetYAML struct {
	Target     string           `json:"target"`
	Rego       string           `json:"rego"`
	Libs       []string         `json:"libs"`
	Code       []templates.Code `json:"code"`
	Operations []string         `json:"operations"`
}

// NewTemplate makes a Template of a ConstraintTemplate manifest. An error is an
// *Error at the field that is wrong.
func NewTemplate(object *manifest.Object) (*Template, error) {
	text, err := json.Marshal(object.Value)
	if err != nil {
		return nil, Fault(object, nil, "template %q: %v", object.Name(), err)
	}
	var read templateYAML
	if err := json.Unmarshal(text, &read); err != nil {
		return nil, Fault(object, []any{"spec"}, "template %q: %v", object.Name(), typeFault(err))
	}
	name, kind := read.Metadata.Name, read.Spec.CRD.Spec.Names.Kind
	switch {
	case kind == "":
		return nil, Fault(object, []any{"spec", "crd", "spec", "names", "kind"}, "template %q: spec.crd.spec.names.kind is missing", name)
	case !strings.EqualFold(name, kind):
		return nil, Fault(object, []any{"metadata", "name"}, "template %q: got this name for kind %q, want %q", name, kind, strings.ToLower(kind))
	case len(read.Spec.Targets) != 1:
		return nil, Fault(object, []any{"spec", "targets"}, "template %q: got %d targets, want one", name, len(read.Spec.Targets))
	}
	target := read.Spec.Targets[0]
	if target.Target != Target {
		return nil, Fault(object, []any{"spec", "targets", 0, "target"}, "template %q: target %q not known, want %q", name, target.Target, Target)
	}
	schema := read.Spec.CRD.Spec.Validation.Schema
	// Before v1 the schema is a legacy one unless the template says otherwise.
	legacy := object.APIVersion() != TemplateGroup+"/v1"
	if says := read.Spec.CRD.Spec.Validation.LegacySchema; says != nil {
		legacy = *says
	}
	if legacy {
		if schema == nil {
			schema = &Schema{}
		}
		schema.preserveUnknown()
	}
	if err := schema.compile(); err != nil {
		return nil, Fault(object, []any{"spec", "crd", "spec", "validation", "openAPIV3Schema"}, "template %q: %v", name, err)
	}
	t := &Template{
		Kind: kind, Rule: kind, Severity: read.Metadata.Annotations[SeverityAnnotation],
		Operations: target.Operations, Code: target.code(), Parameters: schema, Source: object,
	}
	if rule := read.Metadata.Annotations[RuleAnnotation]; rule != "" {
		t.Rule = rule
	}
	t.core = &templates.ConstraintTemplate{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: read.Metadata.Annotations, Labels: read.Metadata.Labels},
		Spec: templates.ConstraintTemplateSpec{
			CRD:     templates.CRD{Spec: templates.CRDSpec{Names: templates.Names{Kind: kind}}},
			Targets: []templates.Target{{Target: target.Target, Code: t.Code}},
		},
	}
	return t, nil
}

// code is the code of a target. The older fields rego and libs stand for Rego v0 code
// and replace a Rego entry of code, as the framework's conversion does.
func (t targetYAML) code() []templates.Code {
	if t.Rego == "" {
		return t.Code
	}
	source := regoschema.Source{Rego: t.Rego, Libs: t.Libs}
	rego := templates.Code{Engine: regoschema.Name, Source: &templates.Anything{Value: source.ToUnstructured()}}
	for i := range t.Code {
		if t.Code[i].Engine == regoschema.Name {
			t.Code[i] = rego
			return t.Code
		}
	}
	return append(t.Code, rego)
}

// CodeAt is the path of a Rego source in the template: of the template's own module
// for lib -1, else of that lib.
func (t *Template) CodeAt(lib int) []any {
	path := []any{"spec", "targets", 0}
	if targets, ok := t.Source.Value["spec"].(map[string]any)["targets"].([]any); ok {
		target, _ := targets[0].(map[string]any)
		if text, _ := target["rego"].(string); text == "" {
			for i, code := range t.Code {
				if code.Engine == regoschema.Name {
					path = append(path, "code", i, "source")
					break
				}
			}
		}
	}
	if lib < 0 {
		return append(path, "rego")
	}
	return append(path, "libs", lib)
}

// typeFault shortens encoding/json's text for a field of the wrong type.
func typeFault(err error) error {
	if wrong, ok := err.(*json.UnmarshalTypeError); ok {
		return fmt.Errorf("%s: got %s, want %s", wrong.Field, wrong.Value, wrong.Type)
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}
