package review

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/memgate/memgate/pkg/manifest"
)

// Origin is where an object comes from that a renderer wrote, as that says itself: the
// comment of "helm template" above a document, and the annotation that kustomize makes of
// "buildMetadata: [originAnnotations]". The places have no lines. Their files are those
// that the renderer names, for Helm from the folder above the chart, for kustomize from
// that of the kustomization, or, in a repository, as kustomize writes what it loads from
// there. Who wants to know whether there is such a file must look.
func Origin(object *manifest.Object) []manifest.Related {
	var found []manifest.Related
	if source, ok := object.Heading("Source: "); ok && inChart.MatchString(source) {
		found = append(found, manifest.Related{Position: manifest.Position{File: source}, Note: "source of the Helm template"})
	}
	metadata, _ := object.Value["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	if text, ok := annotations["config.kubernetes.io/origin"].(string); ok {
		if related, ok := kustomized(text); ok {
			found = append(found, related)
		}
	}
	return found
}

// inChart tells a file of a chart from whatever else people call the source of a manifest.
var inChart = regexp.MustCompile(`^[^/:\s]+/(.+/)?(templates|crds)/\S+$`)

// kustomized is the place that kustomize's annotation names, if it does.
func kustomized(text string) (manifest.Related, bool) {
	var origin struct {
		Path         string `yaml:"path"` // of a resource
		Repo         string `yaml:"repo"` // "" for this one
		Ref          string `yaml:"ref"`
		ConfiguredIn string `yaml:"configuredIn"` // of what a generator makes
		ConfiguredBy struct {
			Kind string `yaml:"kind"`
			Name string `yaml:"name"`
		} `yaml:"configuredBy"`
	}
	if unmarshal(text, &origin) != nil {
		return manifest.Related{}, false
	}
	file, note := origin.Path, "source of the kustomization"
	if file == "" && origin.ConfiguredIn != "" {
		file, note = origin.ConfiguredIn, strings.TrimSpace(fmt.Sprintf("made by the %s %s", cmp.Or(origin.ConfiguredBy.Kind, "generator"), origin.ConfiguredBy.Name))
	}
	if file == "" {
		return manifest.Related{}, false
	}
	file = path.Clean(file)
	if origin.Repo != "" {
		file = origin.Repo + "//" + file
		if origin.Ref != "" {
			file += "?ref=" + origin.Ref
		}
	}
	return manifest.Related{Position: manifest.Position{File: file}, Note: note}, true
}

// unmarshal reads a text that anybody may have written: yaml.v3 panics for some.
func unmarshal(text string, into any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	return yaml.Unmarshal([]byte(text), into)
}
