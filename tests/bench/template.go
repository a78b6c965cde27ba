package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/open-policy-agent/frameworks/constraint/pkg/apis/templates/v1"
	"github.com/open-policy-agent/frameworks/constraint/pkg/apis/templates/v1beta1"
	"github.com/open-policy-agent/frameworks/constraint/pkg/client/drivers/rego/schema"
	"github.com/open-policy-agent/frameworks/constraint/pkg/core/templates"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

const (
	templateGroup   = "templates.gatekeeper.sh"
	constraintGroup = "constraints.gatekeeper.sh"
)

// A template is a ConstraintTemplate with Rego and the parameters that it is measured
// with.
type template struct {
	group, id  string // of the rule; of a peer there is no group, and the id is its name
	parsed     *templates.ConstraintTemplate
	parameters map[string]any // none: every property has its default
}

func (t template) kind() string { return t.parsed.Spec.CRD.Spec.Names.Kind }

// ownTemplates are memgate's, by group and id.
func ownTemplates(root string) ([]template, error) {
	paths, err := filepath.Glob(filepath.Join(root, "templates/*.yaml"))
	if err != nil {
		return nil, err
	}
	var own []template
	for _, path := range paths {
		objects, err := read(path)
		if err != nil {
			return nil, err
		}
		id := strings.TrimSuffix(filepath.Base(path), ".yaml")
		rules, err := filepath.Glob(filepath.Join(root, "policies/*", strings.ReplaceAll(id, "-", "_")))
		if err != nil {
			return nil, err
		}
		if len(rules) != 1 || len(objects) != 1 {
			return nil, fmt.Errorf("%s: %d objects and %d rules of the name %s, want 1 of each", path, len(objects), len(rules), id)
		}
		parsed, err := toTemplate(objects[0])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		own = append(own, template{group: filepath.Base(filepath.Dir(rules[0])), id: id, parsed: parsed})
	}
	slices.SortFunc(own, func(a, b template) int { return strings.Compare(a.group+"/"+a.id, b.group+"/"+b.id) })
	return own, nil
}

// peerTemplates are those with Rego below a folder of suites, by path, and the objects of
// their samples. A template gets the parameters of the first constraint of its kind that
// lies below its own folder.
func peerTemplates(suites string) ([]template, []*unstructured.Unstructured, error) {
	var (
		peers   []template
		samples []*unstructured.Unstructured
	)
	err := filepath.WalkDir(suites, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Base(path) != "template.yaml" {
			return err
		}
		found, err := read(path)
		if err != nil {
			return err
		}
		beside, err := readTree(filepath.Dir(path))
		if err != nil {
			return err
		}
		samples = append(samples, slices.DeleteFunc(slices.Clone(beside), notReviewed)...)
		for _, object := range found {
			parsed, err := toTemplate(object)
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			if !hasRego(parsed) {
				continue
			}
			peer := template{id: parsed.Name, parsed: parsed}
			for _, constraint := range beside {
				if isPolicy(constraint) && constraint.GetKind() == peer.kind() {
					peer.parameters, _, _ = unstructured.NestedMap(constraint.Object, "spec", "parameters")
					break
				}
			}
			peers = append(peers, peer)
		}
		return nil
	})
	return peers, samples, err
}

// emptyTemplate finds nothing in anything: what it costs, every template does.
func emptyTemplate() (template, error) {
	parsed, err := toTemplate(&unstructured.Unstructured{Object: map[string]any{
		"apiVersion": templateGroup + "/v1",
		"kind":       "ConstraintTemplate",
		"metadata":   map[string]any{"name": "empty"},
		"spec": map[string]any{
			"crd": map[string]any{"spec": map[string]any{"names": map[string]any{"kind": "Empty"}}},
			"targets": []any{map[string]any{
				"target": "admission.k8s.gatekeeper.sh",
				"code": []any{map[string]any{
					"engine": schema.Name,
					"source": map[string]any{"version": "v1", "rego": "package empty\n\nviolation contains {\"msg\": \"\"} if false\n"},
				}},
			}},
		},
	}})
	return template{id: "empty", parsed: parsed}, err
}

// examples are the manifests beside memgate's rules.
func examples(root string) ([]*unstructured.Unstructured, error) {
	folders, err := filepath.Glob(filepath.Join(root, "policies/*/*/examples"))
	if err != nil {
		return nil, err
	}
	var all []*unstructured.Unstructured
	for _, folder := range folders {
		objects, err := readTree(folder)
		if err != nil {
			return nil, err
		}
		all = append(all, objects...)
	}
	return slices.DeleteFunc(all, notReviewed), nil
}

func hasRego(t *templates.ConstraintTemplate) bool {
	for _, target := range t.Spec.Targets {
		for _, code := range target.Code {
			if code.Engine == schema.Name {
				return true
			}
		}
	}
	return false
}

func isPolicy(o *unstructured.Unstructured) bool {
	group := o.GroupVersionKind().Group
	return group == templateGroup || group == constraintGroup
}

// notReviewed are the documents of a folder that are no objects for a rule: policies,
// suites, and requests, which audit does not see.
func notReviewed(o *unstructured.Unstructured) bool {
	return isPolicy(o) || o.GetKind() == "AdmissionReview" || o.GroupVersionKind().Group == "test.gatekeeper.sh"
}

// toTemplate converts and defaults a template as Gatekeeper does on admission.
func toTemplate(o *unstructured.Unstructured) (*templates.ConstraintTemplate, error) {
	text, err := o.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var versioned interface {
		ToVersionless() (*templates.ConstraintTemplate, error)
	}
	switch group, version := o.GroupVersionKind().Group, o.GroupVersionKind().Version; {
	case group == templateGroup && version == "v1":
		versioned = &v1.ConstraintTemplate{}
	case group == templateGroup && version == "v1beta1":
		versioned = &v1beta1.ConstraintTemplate{}
	default:
		return nil, fmt.Errorf("%s %s, want a ConstraintTemplate of v1 or v1beta1", o.GetAPIVersion(), o.GetKind())
	}
	if err := json.Unmarshal(text, versioned); err != nil {
		return nil, err
	}
	return versioned.ToVersionless()
}

// readTree returns the objects of all YAML files below a folder.
func readTree(root string) ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" {
			return err
		}
		objects, err := read(path)
		all = append(all, objects...)
		return err
	})
	return all, err
}

// read returns the objects of a YAML file.
func read(path string) ([]*unstructured.Unstructured, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var objects []*unstructured.Unstructured
	for documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text))); ; {
		document, err := documents.Read()
		if err == io.EOF {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		text, err := yaml.YAMLToJSON(document)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if string(text) == "null" {
			continue
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(text); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		objects = append(objects, object)
	}
}
