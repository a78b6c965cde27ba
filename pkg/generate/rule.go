package generate

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A rule is one directory policies/<group>/<name>, read and checked.
type rule struct {
	group, name string
	metadata
	module      *module
	libs        []*module // those that the rule reaches by import, by name
	allow, deny []byte    // its examples
	bundles     []bundleFile
}

// A bundleFile holds the constraints of a rule for one bundle.
type bundleFile struct {
	path string
	text []byte
}

func (r *rule) dir() string { return path.Join("policies", r.group, r.name) }

// modules are the rule's own and those of its libs.
func (r *rule) modules() []*module { return append([]*module{r.module}, r.libs...) }

// version is what the template carries: custom.version, else the release that has the
// rule first.
func (r *rule) version() string { return cmp.Or(r.Version, r.Since) }

// readRules reads all rules of a repository, in order of group and name. The error
// joins one fault for each thing that is wrong with them.
func readRules(fsys fs.FS) ([]*rule, error) {
	libs, err := readLibs(fsys)
	faults := []error{err}
	dirs, err := fs.Glob(fsys, "policies/*/*")
	if err != nil {
		return nil, err
	}
	var rules []*rule
	for _, dir := range dirs {
		group, name := path.Base(path.Dir(dir)), path.Base(dir)
		if group == "lib" || !handWritten(fsys, dir) {
			continue
		}
		r := &rule{group: group, name: name}
		if err := r.read(fsys, libs); err != nil {
			faults = append(faults, err)
			continue
		}
		rules = append(rules, r)
	}
	slices.SortFunc(rules, func(a, b *rule) int {
		return cmp.Or(groupIndex(a.group)-groupIndex(b.group), cmp.Compare(a.name, b.name))
	})
	return rules, errors.Join(faults...)
}

// handWritten reports whether a directory holds more than a generated page.
func handWritten(fsys fs.FS, dir string) bool {
	found := false
	_ = fs.WalkDir(fsys, dir, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && name != dir && path.Base(name) != "README.md" {
			found = true
		}
		return nil
	})
	return found
}

func (r *rule) read(fsys fs.FS, libs map[string]*module) error {
	var faults []error
	file := func(name, what string) []byte {
		text, err := fs.ReadFile(fsys, path.Join(r.dir(), name))
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%s: %s is missing, want %s", r.dir(), name, what)
		}
		if err != nil {
			faults = append(faults, err)
		}
		return text
	}
	r.allow = file("examples/allow.yaml", "manifests without a finding")
	r.deny = file("examples/deny.yaml", "manifests with findings")
	if text := file(r.name+"_test.rego", "its tests"); text != nil && !bytes.Contains(text, []byte("\ntest_")) {
		faults = append(faults, fmt.Errorf("%s/%s_test.rego: found no rule that begins with %q", r.dir(), r.name, "test_"))
	}
	r.readBundles(fsys)

	code := path.Join(r.dir(), r.name+".rego")
	m, err := readModule(fsys, code)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%s: %s.rego is missing, want the rule", r.dir(), r.name)
	}
	if err != nil {
		return errors.Join(append(faults, err)...)
	}
	r.module = m
	reached, err := m.reach(libs)
	if err != nil {
		faults = append(faults, err)
	}
	sound := err == nil
	for _, name := range reached {
		if libs[name] == nil {
			sound = false // reported where it stands
			continue
		}
		r.libs = append(r.libs, libs[name])
	}
	if !slices.ContainsFunc(m.tree.Rules, func(code *ast.Rule) bool { return code.Head.Name == "violation" }) {
		faults = append(faults, fault(m.tree.Package.Location, "found no rule %q", "violation"))
	}
	found, wrong := m.readMetadata()
	r.metadata = found
	faults = append(faults, wrong...)
	faults = append(faults, found.checkNames(m, r.group, r.name)...)
	faults = append(faults, r.checkSync()...)
	if sound && r.schema != nil {
		faults = append(faults, r.checkParameters()...)
	}
	return errors.Join(faults...)
}

func (r *rule) readBundles(fsys fs.FS) {
	found, _ := fs.Glob(fsys, path.Join("bundles/*", strings.ReplaceAll(r.name, "_", "-")+".yaml"))
	for _, name := range found {
		if text, err := fs.ReadFile(fsys, name); err == nil {
			r.bundles = append(r.bundles, bundleFile{name, text})
		}
	}
}

// checkSync checks that a rule names the reference data that it reads, and only then.
func (r *rule) checkSync() []error {
	var at *ast.Location
	for _, m := range r.modules() {
		for _, code := range m.tree.Rules {
			ast.WalkRefs(code, func(ref ast.Ref) bool {
				if ref[0].Equal(ast.DefaultRootDocument) {
					at = ref[0].Location
				}
				return false
			})
		}
	}
	switch needs := len(r.RequiresSyncData) > 0; {
	case at != nil && !needs:
		return []error{fault(at, "data.inventory is read, want custom.requiresSyncData in the METADATA of %s", r.dir())}
	case at == nil && needs:
		return []error{fault(r.module.tree.Package.Location, "custom.requiresSyncData is set and nothing reads data.inventory")}
	}
	return nil
}
