package generate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
)

const syncAnnotation = "metadata.gatekeeper.sh/requires-sync-data"

// template is the ConstraintTemplate of a rule. The Rego goes into it byte for byte.
func (r *rule) template() (File, error) {
	annotations := []any{
		"metadata.gatekeeper.sh/title", r.title,
		policy.VersionAnnotation, r.version(),
		"description", r.description,
		policy.RuleAnnotation, r.ID,
		policy.SeverityAnnotation, r.Severity,
	}
	if len(r.RequiresSyncData) > 0 {
		text, err := json.MarshalIndent(r.RequiresSyncData, "", "  ")
		if err != nil {
			return File{}, fmt.Errorf("%s: custom.requiresSyncData: %w", r.dir(), err)
		}
		annotations = append(annotations, syncAnnotation, string(text))
	}
	// A constraint without spec.parameters gets the defaults of the properties only
	// if the schema itself has one.
	schema := maps.Clone(r.schema)
	schema["default"] = map[string]any{}

	source := []any{"version", "v1", "rego", literal(string(r.module.text))}
	if len(r.libs) > 0 {
		libs := list()
		for _, lib := range r.libs {
			libs.Content = append(libs.Content, literal(string(lib.text)))
		}
		source = append(source, "libs", libs)
	}
	text, err := encode(mapping(
		"apiVersion", policy.TemplateGroup+"/v1",
		"kind", "ConstraintTemplate",
		"metadata", mapping("name", strings.ToLower(r.Kind), "annotations", mapping(annotations...)),
		"spec", mapping(
			"crd", mapping("spec", mapping(
				"names", mapping("kind", r.Kind),
				"validation", mapping("openAPIV3Schema", schemaNode(schema)),
			)),
			"targets", list(mapping(
				"target", policy.Target,
				"code", list(mapping("engine", "Rego", "source", mapping(source...))),
			)),
		),
	))
	if err != nil {
		return File{}, fmt.Errorf("%s: template: %w", r.dir(), err)
	}
	file := File{
		Path:    "templates/" + r.ID + ".yaml",
		Content: []byte("# " + notice(r.dir()) + "\n" + text),
	}
	return file, r.checkTemplate(file)
}

// checkTemplate reads a template back: it must load, and its Rego and schema be what
// went in.
func (r *rule) checkTemplate(file File) error {
	objects, err := manifest.Read(file.Path, bytes.NewReader(file.Content))
	if err != nil {
		return err
	}
	if len(objects) != 1 {
		return fmt.Errorf("%s: got %d objects, want 1", file.Path, len(objects))
	}
	if _, err := policy.NewTemplate(objects[0]); err != nil {
		return err
	}
	want := map[string]any{"version": "v1", "rego": string(r.module.text)}
	var libs []any
	for _, lib := range r.libs {
		libs = append(libs, string(lib.text))
	}
	if libs != nil {
		want["libs"] = libs
	}
	var read struct {
		Spec struct {
			Targets []struct {
				Code []struct{ Source map[string]any }
			}
		}
	}
	if err := yaml.Unmarshal(file.Content, &read); err != nil {
		return fmt.Errorf("%s: %w", file.Path, err)
	}
	if got := read.Spec.Targets[0].Code[0].Source; !reflect.DeepEqual(got, want) {
		return fmt.Errorf("%s: the Rego of %s changes on its way through YAML", file.Path, r.dir())
	}
	return nil
}
