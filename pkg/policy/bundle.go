package policy

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"unicode"

	"github.com/memgate/memgate"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy/pack"
)

// Bundles are the names of the bundles in the binary, sorted.
func Bundles() []string {
	files, err := fs.Glob(pack.Bundles, "*.yaml")
	if err != nil {
		panic(err) // the pattern is constant
	}
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(file, ".yaml"))
	}
	return names
}

// Bundle is the bundle of a name: its constraints, and the templates that they need.
// Each call makes a new set.
func Bundle(name string) (*Set, error) {
	text, err := pack.Bundles.ReadFile(name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("bundle %q not found; have %s", name, strings.Join(Bundles(), ", "))
	}
	constraints, err := manifest.Read("pkg/policy/pack/"+name+".yaml", bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	var (
		objects []*manifest.Object
		seen    = map[string]bool{}
	)
	for _, constraint := range constraints {
		kind := constraint.Kind()
		if group(constraint) != ConstraintGroup || seen[kind] {
			continue
		}
		seen[kind] = true
		file := "templates/" + ruleOf(kind) + ".yaml"
		text, err := memgate.Templates.ReadFile(file)
		if err != nil {
			continue // NewSet reports the constraint
		}
		template, err := manifest.Read(file, bytes.NewReader(text))
		if err != nil {
			return nil, err
		}
		objects = append(objects, template...)
	}
	return NewSet(append(objects, constraints...))
}

// ruleOf is the id of the rule whose constraints are of a kind:
// memory-quantity-sane for MemgateMemoryQuantitySane.
func ruleOf(kind string) string {
	var id strings.Builder
	for _, r := range strings.TrimPrefix(kind, "Memgate") {
		if unicode.IsUpper(r) && id.Len() > 0 {
			id.WriteByte('-')
		}
		id.WriteRune(unicode.ToLower(r))
	}
	return id.String()
}
