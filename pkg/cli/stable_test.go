package cli

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/memgate/memgate/pkg/policy/pack"
	"github.com/memgate/memgate/pkg/report"
)

// TestStable wants all that docs/gate.md declares stable to be there still. With -update it
// notes what is new; what is gone takes a new major version, and an edit of the file.
func TestStable(t *testing.T) {
	now := map[string][]string{
		"exit statuses": {
			fmt.Sprint("denied ", statusDenied), fmt.Sprint("not judged ", statusNotJudged), fmt.Sprint("ok ", statusOK), fmt.Sprint("usage ", statusUsage),
		},
		"fingerprints": {report.Fingerprint(report.Finding{
			Rule: "min-memory-limit", Field: "spec.template.spec.containers[name=web].resources.limits.memory",
			Object: report.Object{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "web"},
		})},
		"hooks":    hookIDs(t),
		"report":   words(t, "report.schema.json"),
		"rules":    nil,
		"settings": words(t, "config.schema.json"),
	}
	for _, rule := range pack.Rules {
		now["rules"] = append(now["rules"], rule.ID)
	}
	const file = "testdata/stable.json"
	var noted map[string][]string
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &noted)
	}
	if err != nil && flag.Lookup("update").Value.String() != "true" {
		t.Fatal(err)
	}
	for matter, words := range noted {
		for _, word := range words {
			if !slices.Contains(now[matter], word) {
				t.Errorf("%s: %q is gone, and was declared stable", matter, word)
			}
		}
	}
	if t.Failed() {
		return
	}
	for _, words := range now {
		slices.Sort(words)
	}
	got, err := json.MarshalIndent(now, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(got)+"\n" != string(text) {
		t.Errorf("%s lacks what is new; run: go test ./pkg/cli -run TestStable -update", file)
	}
}

func hookIDs(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", ".pre-commit-hooks.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var hooks []struct{ ID string }
	if err := yaml.Unmarshal(text, &hooks); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, hook := range hooks {
		ids = append(ids, hook.ID)
	}
	return ids
}

// words are the properties and the enumerated values of a schema, by the definition that
// they stand in.
func words(t *testing.T, schema string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "schemas", schema))
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	var found []string
	var visit func(value any, in string)
	visit = func(value any, in string) {
		fields, _ := value.(map[string]any)
		for key, value := range fields {
			switch key {
			case "properties", "$defs":
				for name, schema := range value.(map[string]any) {
					if key == "properties" {
						found = append(found, in+name)
					}
					visit(schema, in+name+".")
				}
			case "enum":
				for _, word := range value.([]any) {
					found = append(found, fmt.Sprintf("%s = %v", in, word))
				}
			case "items", "additionalProperties", "propertyNames":
				visit(value, in)
			}
		}
	}
	visit(value, "")
	slices.Sort(found)
	return slices.Compact(found)
}
