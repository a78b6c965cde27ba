package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/memgate/memgate/pkg/manifest"
)

// ConstraintGroup is the API group of constraints.
const ConstraintGroup = "constraints.gatekeeper.sh"

// An Action is what a violation leads to.
type Action string

// The enforcement actions, from the mildest.
const (
	DryRun Action = "dryrun"
	Warn   Action = "warn"
	Deny   Action = "deny"
	scoped Action = "scoped"
)

// A Constraint is a constraint with the defaults of its template filled in. It is
// immutable once made and safe for concurrent use.
type Constraint struct {
	Template *Template
	Name     string
	Match    *Match           // nil matches everything
	Object   map[string]any   // with defaults; must not be modified
	Source   *manifest.Object // where it was read
	action   Action
	points   []scopedAction
	pods     []podKind
	labelled bool // as one that judges workloads by their pods
}

// podKind is a kind of which the parameters say where it embeds pod specs.
type podKind struct{ group, kind string }

type scopedAction struct {
	Action Action `json:"action"`
	Points []struct {
		Name string `json:"name"`
	} `json:"enforcementPoints"`
}

// Kind is the kind of the constraint.
func (c *Constraint) Kind() string { return c.Template.Kind }

// EnforcementAction is spec.enforcementAction as written, deny by default.
func (c *Constraint) EnforcementAction() string { return string(c.action) }

// Actions are the actions that the constraint takes at an enforcement point, sorted
// from the strictest; none if it is not enforced there. Those at AnyPoint are all that it
// takes somewhere.
func (c *Constraint) Actions(point string) []Action {
	if c.action != scoped {
		return []Action{c.action}
	}
	var found []Action
	for _, s := range c.points {
		for _, p := range s.Points {
			if (p.Name == AnyPoint || point == AnyPoint || p.Name == point) && !slices.Contains(found, s.Action) {
				found = append(found, s.Action)
			}
		}
	}
	slices.SortFunc(found, func(a, b Action) int { return rank(b) - rank(a) })
	return found
}

func rank(a Action) int { return slices.Index([]Action{DryRun, Warn, Deny}, a) }

// NewConstraint checks a constraint manifest against its template and fills in the
// defaults of its schema. An error is an *Error at the field that is wrong; more than
// one are joined.
func NewConstraint(template *Template, object *manifest.Object) (*Constraint, error) {
	return newConstraint(template, object, false)
}

// newConstraint makes a constraint. complete says that its parameters are known to fit the
// schema and to have the defaults filled in.
func newConstraint(template *Template, object *manifest.Object, complete bool) (*Constraint, error) {
	name := object.Name()
	fault := func(path []any, format string, args ...any) error {
		return Fault(object, path, "constraint %s/%s: %s", object.Kind(), name, fmt.Sprintf(format, args...))
	}
	if name == "" {
		return nil, fault([]any{"metadata", "name"}, "metadata.name is missing")
	}
	if bad := validation.IsDNS1123Subdomain(name); len(bad) > 0 {
		return nil, fault([]any{"metadata", "name"}, "metadata.name: got %q, want %s", name, bad[0])
	}
	if len(name) > 63 {
		return nil, fault([]any{"metadata", "name"}, "metadata.name: got %d characters, want at most 63", len(name))
	}
	if version := object.APIVersion(); version != ConstraintGroup+"/v1beta1" && version != ConstraintGroup+"/v1alpha1" {
		return nil, fault([]any{"apiVersion"}, "apiVersion: got %q, want %s/v1beta1", version, ConstraintGroup)
	}
	c := &Constraint{
		Template: template, Name: strings.Clone(name), Source: object, action: Deny,
		Object: deepCopy(object.Value).(map[string]any),
	}
	if _, found := c.Object["spec"]; !found {
		return c, nil
	}
	spec, ok := c.Object["spec"].(map[string]any)
	if !ok {
		return nil, fault([]any{"spec"}, "spec: got %s, want an object", describe(c.Object["spec"]))
	}
	for key := range spec {
		if !slices.Contains([]string{"match", "parameters", "enforcementAction", "scopedEnforcementActions"}, key) {
			return nil, fault([]any{"spec", key}, "unknown field spec.%s; have match, parameters, enforcementAction, scopedEnforcementActions", key)
		}
	}
	if match, found := spec["match"]; found {
		object, ok := match.(map[string]any)
		if !ok {
			return nil, fault([]any{"spec", "match"}, "spec.match: got %s, want an object", describe(match))
		}
		var err error
		if c.Match, err = NewMatch(object); err != nil {
			return nil, fault([]any{"spec", "match"}, "spec.match: %v", err)
		}
	}
	if err := c.readAction(spec); err != nil {
		return nil, fault([]any{"spec", "enforcementAction"}, "%v", err)
	}
	if !complete {
		if err := c.readParameters(spec, fault); err != nil {
			return c, err
		}
	}
	c.readPodKinds()
	return c, nil
}

