// Package generate makes everything that follows from the rules in policies/ and the
// constraints in bundles/: templates, the page of each rule, their index, the
// pages of the bundles, and the rendered bundles that are built into the binary; and, from policies/profiles.yaml, the
// libs that hold what the rules know of programs. It checks what it reads by the
// conventions of this repository. It knows Rego as text and syntax tree; it evaluates
// nothing and knows no Kubernetes object but templates and constraints.
package generate

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A File is a generated file.
type File struct {
	Path    string // slash-separated, from the root of the repository
	Content []byte
}

// Files computes all generated files of the repository at root, in order of path. It
// writes nothing. It runs the kustomize that tools/go.mod pins, so it needs the go
// command. The error joins one fault for each thing that is wrong, which begins with
// the place; no files are returned with it.
func Files(root string) ([]File, error) {
	fsys := os.DirFS(root)
	rules, err := readRules(fsys)
	if err != nil {
		return nil, err
	}
	files, err := profileFiles(fsys, rules)
	if err != nil {
		return nil, err
	}
	files = append(files, index(rules))
	var faults []error
	for _, r := range rules {
		template, err := r.template()
		if err != nil {
			faults = append(faults, err)
			continue
		}
		files = append(files, template, r.page())
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	bundles, err := readBundles(root, rules, files)
	if err != nil {
		return nil, err
	}
	measured, err := readFindings(fsys)
	if err != nil {
		return nil, err
	}
	for _, b := range bundles {
		syncSet, err := b.syncSet(rules)
		if err != nil {
			return nil, err
		}
		files = append(append(files, b.page(rules, measured)), syncSet...)
	}
	templates, err := load(files)
	if err != nil {
		return nil, err
	}
	pack, err := packFiles(rules, bundles, templates.Templates, files)
	if err != nil {
		return nil, err
	}
	files = append(files, pack...)
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return files, nil
}

// Write brings the generated files of the repository at root up to date: it writes
// those that are missing or stale and removes those that are left over. It returns
// their paths in order. If a rule or a bundle is faulty, nothing is written.
func Write(root string) (written []string, err error) {
	files, err := Files(root)
	if err != nil {
		return nil, err
	}
	changes, err := changesOf(root, files)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		name := filepath.Join(root, filepath.FromSlash(c.path))
		if c.what == leftOver {
			err = os.Remove(name)
		} else if err = os.MkdirAll(filepath.Dir(name), 0o755); err == nil {
			err = os.WriteFile(name, c.content, 0o644)
		}
		if err != nil {
			return written, err
		}
		written = append(written, c.path)
	}
	return written, nil
}

// Stale are the generated files of the repository at root that Write would change, in
// order of path, each with what is wrong: "templates/x.yaml: stale".
func Stale(root string) ([]string, error) {
	files, err := Files(root)
	if err != nil {
		return nil, err
	}
	changes, err := changesOf(root, files)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, c := range changes {
		found = append(found, c.path+": "+c.what)
	}
	return found, nil
}

const (
	missing  = "missing"
	stale    = "stale"
	leftOver = "left over"
)

type change struct {
	path, what string
	content    []byte
}

// places are the patterns of all paths where generated files stand. What else stands
// there is left over.
var places = []string{
	"templates/*", "policies/*/*/README.md", "policies/lib/profiles/*",
	"bundles/*/README.md", "bundles/*/syncset.yaml",
	"pkg/policy/pack/*", "docs/rules.md", "docs/profiles.md",
}

func changesOf(root string, files []File) ([]change, error) {
	var (
		changes []change
		faults  []error
		wanted  = map[string]bool{}
		fsys    = os.DirFS(root)
	)
	for _, file := range files {
		wanted[file.Path] = true
		have, err := fs.ReadFile(fsys, file.Path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			changes = append(changes, change{file.Path, missing, file.Content})
		case err != nil:
			faults = append(faults, err)
		case !bytes.Equal(have, file.Content) && !(path.Ext(file.Path) == ".zip" && sameArchive(have, file.Content)):
			changes = append(changes, change{file.Path, stale, file.Content})
		}
	}
	for _, place := range places {
		found, err := fs.Glob(fsys, place)
		if err != nil {
			return nil, err
		}
		for _, name := range found {
			if wanted[name] {
				continue
			}
			have, err := fs.ReadFile(fsys, name)
			switch {
			case err != nil:
				faults = append(faults, err)
			case !generated(have) && !strings.HasPrefix(name, packDir):
				faults = append(faults, fmt.Errorf("%s: found a file that is not generated, want only such in %s", name, path.Dir(name)))
			default:
				changes = append(changes, change{path: name, what: leftOver})
			}
		}
	}
	slices.SortFunc(changes, func(a, b change) int { return cmp.Compare(a.path, b.path) })
	return changes, errors.Join(faults...)
}

// notice is the first line of every generated file, as Go's tools know it, but for the
// comment marks around it.
func notice(source string) string {
	return fmt.Sprintf("Code generated by \"make generate\" from %s. DO NOT EDIT.", source)
}

func generated(content []byte) bool {
	line, _, _ := bytes.Cut(content, []byte("\n"))
	return bytes.Contains(line, []byte(`Code generated by "make generate" from `))
}
