package gator

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/memgate/memgate/pkg/manifest"
)

// WriteText writes the results as gator does without --output, a line each.
func (r Results) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, result := range r {
		object, constraint := manifest.Object{Value: result.ViolatingObject}, manifest.Object{Value: result.Constraint}
		name := object.Name()
		if namespace := object.Namespace(); namespace != "" {
			name = namespace + "/" + name
		}
		fmt.Fprintf(&b, "%s/%s %s: [%q] Message: %q\n", object.APIVersion(), object.Kind(), name, constraint.Name(), result.Message)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteJSON writes the results as gator does for --output=json, without a newline at the
// end. No results are [], for which gator writes null.
func (r Results) WriteJSON(w io.Writer) error {
	if r == nil {
		r = Results{}
	}
	text, err := json.MarshalIndent(r, "", "    ")
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// yamlResult is a Result in gator's YAML, whose keys are those that package yaml makes of
// the names of fields in Go.
type yamlResult struct {
	Result struct {
		Target                   string
		Msg                      string
		Metadata                 map[string]any
		Constraint               struct{ Object map[string]any }
		EnforcementAction        string
		ScopedEnforcementActions []string
	}
	ViolatingObject map[string]any `yaml:"violatingObject"`
	Trace           *string
}

// WriteYAML writes the results as gator does for --output=yaml.
func (r Results) WriteYAML(w io.Writer) error {
	all := make([]yamlResult, len(r))
	for i, result := range r {
		y := &all[i]
		y.Result.Target, y.Result.Msg = result.Target, result.Message
		y.Result.Constraint.Object = result.Constraint
		y.Result.EnforcementAction, y.Result.ScopedEnforcementActions = result.Action, result.ScopedActions
		for to, from := range map[*map[string]any]map[string]any{&y.Result.Metadata: result.Metadata, &y.ViolatingObject: result.ViolatingObject} {
			if err := floats(to, from); err != nil {
				return err
			}
		}
	}
	text, err := yaml.Marshal(all)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// floats copies a value by JSON, after which its numbers are float64 as in gator, which
// writes 10000000 as 1e+07.
func floats(to *map[string]any, from map[string]any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}
