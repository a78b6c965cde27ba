package expansion

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// builtIn are the ExpansionTemplates of bundles/expansion.
var builtIn = []*template{
	makesPod("memgate-cronjobs", []string{"spec", "jobTemplate", "spec", "template"}, "batch", "CronJob"),
	makesPod("memgate-jobs", []string{"spec", "template"}, "batch", "Job"),
	makesPod("memgate-podtemplates", []string{"template"}, "", "PodTemplate"),
	makesPod("memgate-replicationcontrollers", []string{"spec", "template"}, "", "ReplicationController"),
	makesPod("memgate-workloads", []string{"spec", "template"}, "apps", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"),
}

func makesPod(name string, source []string, group string, kinds ...string) *template {
	t := &template{name: name, source: source, generated: schema.GroupVersionKind{Version: "v1", Kind: "Pod"}}
	for _, kind := range kinds {
		t.applyTo = append(t.applyTo, schema.GroupVersionKind{Group: group, Version: "v1", Kind: kind})
	}
	return t
}

// WithBuiltIn is the System that expands, beside what s does, the workloads of Kubernetes
// that s does not, to the Pods that they make. The templates are those of the bundle
// expansion.
func (s *System) WithBuiltIn() *System {
	all := &System{templates: slices.Concat(s.templates, s.missing())}
	all.sort()
	return all
}

// Unexpanded are the Pods that workloads of Kubernetes make and the System does not: what
// WithBuiltIn would add for an object and for what the System makes of it. A constraint
// that would match one of them judges it in a cluster and not here. A workload without a
// pod template has none.
func (s *System) Unexpanded(object map[string]any) []Generated {
	made, _ := s.Expand(object) // the error is that of what s does make
	var found []Generated
	for _, parent := range append([]Generated{{Object: object}}, made...) {
		for _, t := range s.missing() {
			if !t.appliesTo(kindOf(parent.Object)) {
				continue
			}
			if g, err := t.generate(parent.Object, parent.Path); err == nil {
				found = append(found, g)
			}
		}
	}
	return found
}

// missing are the built-in templates as far as no other applies to the same kind.
func (s *System) missing() []*template {
	var found []*template
	for _, t := range builtIn {
		rest := *t
		rest.applyTo = slices.DeleteFunc(slices.Clone(t.applyTo), func(kind schema.GroupVersionKind) bool {
			return slices.ContainsFunc(s.templates, func(t *template) bool { return t.appliesTo(kind) })
		})
		if len(rest.applyTo) > 0 {
			found = append(found, &rest)
		}
	}
	return found
}
