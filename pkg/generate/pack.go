package generate

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/format"
	"path"
	"strings"
)

const packSource = `// %s

// Package pack holds the rules and the bundles, as kustomize renders them, of a binary.
// It imports next to nothing: package version needs it first.
package pack

import "embed"

// Version identifies the templates and bundles: it changes whenever one of them does.
const Version = %q

// Bundles are <bundle>.yaml, the constraints of each bundle.
//
//go:embed *.yaml
var Bundles embed.FS

// A Rule is what a list of rules says of one.
type Rule struct {
	ID       string ` + "`json:\"id\"`" + `
	Kind     string ` + "`json:\"kind\"`" + ` // of its constraints
	Group    string ` + "`json:\"group\"`" + `
	Severity string ` + "`json:\"severity\"`" + ` // low, medium, high or critical
	Since    string ` + "`json:\"since\"`" + `
	Title    string ` + "`json:\"title\"`" + `
}

// Rules are all rules, by group, and by id within one.
var Rules = []Rule{
%s}
`

// packGo is the Go file that embeds the packs and lists the rules, with a version made
// of all YAML files.
func packGo(rules []*rule, files []File) (File, error) {
	hash := sha256.New()
	for _, file := range files {
		if path.Ext(file.Path) == ".yaml" {
			fmt.Fprintf(hash, "%s %d\n", file.Path, len(file.Content))
			hash.Write(file.Content)
		}
	}
	var list strings.Builder
	for _, r := range rules {
		fmt.Fprintf(&list, "{%q, %q, %q, %q, %q, %q},\n", r.ID, r.Kind, r.group, r.Severity, r.Since, r.title)
	}
	text, err := format.Source(fmt.Appendf(nil, packSource,
		notice("policies and bundles"), hex.EncodeToString(hash.Sum(nil))[:12], list.String()))
	return File{Path: "pkg/policy/pack/pack.go", Content: text}, err
}
