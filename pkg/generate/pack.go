package generate

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
)

const packDir = "pkg/policy/pack/"

const packSource = `// %s

// Package pack holds what is built into a binary: the rules, the bundles as kustomize
// renders them, and the plans of the rules. It imports next to nothing: package version
// needs it first.
package pack

import _ "embed"

// Version identifies the templates and bundles: it changes whenever one of them does.
const Version = %q

// Archive is a ZIP file of templates/<id>.yaml, pages/<id>.md and bundles/<name>.json, the
// constraints of each bundle with all defaults, one a line.
//
//go:embed pack.zip
var Archive string

// Plans are the plans of all rules, as package engine makes and reads them.
//
//go:embed plans.bin
var Plans []byte

// A Rule is what a list of rules says of one.
type Rule struct {
	ID         string   ` + "`json:\"id\"`" + `
	Kind       string   ` + "`json:\"kind\"`" + ` // of its constraints
	Group      string   ` + "`json:\"group\"`" + `
	Severity   string   ` + "`json:\"severity\"`" + ` // low, medium, high or critical
	Since      string   ` + "`json:\"since\"`" + `
	Title      string   ` + "`json:\"title\"`" + `
	Operations []string ` + "`json:\"-\"`" + ` // of the template
	Digest     string   ` + "`json:\"-\"`" + ` // of the template's code
}

// Rules are all rules, by group, and by id within one.
var Rules = []Rule{
%s}
`

// packFiles are the files of package pack: what is built into the binary, and the Go file
// that embeds it.
func packFiles(rules []*rule, bundles []*bundle, templates []*policy.Template, files []File) ([]File, error) {
	archive, version, err := archiveOf(rules, bundles, files)
	if err != nil {
		return nil, err
	}
	plans, err := engine.Plan(context.Background(), templates)
	if err != nil {
		return nil, err
	}
	var list strings.Builder
	for _, r := range rules {
		i := slices.IndexFunc(templates, func(t *policy.Template) bool { return t.Kind == r.Kind })
		operations := "nil"
		if len(templates[i].Operations) > 0 {
			operations = fmt.Sprintf("%#v", templates[i].Operations)
		}
		fmt.Fprintf(&list, "\t{%q, %q, %q, %q, %q, %q, %s, %q},\n", r.ID, r.Kind, r.group, r.Severity, r.Since, r.title, operations, templates[i].Digest)
	}
	source := fmt.Sprintf(packSource, notice("policies and bundles"), version, list.String())
	return []File{
		{Path: packDir + "pack.go", Content: []byte(source)},
		{Path: packDir + "pack.zip", Content: archive},
		{Path: packDir + "plans.bin", Content: plans},
	}, nil
}

// archiveOf is the ZIP file of a binary, and a version that changes with the templates and
// bundles in it.
func archiveOf(rules []*rule, bundles []*bundle, files []File) (archive []byte, version string, err error) {
	var packed []File
	for _, r := range rules {
		for _, file := range files {
			switch file.Path {
			case "templates/" + r.ID + ".yaml":
				packed = append(packed, file)
			case r.dir() + "/README.md":
				packed = append(packed, File{"pages/" + r.ID + ".md", file.Content})
			}
		}
	}
	for _, b := range bundles {
		if !b.expands {
			packed = append(packed, b.pack)
		}
	}
	slices.SortFunc(packed, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	hash := sha256.New()
	var out bytes.Buffer
	writer := zip.NewWriter(&out)
	for _, file := range packed {
		if path.Ext(file.Path) != ".md" {
			fmt.Fprintf(hash, "%s %d\n", file.Path, len(file.Content))
			hash.Write(file.Content)
		}
		in, err := writer.CreateHeader(&zip.FileHeader{Name: file.Path, Method: zip.Deflate})
		if err != nil {
			return nil, "", err
		}
		if _, err := in.Write(file.Content); err != nil {
			return nil, "", err
		}
	}
	err = writer.Close()
	return out.Bytes(), hex.EncodeToString(hash.Sum(nil))[:12], err
}

// sameArchive reports whether two ZIP files have the same files with the same content:
// how they are compressed depends on the release of Go.
func sameArchive(a, b []byte) bool {
	first, err := contents(a)
	if err != nil {
		return false
	}
	second, err := contents(b)
	return err == nil && slices.EqualFunc(first, second, func(a, b File) bool {
		return a.Path == b.Path && bytes.Equal(a.Content, b.Content)
	})
}

func contents(archive []byte) ([]File, error) {
	reader, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, err
	}
	var files []File
	for _, entry := range reader.File {
		in, err := entry.Open()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(in)
		if err != nil {
			return nil, err
		}
		files = append(files, File{entry.Name, content})
	}
	return files, nil
}
