package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/review"
)

// mixConstraints is how many constraints the mix has: as many as had the measurement
// that the requirements were taken from.
const mixConstraints = 87

// policies are what both sides judge by.
type policies struct {
	name        string
	templates   []*unstructured.Unstructured
	constraints []*unstructured.Unstructured
	data        []*unstructured.Unstructured // reference data
}

// mixed are the templates of a folder of suites with the constraints of their samples,
// topped up, and the objects of the samples.
func mixed(suites string) (policies, []*unstructured.Unstructured, error) {
	p := policies{name: "mix"}
	all, err := readTree(suites)
	if err != nil {
		return p, nil, err
	}
	var constraints, samples []*unstructured.Unstructured
	for _, o := range all {
		switch {
		case o.GroupVersionKind().Group == constraintGroup:
			constraints = append(constraints, o)
		case isPolicy(o):
			p.templates = append(p.templates, o)
		case !notReviewed(o):
			samples = append(samples, inNamespace(o, "default"))
		}
	}
	if len(p.templates) == 0 {
		return p, nil, fmt.Errorf("%s=%s: no template below it", suitesVar, suites)
	}
	if p.constraints = toppedUp(distinct(constraints), mixConstraints); len(p.constraints) != mixConstraints {
		return p, nil, fmt.Errorf("%s=%s: got %d constraints, want %d", suitesVar, suites, len(p.constraints), mixConstraints)
	}
	p.data = slices.Concat(namespaces("default", "shop"), samples)
	return p, samples, nil
}

// strict is the bundle that is built into memgate.
func strict(root string) (policies, error) {
	p := policies{name: "strict", data: namespaces("default", "shop")}
	bundle, err := policy.Bundle(p.name)
	if err != nil {
		return p, err
	}
	used := map[string]bool{}
	for _, c := range bundle.Constraints {
		text, err := json.Marshal(c.Object)
		if err != nil {
			return p, err
		}
		constraint := &unstructured.Unstructured{}
		if err := constraint.UnmarshalJSON(text); err != nil {
			return p, err
		}
		p.constraints = append(p.constraints, constraint)
		used[c.Kind()] = true
	}
	all, err := readTree(filepath.Join(root, "templates"))
	if err != nil {
		return p, err
	}
	p.templates = slices.DeleteFunc(all, func(o *unstructured.Unstructured) bool { return !used[kindOfTemplate(o)] })
	return p, nil
}

// namespaces are Namespaces without labels but their own.
func namespaces(names ...string) []*unstructured.Unstructured {
	var all []*unstructured.Unstructured
	for _, name := range names {
		all = append(all, &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Namespace",
			"metadata": map[string]any{"name": name, "labels": map[string]any{"kubernetes.io/metadata.name": name}},
		}})
	}
	return all
}

// inNamespace is an object with a namespace, if its kind needs one and it names none.
func inNamespace(o *unstructured.Unstructured, namespace string) *unstructured.Unstructured {
	if o.GetNamespace() == "" && review.ScopeOf(o.GroupVersionKind().GroupKind()) == review.Namespaced {
		o.SetNamespace(namespace)
	}
	return o
}

func kindOfTemplate(template *unstructured.Unstructured) string {
	kind, _, _ := unstructured.NestedString(template.Object, "spec", "crd", "spec", "names", "kind")
	return kind
}

// distinct are constraints without those that stand there twice. One whose name another
// has taken gets a number.
func distinct(constraints []*unstructured.Unstructured) []*unstructured.Unstructured {
	var kept []*unstructured.Unstructured
	for _, c := range constraints {
		same := func(k *unstructured.Unstructured) bool {
			return k.GetKind() == c.GetKind() && reflect.DeepEqual(k.Object["spec"], c.Object["spec"])
		}
		if !slices.ContainsFunc(kept, same) {
			kept = append(kept, named(c, kept))
		}
	}
	return kept
}

