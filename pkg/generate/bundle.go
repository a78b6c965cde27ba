package generate

import (
	"bytes"
	"encoding/json"
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

// A bundle is a directory of bundles/ with a kustomization, and what it renders to.
type bundle struct {
	name  string
	about string // the comment at the head of the kustomization
	set   *policy.Set
	pack  File // for the binary: the constraints with all defaults

	// expands says that it holds expansion templates: it means nothing offline, and
	// is not in the binary.
	expands bool
}

// readBundles renders the bundles, in order of name. files has the templates, which the
// constraints must fit.
func readBundles(root string, rules []*rule, files []File) ([]*bundle, error) {
	fsys := os.DirFS(root)
	if err := checkBundles(fsys, rules); err != nil {
		return nil, err
	}
	found, err := fs.Glob(fsys, "bundles/*/"+kustomization)
	if err != nil {
		return nil, err
	}
	var (
		bundles []*bundle
		faults  []error
	)
	for _, file := range found {
		b, err := readBundle(root, path.Dir(file), files)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		bundles = append(bundles, b)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	for _, r := range rules {
		for _, name := range []string{r.group, "strict"} {
			if !slices.ContainsFunc(bundles, func(b *bundle) bool { return b.name == name && b.has(r) }) {
				faults = append(faults, fmt.Errorf("%s: no constraint in bundles/%s, want it listed there as %s.yaml and the bundle in strict", r.dir(), name, r.ID))
			}
		}
	}
	return bundles, errors.Join(faults...)
}

func readBundle(root, dir string, files []File) (*bundle, error) {
	text, err := kustomize(root, dir)
	if err != nil {
		return nil, err
	}
	written, err := os.ReadFile(path.Join(root, dir, kustomization))
	if err != nil {
		return nil, err
	}
	b := &bundle{name: path.Base(dir), about: headComment(string(written))}
	if b.about == "" {
		return nil, fmt.Errorf("%s/%s: want a comment at its head that says what the bundle is for", dir, kustomization)
	}
	rendered := File{Path: dir + "/rendered.yaml", Content: text}
	if b.set, err = load(append(slices.Clone(files), rendered)); err != nil {
		return nil, err
	}
	b.pack.Path = "bundles/" + b.name + ".json"
	for _, c := range b.set.Constraints {
		line, err := json.Marshal(c.Object)
		if err != nil {
			return nil, err
		}
		b.pack.Content = append(append(b.pack.Content, line...), '\n')
	}
	b.expands = bytes.Contains(text, []byte("\nkind: ExpansionTemplate\n"))
	var faults []error
	for _, c := range b.set.Constraints {
		if b.name == "strict" && c.EnforcementAction() != string(policy.Deny) {
			faults = append(faults, policy.Fault(c.Source, []any{"spec", "enforcementAction"}, "constraint %q: got action %q, want deny", c.Name, c.EnforcementAction()))
		}
	}
	return b, errors.Join(faults...)
}

// headComment is the comment that a file begins with, without its marks.
func headComment(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		comment, ok := strings.CutPrefix(line, "#")
		if !ok {
			break
		}
		lines = append(lines, strings.TrimSpace(comment))
	}
	return strings.Join(lines, "\n")
}

// has reports whether a constraint of a rule is in the bundle.
func (b *bundle) has(r *rule) bool {
	return slices.ContainsFunc(b.set.Constraints, func(c *policy.Constraint) bool { return c.Kind() == r.Kind })
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
		if path.Base(file) == kustomization || path.Base(file) == syncSetFile {
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
// rule, and its name ends with the level that it returns and enforces.
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
	if labels, _ := object.Value["metadata"].(map[string]any)["labels"].(map[string]any); (labels[judgesLabel] == workloads) != matchesWorkloads(spec) {
		faults = append(faults, policy.Fault(object, []any{"metadata", "labels"}, "metadata.labels of %q: want %s: %s if it matches Pods and what makes them, and only then", name, judgesLabel, workloads))
	}
	if action, _ := spec["enforcementAction"].(string); action != level {
		faults = append(faults, policy.Fault(object, []any{"spec", "enforcementAction"}, "spec.enforcementAction of %q: got %q, want %q", name, action, level))
	}
	return faults
}

// judgesLabel is by which the overlays of bundles find the constraints that match all
// workloads.
const (
	judgesLabel = "memgate.github.io/judges"
	workloads   = "workloads"
)

// matchesWorkloads reports whether spec.match names the kind Pod and one of those that make
// Pods.
func matchesWorkloads(spec map[string]any) bool {
	named := map[any]bool{}
	match, _ := spec["match"].(map[string]any)
	entries, _ := match["kinds"].([]any)
	for _, entry := range entries {
		fields, _ := entry.(map[string]any)
		kinds, _ := fields["kinds"].([]any)
		for _, kind := range kinds {
			named[kind] = true
		}
	}
	return named["Pod"] && (named["Deployment"] || named["DaemonSet"])
}
