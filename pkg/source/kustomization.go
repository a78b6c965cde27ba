package source

import (
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// kustomizations know which files are patches: parts of manifests, which kustomize merges
// into whole ones.
type kustomizations struct {
	seen      map[string]bool   // directories, by real path
	patches   map[string]string // name of the kustomization, by real path of the patch
	resources map[string]bool   // whole manifests, by real path
}

// patched is the kustomization that names a file, by its real path, as a patch, if none
// names it as a resource; else "".
func (k *kustomizations) patched(real string) string {
	if k.resources[real] {
		return ""
	}
	return k.patches[real]
}

// above is how far above a file that is named a kustomization is looked for.
const above = 3

// largest is the size of the largest kustomization that is read, in bytes.
const largest = 1 << 20

// look reads the kustomization of a directory, if it has one, once. What cannot be read
// names no patches: it is reported where it is judged.
func (k *kustomizations) look(dir string) {
	real := realPath(dir)
	if k.seen[real] {
		return
	}
	k.seen[real] = true
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		file := filepath.Join(dir, name)
		info, err := os.Stat(file)
		if err != nil || !info.Mode().IsRegular() || info.Size() > largest {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		var read struct {
			Patches   []struct{ Path string }
			Strategic []string                `yaml:"patchesStrategicMerge"`
			JSON      []struct{ Path string } `yaml:"patchesJson6902"`
			Resources []string
		}
		if err := yaml.Unmarshal(text, &read); err != nil {
			continue
		}
		for _, path := range read.Resources {
			k.resources[realPath(filepath.Join(dir, path))] = true
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
	}
}

// around looks in the directory of a file and above it.
func (k *kustomizations) around(file string) {
	dir := filepath.Dir(file)
	for range above {
		k.look(dir)
		dir = filepath.Join(dir, "..")
	}
}