// withOwnParameters are policies in which the constraints of a kind differ in their
// parameters, so far as they have any: a list of texts repeats its first, and a number at
// the head of a text grows. Equal constraints are rare outside of benchmarks, and memgate
// evaluates a function once for equal arguments.
func withOwnParameters(p policies) policies {
	seen := map[string]int64{}
	constraints := make([]*unstructured.Unstructured, len(p.constraints))
	for i, c := range p.constraints {
		constraints[i] = c.DeepCopy()
		if spec, _ := constraints[i].Object["spec"].(map[string]any); spec["parameters"] != nil && seen[c.GetKind()] > 0 {
			spec["parameters"] = varied(spec["parameters"], seen[c.GetKind()])
		}
		seen[c.GetKind()]++
	}
	p.name, p.constraints = p.name+" with parameters of their own", constraints
	return p
}

// varied changes a value for the n-th time; maps and lists in place.
func varied(value any, n int64) any {
	switch value := value.(type) {
	case map[string]any:
		for key, entry := range value {
			value[key] = varied(entry, n)
		}
	case []any:
		for i, entry := range value {
			value[i] = varied(entry, n)
		}
		if len(value) == 0 {
			return value
		}
		if first, texts := value[0].(string); texts {
			return slices.Concat(value, slices.Repeat([]any{first}, int(n)))
		}
	case string:
		digits := len(value) - len(strings.TrimLeft(value, "0123456789"))
		if number, err := strconv.ParseInt(value[:digits], 10, 64); err == nil {
			return strconv.FormatInt(number+n, 10) + value[digits:]
		}
	}
	return value
}

// named is a copy of a constraint under a name that no other of its kind has.
func named(c *unstructured.Unstructured, taken []*unstructured.Unstructured) *unstructured.Unstructured {
	c, name := c.DeepCopy(), c.GetName()
	for n := 2; slices.ContainsFunc(taken, func(t *unstructured.Unstructured) bool {
		return t.GetKind() == c.GetKind() && t.GetName() == c.GetName()
	}); n++ {
		c.SetName(fmt.Sprintf("%s-%d", name, n))
	}
	return c
}

// toppedUp adds copies under other names until there are n, each of the kind that has
// the fewest, by turns of the constraints of that kind. It is in order of kind and name.
func toppedUp(constraints []*unstructured.Unstructured, n int) []*unstructured.Unstructured {
	of := map[string][]*unstructured.Unstructured{}
	kinds := []string{}
	for _, c := range constraints {
		if of[c.GetKind()] == nil {
			kinds = append(kinds, c.GetKind())
		}
		of[c.GetKind()] = append(of[c.GetKind()], c)
	}
	slices.Sort(kinds)
	samples := map[string]int{}
	for kind, own := range of {
		samples[kind] = len(own)
	}
	all := slices.Clone(constraints)
	for len(kinds) > 0 && len(all) < n {
		kind := slices.MinFunc(kinds, func(a, b string) int { return cmp.Compare(len(of[a]), len(of[b])) })
		copied := named(of[kind][len(of[kind])%samples[kind]], of[kind])
		of[kind] = append(of[kind], copied)
		all = append(all, copied)
	}
	slices.SortFunc(all, func(a, b *unstructured.Unstructured) int {
		return cmp.Or(strings.Compare(a.GetKind(), b.GetKind()), strings.Compare(a.GetName(), b.GetName()))
	})
	return all
}

// writeTo puts objects into a new folder, a YAML file for each.
func writeTo(dir string, objects []*unstructured.Unstructured) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	for i, o := range objects {
		text, err := json.Marshal(o.Object)
		if err == nil {
			text, err = yaml.JSONToYAML(text)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, fmt.Sprintf("%04d.yaml", i)), text, 0o644)
		}
		if err != nil {
			return fmt.Errorf("%s %s: %w", o.GetKind(), o.GetName(), err)
		}
	}
	return nil
}