// Parameters is spec.parameters with defaults, {} if there are none. It must not be
// modified.
func (c *Constraint) Parameters() any {
	spec, _ := c.Object["spec"].(map[string]any)
	if spec["parameters"] == nil {
		return map[string]any{}
	}
	return spec["parameters"]
}

// ReadsPodsOf reports whether the constraint's own parameters say where objects of a kind
// embed pod specs: extraPodSpecPaths, which all rules of this repository about Pods have.
func (c *Constraint) ReadsPodsOf(apiVersion, kind string) bool {
	group, _, found := strings.Cut(apiVersion, "/")
	if !found {
		group = ""
	}
	return slices.Contains(c.pods, podKind{group, kind})
}

// OfWorkloads reports whether the constraint is one of memgate's about pods and what makes
// them, by the label that bundles give these.
func (c *Constraint) OfWorkloads() bool { return c.labelled }

func (c *Constraint) readPodKinds() {
	metadata, _ := c.Object["metadata"].(map[string]any)
	labels, _ := metadata["labels"].(map[string]any)
	c.labelled = labels["memgate.github.io/judges"] == "workloads"
	parameters, _ := c.Parameters().(map[string]any)
	entries, _ := parameters["extraPodSpecPaths"].([]any)
	for _, entry := range entries {
		fields, _ := entry.(map[string]any)
		group, ofGroup := fields["group"].(string)
		kind, ofKind := fields["kind"].(string)
		if ofGroup && ofKind {
			c.pods = append(c.pods, podKind{strings.Clone(group), strings.Clone(kind)})
		}
	}
}

func (c *Constraint) readAction(spec map[string]any) error {
	action, found := spec["enforcementAction"]
	if !found {
		spec["enforcementAction"] = string(Deny)
		return nil
	}
	text, ok := action.(string)
	if !ok {
		return fmt.Errorf("spec.enforcementAction: got %s, want a string", describe(action))
	}
	c.action = Action(text)
	if c.action != scoped {
		return checkAction("spec.enforcementAction", c.action, Deny, Warn, DryRun, scoped)
	}
	list, err := json.Marshal(spec["scopedEnforcementActions"])
	if err != nil {
		return err
	}
	if err := json.Unmarshal(list, &c.points); err != nil {
		return fmt.Errorf("spec.scopedEnforcementActions: %w", typeFault(err))
	}
	if len(c.points) == 0 {
		return fmt.Errorf("spec.enforcementAction is scoped and spec.scopedEnforcementActions is missing")
	}
	for _, s := range c.points {
		if err := checkAction("spec.scopedEnforcementActions: action", s.Action, Deny, Warn, DryRun); err != nil {
			return err
		}
		if len(s.Points) == 0 {
			return fmt.Errorf("spec.scopedEnforcementActions: %s without enforcementPoints", s.Action)
		}
		for _, p := range s.Points {
			if err := CheckPoint(p.Name); err != nil {
				return fmt.Errorf("spec.scopedEnforcementActions: %w", err)
			}
		}
	}
	return nil
}

func checkAction(field string, got Action, want ...Action) error {
	if slices.Contains(want, got) {
		return nil
	}
	names := make([]string, len(want))
	for i, action := range want {
		names[i] = string(action)
	}
	return fmt.Errorf("%s: got %q, want %s", field, string(got), strings.Join(names, ", "))
}

func (c *Constraint) readParameters(spec map[string]any, fault func([]any, string, ...any) error) error {
	schema := c.Template.Parameters()
	if schema == nil {
		if _, found := spec["parameters"]; found {
			return fault([]any{"spec", "parameters"}, "unknown field spec.parameters; template %s takes none", c.Kind())
		}
		return nil
	}
	if value, found := schema.defaulted(spec["parameters"]); found {
		spec["parameters"] = value
	}
	value, found := spec["parameters"]
	if !found {
		return nil
	}
	for _, f := range schema.Faults(value) {
		path := append([]any{"spec", "parameters"}, f.Path...)
		return fault(path, "%s: %s", manifest.PathString(path), f.Text)
	}
	return nil
}
