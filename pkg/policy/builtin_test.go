package policy

import (
	"slices"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/policy/pack"
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
	for _, rule := range pack.Rules {
		if !used[rule.ID] {
			t.Errorf("rule %s: no bundle has it", rule.ID)
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
		parameters, _ := c.Parameters().(map[string]any)
		paths, _ := parameters["extraPodSpecPaths"].([]any)
		if takes := c.Template.Parameters().Properties["extraPodSpecPaths"] != nil; takes != (len(paths) > 0) {
			t.Errorf("constraint %s has %d paths, and its template takes paths: %t", c.Name, len(paths), takes)
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

func TestPage(t *testing.T) {
	for _, rule := range pack.Rules {
		page, err := Page(rule.ID)
		if err != nil {
			t.Errorf("Page(%q): %v", rule.ID, err)
			continue
		}
		if want := "# " + rule.Title + "\n"; !strings.HasPrefix(page, want) {
			t.Errorf("Page(%q) begins with %.60q, want %q", rule.ID, page, want)
		}
	}
	if _, err := Page("shm-volume"); err == nil || err.Error() != `rule "shm-volume" not found; memgate rules lists them` {
		t.Errorf("Page of no rule: error = %v", err)
	}
}
