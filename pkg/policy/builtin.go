package policy

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy/pack"
)

// archive is what is built into the binary: templates/<id>.yaml, pages/<id>.md and
// bundles/<name>.json.
var archive = sync.OnceValue(func() *zip.Reader {
	reader, err := zip.NewReader(strings.NewReader(pack.Archive), int64(len(pack.Archive)))
	if err != nil {
		panic(err) // it is part of the binary
	}
	return reader
})

// Bundles are the names of the bundles in the binary, sorted.
func Bundles() []string {
	files, err := fs.Glob(archive(), "bundles/*.json")
	if err != nil {
		panic(err) // the pattern is constant
	}
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(path.Base(file), ".json"))
	}
	slices.Sort(names)
	return names
}

// Bundle is the bundle of a name: its constraints, and the templates that they need.
// Each call makes a new set. The templates are not read until they are asked for, and the
// constraints not checked: both were when the binary was made.
func Bundle(name string) (*Set, error) {
	file := "bundles/" + name + ".json"
	text, err := fs.ReadFile(archive(), file)
	if err != nil {
		return nil, fmt.Errorf("bundle %q not found; have %s", name, strings.Join(Bundles(), ", "))
	}
	objects, err := manifest.Read(file, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	var set Set
	templates := map[string]*Template{}
	for _, object := range objects {
		template, found := templates[object.Kind()]
		if !found {
			i := slices.IndexFunc(pack.Rules, func(r pack.Rule) bool { return r.Kind == object.Kind() })
			if i < 0 {
				return nil, Fault(object, []any{"kind"}, "constraint %q: no template for kind %q", object.Name(), object.Kind())
			}
			template = builtIn(pack.Rules[i])
			templates[template.Kind] = template
			set.Templates = append(set.Templates, template)
		}
		constraint, err := newConstraint(template, object, true)
		if err != nil {
			return nil, err
		}
		set.Constraints = append(set.Constraints, constraint)
	}
	set.sort()
	return &set, nil
}

// BuiltIn are the templates in the binary, in order of kind.
func BuiltIn() []*Template {
	set := Set{}
	for _, rule := range pack.Rules {
		set.Templates = append(set.Templates, builtIn(rule))
	}
	set.sort()
	return set.Templates
}

// builtIn is the template of a rule. It is read again each time that its body is asked
// for, which is seldom.
func builtIn(rule pack.Rule) *Template {
	return &Template{
		Kind: rule.Kind, Rule: rule.ID, Severity: rule.Severity, Operations: rule.Operations, Digest: rule.Digest,
		builtIn: true,
		body: func() body {
			file := "templates/" + rule.ID + ".yaml"
			text, err := fs.ReadFile(archive(), file)
			if err != nil {
				panic(err) // it is part of the binary
			}
			objects, err := manifest.Read(file, bytes.NewReader(text))
			if err != nil {
				panic(err)
			}
			template, err := NewTemplate(objects[0])
			if err != nil {
				panic(err)
			}
			return template.body()
		},
	}
}

// Page is the page of a built-in rule, as Markdown.
func Page(id string) (string, error) {
	text, err := fs.ReadFile(archive(), "pages/"+id+".md")
	if err != nil {
		return "", fmt.Errorf("rule %q not found; memgate rules lists them", id)
	}
	_, page, _ := strings.Cut(string(text), "\n\n") // without the line that says it is generated
	return page, nil
}
