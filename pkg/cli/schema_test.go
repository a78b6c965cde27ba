package cli

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// TestConfigSchema wants the schema of the file of settings to be that of the flags.
func TestConfigSchema(t *testing.T) {
	text := map[string]any{"type": "string"}
	values := func(one map[string]any) map[string]any {
		return map[string]any{"oneOf": []any{one, map[string]any{"type": "array", "items": one}}}
	}
	byType := map[string]map[string]any{
		"bool": {"type": "boolean"}, "int64": {"type": "integer"}, "string": text,
		"size":        {"type": []string{"string", "integer"}, "description": "a Kubernetes quantity"},
		"stringArray": values(text), "stringSlice": values(text),
	}
	properties := map[string]any{"paths": map[string]any{
		"description": "what is judged where the command line names nothing", "oneOf": values(text)["oneOf"],
	}}
	newCheckCommand(nil).Flags().VisitAll(func(f *pflag.Flag) {
		if !isSetting(f.Name) || f.Hidden {
			return
		}
		shape, ok := byType[f.Value.Type()]
		if !ok {
			t.Errorf("--%s: a setting of type %s has no schema", f.Name, f.Value.Type())
		}
		property := map[string]any{"description": f.Usage}
		for key, value := range shape {
			if key != "description" {
				property[key] = value
			}
		}
		properties[f.Name] = property
	})
	var got bytes.Buffer
	encoder := json.NewEncoder(&got)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(map[string]any{
		"$schema":              "https://json-schema.org/draft/2020-12/schema",
		"$id":                  "https://github.com/memgate/memgate/blob/HEAD/docs/schemas/config.schema.json",
		"title":                "Settings of memgate check: " + configName,
		"type":                 []string{"object", "null"},
		"properties":           properties,
		"additionalProperties": false,
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "..", "docs", "schemas", "config.schema.json")
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("%s is stale; run: go test ./pkg/cli -run TestConfigSchema -update", path)
	}
	for line := range strings.Lines(got.String()) {
		if strings.Contains(line, `"description": ""`) {
			t.Errorf("a setting has no description: %s", line)
		}
	}
}
