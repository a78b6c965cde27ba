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

// TestBuiltIn wants what the pack says of templates to be what the templates say.
func TestBuiltIn(t *testing.T) {
	for _, got := range BuiltIn() {
		want, err := NewTemplate(got.Source())
		if err != nil {
			t.Fatal(err)
		}
		if got.Kind != want.Kind || got.Rule != want.Rule || got.Severity != want.Severity || got.Digest != want.Digest || !slices.Equal(got.Operations, want.Operations) {
			t.Errorf("BuiltIn has %+v, want %+v", got, want)
		}
	}
	if got, want := len(BuiltIn()), len(pack.Rules); got != want || want == 0 {
		t.Errorf("BuiltIn has %d templates, want %d", got, want)
	}
}

// TestForgotten wants a set that forgot its texts still to judge by built-in templates.
func TestForgotten(t *testing.T) {
	set, err := Bundle("shm")
	if err != nil {
		t.Fatal(err)
	}
	set.Forget()
	for _, template := range set.Templates {
		if len(template.Code()) == 0 || template.Parameters() == nil {
			t.Errorf("template %s has no code any more, and could not be compiled", template.Kind)
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
