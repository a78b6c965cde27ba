package source

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// kustomizations know which files are patches, parts of manifests which kustomize merges
// into whole ones, and which kustomizations no other one uses.
type kustomizations struct {
	looked    map[string][]*kustomization // by real path of the directory
	patches   map[string]string           // name of the kustomization, by real path of the patch
	resources map[string]bool             // whole manifests, by real path
	below     map[string]*kustomization   // those below the paths, by real path
	named     map[string]bool             // directories that were asked for, by real path
}

// A kustomization is a file that tells kustomize what to build.
type kustomization struct {
	real      string // path
	component bool   // to be used by others only
	uses      []string
}

func newKustomizations() kustomizations {
	return kustomizations{map[string][]*kustomization{}, map[string]string{}, map[string]bool{}, map[string]*kustomization{}, map[string]bool{}}
}

// patched is the kustomization that names a file, by its real path, as a patch, if none
// names it as a resource; else "".
func (k *kustomizations) patched(real string) string {
	if k.resources[real] {
		return ""
	}
	return k.patches[real]
}

// walked takes the kustomization of a directory, if it has one, as one below the paths.
func (k *kustomizations) walked(dir string) {
	for _, found := range k.look(dir) {
		k.below[found.real] = found
	}
}

// above is how far above a file that is named a kustomization is looked for.
const above = 3

// largest is the size of the largest kustomization that is read, in bytes. A larger one is
// built all the same.
const largest = 1 << 20

// group is the start of the apiVersion of a kustomization, which may be missing. Flux has
// objects of the same kind and often the same file name.
const group = "kustomize.config.k8s.io/"

// names are those of the file of a kustomization.
var names = []string{"kustomization.yaml", "kustomization.yml", bareName}

// bareName has no extension that would tell what is in the file.
const bareName = "Kustomization"

// look reads the kustomization of a directory, if it has one, once. What cannot be read
// names no patches: it is reported where it is judged.
func (k *kustomizations) look(dir string) []*kustomization {
	real := realPath(dir)
	found, looked := k.looked[real]
	if !looked {
		for _, name := range names {
			if one := k.read(dir, filepath.Join(dir, name)); one != nil {
				found = append(found, one)
			}
		}
		k.looked[real] = found
	}
	return found
}

func (k *kustomizations) read(dir, file string) *kustomization {
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	found := &kustomization{real: realPath(file)}
	if info.Size() > largest {
		return found
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	var read struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Patches    []struct{ Path string }
		Strategic  []string                `yaml:"patchesStrategicMerge"`
		JSON       []struct{ Path string } `yaml:"patchesJson6902"`
		Resources  []string
		Bases      []string
		Components []string
	}
	if err := yaml.Unmarshal(text, &read); err != nil {
		return found
	}
	if read.APIVersion != "" && !strings.HasPrefix(read.APIVersion, group) {
		return nil
	}
	found.component = read.Kind == "Component"
	for _, path := range slices.Concat(read.Resources, read.Bases, read.Components) {
		used := realPath(filepath.Join(dir, path))
		k.resources[used] = true
		found.uses = append(found.uses, used)
	}
	paths := read.Strategic
	for _, patch := range append(read.Patches, read.JSON...) {
		paths = append(paths, patch.Path)
	}
	for _, path := range paths {
		if path != "" && !strings.Contains(path, "\n") { // else it is the patch itself
			k.patches[realPath(filepath.Join(dir, path))] = filepath.ToSlash(file)
		}
	}
	return found
}

// around looks in the directory of a file and above it.
func (k *kustomizations) around(file string) {
	dir := filepath.Dir(file)
	for range above {
		k.look(dir)
		dir = filepath.Join(dir, "..")
	}
}
