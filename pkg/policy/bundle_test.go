package policy

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/memgate/memgate"
)

func TestBundlesLoad(t *testing.T) {
	if got := Bundles(); !slices.IsSorted(got) || !slices.Contains(got, "baseline") || !slices.Contains(got, "strict") {
		t.Fatalf("Bundles() = %q, want them sorted, with baseline and strict", got)
	}
	used := map[string]bool{}
	for _, name := range Bundles() {
		set, err := Bundle(name)
		if err != nil {
			t.Errorf("Bundle(%q): %v", name, err)
			continue
		}
		needed := map[string]bool{}
		for _, c := range set.Constraints {
			needed[c.Kind()] = true
			if name == "strict" && c.EnforcementAction() != "deny" {
				t.Errorf("Bundle(%q): constraint %s has action %q, want deny", name, c.Name, c.EnforcementAction())
			}
			if level, ok := strings.CutPrefix(c.Name, c.Template.Rule+"-"); name == "baseline" && (!ok || level != c.EnforcementAction()) {
				t.Errorf("Bundle(%q): constraint %s has action %q, want %s-<action> as its name", name, c.Name, c.EnforcementAction(), c.Template.Rule)
			}
		}
		if len(needed) == 0 {
			t.Errorf("Bundle(%q) has no constraints", name)
		}
		for _, template := range set.Templates {
			used[template.Rule] = true
			if !needed[template.Kind] {
				t.Errorf("Bundle(%q) has template %s, which no constraint needs", name, template.Kind)
			}
		}
	}
	for _, file := range templateFiles(t) {
		if rule := strings.TrimSuffix(path.Base(file), ".yaml"); !used[rule] {
			t.Errorf("%s: no bundle has its rule", file)
		}
	}
}

// TestCustomResources wants each kind of which a constraint of custom-resources knows the
// path of a pod spec to be matched as well.
func TestCustomResources(t *testing.T) {
	set, err := Bundle("custom-resources")
	if err != nil {
		t.Fatal(err)
	}
	known := 0
	for _, c := range set.Constraints {
		paths, _, err := unstructured.NestedSlice(c.Object.Object, "spec", "parameters", "extraPodSpecPaths")
		if err != nil {
			t.Fatal(err)
		}
		if c.Template.Parameters.Properties["extraPodSpecPaths"] == nil != (len(paths) == 0) {
			t.Errorf("constraint %s has %d paths, and its template takes paths: %t", c.Name, len(paths), c.Template.Parameters.Properties["extraPodSpecPaths"] != nil)
		}
		for _, path := range paths {
			entry := path.(map[string]any)
			known++
			if !slices.ContainsFunc(c.Match.Kinds, func(k Kinds) bool {
				return slices.Contains(k.APIGroups, entry["group"].(string)) && slices.Contains(k.Kinds, entry["kind"].(string))
			}) {
				t.Errorf("constraint %s knows paths in %v of %v, and does not match it", c.Name, entry["kind"], entry["group"])
			}
		}
	}
	if known == 0 {
		t.Error("no constraint knows a path")
	}
}

func TestBundleNotFound(t *testing.T) {
	for _, name := range []string{"strikt", "", "../pack/strict", "strict.yaml"} {
		_, err := Bundle(name)
		want := `bundle "` + name + `" not found; have ` + strings.Join(Bundles(), ", ")
		if err == nil || err.Error() != want {
			t.Errorf("Bundle(%q): got error %v, want %s", name, err, want)
		}
	}
}

func TestRuleOf(t *testing.T) {
	for _, tc := range []struct{ kind, want string }{
		{"MemgateMemoryQuantitySane", "memory-quantity-sane"},
		{"MemgateCgroupV2", "cgroup-v2"},
		{"Memgate", ""},
		{"K8sRequiredLabels", "k8s-required-labels"},
	} {
		if got := ruleOf(tc.kind); got != tc.want {
			t.Errorf("ruleOf(%q) = %q, want %q", tc.kind, got, tc.want)
		}
	}
}

// templateFiles are the names of the embedded templates.
func templateFiles(t *testing.T) []string {
	t.Helper()
	files, err := fs.Glob(memgate.Templates, "templates/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return files
}
