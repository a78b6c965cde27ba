package policy

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"
	"unicode"

	"github.com/memgate/memgate"
	"github.com/memgate/memgate/pkg/manifest"
)

// packs are the rendered bundles, pack/<bundle>.yaml.
//
//go:embed pack/*.yaml
var packs embed.FS

// Bundles are the names of the bundles in the binary, sorted.
func Bundles() []string {
	var names []string
	for _, file := range listed(packs, "pack") {
		names = append(names, strings.TrimSuffix(path.Base(file), ".yaml"))
	}
	return names
}

// Bundle is the bundle of a name: its constraints, and the templates that they need.
// Each call makes a new set.
func Bundle(name string) (*Set, error) {
	text, err := packs.ReadFile("pack/" + name + ".yaml")
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

// PackVersion identifies the templates and bundles in the binary: twelve hexadecimal
// digits that change whenever one of them does.
func PackVersion() string { return packVersion() }

var packVersion = sync.OnceValue(func() string {
	hash := sha256.New()
	for _, part := range []struct {
		files embed.FS
		dir   string
	}{{memgate.Templates, "templates"}, {packs, "pack"}} {
		for _, file := range listed(part.files, part.dir) {
			text, err := part.files.ReadFile(file)
			if err != nil {
				panic(err) // it was listed
			}
			fmt.Fprintf(hash, "%s %d\n", file, len(text))
			hash.Write(text)
		}
	}
	return hex.EncodeToString(hash.Sum(nil))[:12]
})

// listed are the files of an embedded folder, sorted.
func listed(files embed.FS, dir string) []string {
	names, err := fs.Glob(files, dir+"/*.yaml")
	if err != nil {
		panic(err) // the pattern is constant
	}
	return names
}
