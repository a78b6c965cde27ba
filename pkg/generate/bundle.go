package generate

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
)

const kustomization = "kustomization.yaml"

// packs are the bundles as kustomize renders them. files has the templates, which the
// constraints must fit.
func packs(root string, rules []*rule, files []File) ([]File, error) {
	fsys := os.DirFS(root)
	if err := checkBundles(fsys, rules); err != nil {
		return nil, err
	}
	found, err := fs.Glob(fsys, "bundles/*/"+kustomization)
	if err != nil {
		return nil, err
	}
	var (
		rendered []File
		faults   []error
		has      = map[string]bool{} // kinds in baseline or strict
	)
	for _, file := range found {
		dir := path.Dir(file)
		text, err := kustomize(root, dir)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		pack := File{
			Path:    "pkg/policy/pack/" + path.Base(dir) + ".yaml",
			Content: append([]byte("# "+notice(dir)+"\n"), text...),
		}
		set, err := load(append(slices.Clone(files), pack))
		if err != nil {
			faults = append(faults, err)
			continue
		}
		for _, c := range set.Constraints {
			switch path.Base(dir) {
			case "strict":
				if c.EnforcementAction() != string(policy.Deny) {
					faults = append(faults, policy.Fault(c.Source, []any{"spec", "enforcementAction"}, "constraint %q: got action %q, want deny", c.Name, c.EnforcementAction()))
				}
				has[c.Kind()] = true
			case "baseline":
				has[c.Kind()] = true
			}
		}
		rendered = append(rendered, pack)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	for _, r := range rules {
		if !has[r.Kind] {
			faults = append(faults, fmt.Errorf("%s: no constraint in bundles/baseline or bundles/strict, want one in bundles/baseline/%s.yaml", r.dir(), r.ID))
		}
	}
	return rendered, errors.Join(faults...)
}

// load makes a policy set of templates and constraints; other files are passed over.
func load(files []File) (*policy.Set, error) {
	var objects []*manifest.Object
	for _, file := range files {
		if path.Ext(file.Path) != ".yaml" {
			continue
		}
		found, err := manifest.Read(file.Path, bytes.NewReader(file.Content))
		if err != nil {
			return nil, err
		}
		objects = append(objects, found...)
	}
	return policy.NewSet(objects)
}

// kustomize renders a bundle with the kustomize that tools/go.mod pins.
func kustomize(root, dir string) ([]byte, error) {
	cmd := exec.Command("go", "tool", "-modfile=tools/go.mod", "kustomize", "build", dir)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: kustomize build: %s: %w", dir, strings.TrimSpace(stderr.String()), err)
	}
	return text, nil
}

// checkBundles checks the files in bundles/ by the conventions of their names: one
// file for each rule, listed in the kustomization next to it.
func checkBundles(fsys fs.FS, rules []*rule) error {
	found, err := fs.Glob(fsys, "bundles/*/*.yaml")
	if err != nil {
		return err
	}
	var faults []error
	for _, file := range found {
		if path.Base(file) == kustomization {
			continue
		}
		if err := checkListed(fsys, file); err != nil {
			faults = append(faults, err)
		}
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		objects, err := manifest.Read(file, bytes.NewReader(text))
		if err != nil {
			faults = append(faults, err)
		}
		for _, object := range objects {
			if strings.HasPrefix(object.APIVersion(), policy.ConstraintGroup+"/") {
				faults = append(faults, checkConstraint(file, object, rules)...)
			}
		}
	}
	return errors.Join(faults...)
}

func checkListed(fsys fs.FS, file string) error {
	list := path.Join(path.Dir(file), kustomization)
	text, err := fs.ReadFile(fsys, list)
	if err != nil {
		return fmt.Errorf("%s: %w", list, err)
	}
	var read struct {
		Resources []string `yaml:"resources"`
	}
	if err := yaml.Unmarshal(text, &read); err != nil {
		return fmt.Errorf("%s: %w", list, err)
	}
	if !slices.Contains(read.Resources, path.Base(file)) {
		return fmt.Errorf("%s: not listed in the resources of %s", file, list)
	}
	return nil
}

// checkConstraint checks a constraint as it is written: kind and file are those of a
// rule, and its name ends with the level that it returns and, but for strict, enforces.
func checkConstraint(file string, object *manifest.Object, rules []*rule) []error {
	i := slices.IndexFunc(rules, func(r *rule) bool { return r.Kind == object.Kind() })
	if i < 0 {
		return []error{policy.Fault(object, []any{"kind"}, "kind %q: no rule has it", object.Kind())}
	}
	var (
		faults []error
		id     = rules[i].ID
		name   = object.Name()
	)
	if path.Base(file) != id+".yaml" {
		faults = append(faults, policy.Fault(object, []any{"kind"}, "kind %q: want it in %s/%s.yaml", object.Kind(), path.Dir(file), id))
	}
	level, ok := strings.CutPrefix(name, id+"-")
	if !ok || level != "deny" && level != "warn" {
		return append(faults, policy.Fault(object, []any{"metadata", "name"}, "metadata.name: got %q, want %s-deny or %s-warn", name, id, id))
	}
	spec, _ := object.Value["spec"].(map[string]any)
	parameters, _ := spec["parameters"].(map[string]any)
	if levels, _ := parameters["levels"].([]any); len(levels) != 1 || levels[0] != level {
		faults = append(faults, policy.Fault(object, []any{"spec", "parameters", "levels"}, "spec.parameters.levels of %q: got %v, want [%s]", name, parameters["levels"], level))
	}
	want := level
	if path.Base(path.Dir(file)) == "strict" {
		want = "deny"
	}
	if action, _ := spec["enforcementAction"].(string); action != want {
		faults = append(faults, policy.Fault(object, []any{"spec", "enforcementAction"}, "spec.enforcementAction of %q: got %q, want %q", name, action, want))
	}
	return faults
}
