package kustomize

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	yaml3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"
)

// A kustomization is a file that a build reads to learn what to build.
type kustomization struct {
	types.Kustomization
	file string // path
	dir  string
	text []byte
}

// kustomize looks at a kustomization before kustomize does. It is an error if it names
// what is not on this disk. That of the root is changed so that objects tell their origin.
func (d *disk) kustomize(file string, text []byte) ([]byte, error) {
	k := &kustomization{file: file, dir: filepath.Dir(file), text: text}
	if err := k.read(text); err != nil {
		return text, nil // kustomize says more
	}
	if k.dir == d.root {
		d.kustomization = d.name(file)
		d.keepOrigin = slices.Contains(k.BuildMetadata, types.OriginAnnotations)
		if !d.keepOrigin && k.CheckEmpty() == nil {
			text = withOrigins(text, k.BuildMetadata)
			if err := k.read(text); err != nil {
				return nil, err
			}
		}
	}
	refusal := k.remote()
	if several(k.text) {
		refusal = "found a second document, which kustomize passes over, want one"
	}
	if refusal != "" {
		if k.dir != d.root {
			refusal = d.name(file) + ": " + refusal
		}
		return nil, errors.New(refusal)
	}
	d.kustomized = append(d.kustomized, k)
	return text, nil
}

// several reports whether a text has a document with content behind its first one.
func several(text []byte) bool {
	documents := yaml3.NewDecoder(bytes.NewReader(text))
	var first, more yaml3.Node
	if documents.Decode(&first) != nil {
		return false
	}
	err := documents.Decode(&more)
	return err == nil && more.Content[0].Tag != "!!null" || err != nil && !errors.Is(err, io.EOF)
}

// read reads the fields, those with old names into the new ones.
func (k *kustomization) read(text []byte) error {
	err := k.Unmarshal(text)
	k.FixKustomization()
	return err
}

// patches are all patches, in the order of the fields.
func (k *kustomization) patches() []types.Patch {
	var all []types.Patch
	//lint:ignore SA1019 many kustomizations have it
	for _, text := range k.PatchesStrategicMerge {
		all = append(all, types.Patch{Path: string(text), Patch: string(text)}) // either of them
	}
	//lint:ignore SA1019 many kustomizations have it
	return slices.Concat(all, k.PatchesJson6902, k.Patches)
}

// withOrigins adds to what the objects that are built tell about themselves.
func withOrigins(text []byte, metadata []string) []byte {
	var fields map[string]any
	if err := yaml.Unmarshal(text, &fields); err != nil {
		return text
	}
	for field := range fields {
		if strings.EqualFold(field, "buildMetadata") { // as fields are read
			delete(fields, field)
		}
	}
	fields["buildMetadata"] = append(metadata, types.OriginAnnotations)
	changed, err := yaml.Marshal(fields)
	if err != nil {
		return text
	}
	return changed
}

// remote is the first thing that would be fetched from elsewhere, or "".
func (k *kustomization) remote() string {
	if len(k.HelmCharts) > 0 {
		return "Helm charts are not built; build it by kustomize --enable-helm and check the output"
	}
	dirs := slices.Concat(k.Resources, k.Components, k.Generators, k.Transformers, k.Validators)
	for _, path := range dirs {
		// What kustomize takes for a repository has one as its origin, too.
		if (&resource.Origin{}).Append(path).Repo != "" {
			return fmt.Sprintf("%q is in a repository elsewhere, which is not fetched", path)
		}
	}
	files := slices.Concat(dirs, k.Crds, k.Configurations, []string{k.OpenAPI["path"]})
	for _, patch := range k.patches() {
		files = append(files, patch.Path)
	}
	for _, replacement := range k.Replacements {
		files = append(files, replacement.Path)
	}
	for _, g := range k.ConfigMapGenerator {
		files = append(files, sources(g.KvPairSources)...)
	}
	for _, g := range k.SecretGenerator {
		files = append(files, sources(g.KvPairSources)...)
	}
	for _, path := range files {
		if at, err := url.Parse(path); err == nil && (at.Scheme == "http" || at.Scheme == "https") {
			return fmt.Sprintf("%q is not on this disk, and is not fetched", path)
		}
	}
	return ""
}

// sources are the paths that a generator reads. A file may have its key before it.
func sources(from types.KvPairSources) []string {
	paths := slices.Clone(from.EnvSources)
	for _, source := range from.FileSources {
		_, path, found := strings.Cut(source, "=")
		if !found {
			path = source
		}
		paths = append(paths, path)
	}
	return paths
}
