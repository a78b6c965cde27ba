package kustomize

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// A disk is the files that one build reads. It remembers the kustomizations among them.
type disk struct {
	filesys.FileSystem // for what reads nothing

	ctx           context.Context
	dir           string // of the kustomization that is built, as the caller named it
	root          string // the same, absolute and without symbolic links
	kustomization string // file in it, as reports name it
	bytes         int64  // that may still be read
	files         int
	aliased       int   // values that aliases have added
	refused       error // the first

	read       map[string]bool // paths of files
	kustomized []*kustomization
	keepOrigin bool // the kustomization asks for the annotations that tell the origin
}

func newDisk(ctx context.Context, dir string, limits Limits) (*disk, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	root, err := filepath.EvalSymlinks(absolute)
	if err != nil {
		return nil, err
	}
	if limits.Bytes == 0 {
		limits.Bytes = 256 << 20
	}
	if limits.Files == 0 {
		limits.Files = 10000
	}
	return &disk{
		FileSystem: filesys.MakeFsOnDisk(), ctx: ctx,
		dir: dir, root: root, bytes: limits.Bytes, files: limits.Files,
		read: map[string]bool{},
	}, nil
}

// ReadFile reads a regular file. That of a kustomization is looked at first.
func (d *disk) ReadFile(path string) ([]byte, error) {
	text, err := d.readFile(path)
	if err != nil {
		return nil, err
	}
	if err := d.unalias(text, 1); err != nil {
		return nil, d.refuse(fmt.Errorf("%s: %w", d.name(path), err))
	}
	d.read[path] = true
	if !slices.Contains(konfig.RecognizedKustomizationFileNames(), filepath.Base(path)) {
		return text, nil
	}
	text, err = d.kustomize(path, text)
	return text, d.refuse(err)
}

func (d *disk) readFile(path string) ([]byte, error) {
	if err := d.ctx.Err(); err != nil {
		return nil, d.refuse(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	d.files--
	if d.files < 0 {
		return nil, d.refuse(fmt.Errorf("more files are read than a build may"))
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // read only
	text, err := io.ReadAll(io.LimitReader(file, d.bytes+1))
	if err != nil {
		return nil, err
	}
	d.bytes -= int64(len(text))
	if d.bytes < 0 {
		return nil, d.refuse(fmt.Errorf("more bytes are read than a build may"))
	}
	return text, nil
}

// refuse remembers why the build is not to go on.
func (d *disk) refuse(err error) error {
	if d.refused == nil {
		d.refused = err
	}
	return err
}

// resources are the files that were read as such.
func (d *disk) resources() []string {
	var files []string
	for _, k := range d.kustomized {
		for _, path := range k.Resources {
			if path = realPath(filepath.Join(k.dir, path)); d.read[path] {
				files = append(files, path)
			}
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}

func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// name is a path as reports show it: from the directory that the caller named, or else
// from the working directory.
func (d *disk) name(path string) string {
	if absolute, err := filepath.Abs(d.dir); err == nil && absolute == d.root {
		if below, err := filepath.Rel(d.root, path); err == nil {
			return filepath.ToSlash(filepath.Join(d.dir, below))
		}
	}
	if dir, err := os.Getwd(); err == nil {
		if below, err := filepath.Rel(realPath(dir), path); err == nil {
			return filepath.ToSlash(below)
		}
	}
	return filepath.ToSlash(path)
}

var errReadOnly = errors.New("a build writes nothing")

// What follows is of the interface and nothing that a build needs.

func (d *disk) Open(string) (filesys.File, error)   { return nil, d.refuse(errReadOnly) }
func (d *disk) Create(string) (filesys.File, error) { return nil, d.refuse(errReadOnly) }
func (d *disk) Mkdir(string) error                  { return d.refuse(errReadOnly) }
func (d *disk) MkdirAll(string) error               { return d.refuse(errReadOnly) }
func (d *disk) RemoveAll(string) error              { return d.refuse(errReadOnly) }
func (d *disk) WriteFile(string, []byte) error      { return d.refuse(errReadOnly) }
