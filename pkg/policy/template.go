package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

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
	Kind       string   // of its constraints
	Rule       string   // id of the rule in reports: the annotation, else Kind
	Severity   string   // "" unless the annotation says
	Operations []string // admission operations; none means all
	Digest     string   // of the code: equal for equal code

	body    func() body
	builtIn bool // the body can be read again
}

// ReadsWorkloads reports whether the template judges the pods of workloads by itself, where
// it matches them, as all of memgate's own do.
func (t *Template) ReadsWorkloads() bool { return t.Rule != t.Kind }

// body is what most runs with built-in templates do not need: it is read when it is asked
// for.
type body struct {
	code       []Code
	parameters *Schema
	source     *manifest.Object
}

// Code is the code of the template, in its order. It must not be modified.
func (t *Template) Code() []Code { return t.body().code }

// Parameters is the schema of spec.parameters; nil if the template has none.
func (t *Template) Parameters() *Schema { return t.body().parameters }

// Source is where the template was read.
func (t *Template) Source() *manifest.Object { return t.body().source }

// templateYAML is a ConstraintTemplate of any version, as far as it is read. The
// framework's own types are not used: they link k8s.io/apiserver.
type templateYAML struct {
	Metadata struct {
		Name        string            `json:"name"`
		Annotations map[string]string `json:"annotations"`
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
	Target     string   `json:"target"`
	Rego       string   `json:"rego"`
	Libs       []string `json:"libs"`
	Code       []Code   `json:"code"`
	Operations []string `json:"operations"`
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
	code := target.code()
	digest, err := digestOf(code)
	if err != nil {
		return nil, Fault(object, []any{"spec", "targets", 0, "code"}, "template %q: %v", name, err)
	}
	t := &Template{
		Kind: kind, Rule: kind, Severity: read.Metadata.Annotations[SeverityAnnotation],
		Operations: target.Operations, Digest: digest,
		body: func() body { return body{code, schema, object} },
	}
	if rule := read.Metadata.Annotations[RuleAnnotation]; rule != "" {
		t.Rule = rule
	}
	return t, nil
}

// typeFault shortens encoding/json's text for a field of the wrong type.
func typeFault(err error) error {
	if wrong, ok := err.(*json.UnmarshalTypeError); ok {
		return fmt.Errorf("%s: got %s, want %s", wrong.Field, wrong.Value, wrong.Type)
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}
