package generate

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
)

const packSource = `// %s

// Package pack holds the bundles as kustomize renders them, and the version of these
// and of the templates. It imports next to nothing: package version needs it first.
package pack

import "embed"

// Version identifies the templates and bundles of a binary: it changes whenever one of
// them does.
const Version = %q

// Files are <bundle>.yaml, the constraints of each bundle.
//
//go:embed *.yaml
var Files embed.FS
`

// packGo is the Go file that embeds the packs, with a version made of all YAML files.
func packGo(files []File) File {
	hash := sha256.New()
	for _, file := range files {
		if path.Ext(file.Path) == ".yaml" {
			fmt.Fprintf(hash, "%s %d\n", file.Path, len(file.Content))
			hash.Write(file.Content)
		}
	}
	return File{
		Path:    "pkg/policy/pack/pack.go",
		Content: fmt.Appendf(nil, packSource, notice("templates and bundles"), hex.EncodeToString(hash.Sum(nil))[:12]),
	}
}
