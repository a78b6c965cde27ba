// Package changes tells which objects the files of a git repository have that a revision
// does not have. It knows git and the content of objects; it knows neither kinds nor
// policies. It runs the git binary, which it finds on the PATH.
package changes

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/memgate/memgate/pkg/manifest"
)

// Options say how files are read.
type Options struct {
	MaxDocument int64 // as in manifest.Options

	// Reads reports whether the old version of a file counts, by its name from the current
	// directory: one that would not be judged now, either, tells nothing. nil means all.
	Reads func(name string) bool

	// Objects are the objects that a document stands for, such as the items of a list,
	// in the form that Has is asked about.
	Objects func(document *manifest.Object) []*manifest.Object
}

// Changes are what differs between the files of a repository as they are now, committed or
// not, and a revision. They are safe for concurrent use.
type Changes struct {
	tree    *tree
	objects map[digest]bool // at the base, in the files that differ
	files   sync.Map        // from the name of a file to whether it differs, once asked
}

// Since compares the files of a repository with the merge base of rev and HEAD: what
// happened on the branch of rev since then is no change. The repository is that of the
// first of paths; that of the current directory if there is none, if it is "-", and in the
// hooks of git, which set GIT_DIR.
//
// Of manifests (*.yaml, *.yml and *.json, whatever their case) that differ, the old version
// is read, one document at a time; 32 bytes are remembered of each object. The error is
// that of git, or says what is wrong with rev.
func Since(ctx context.Context, paths []string, rev string, options Options) (*Changes, error) {
	t, err := open(ctx, directory(paths), rev)
	if err != nil {
		return nil, err
	}
	c := &Changes{tree: t, objects: map[digest]bool{}}
	if err := t.old(ctx, func(name string, r io.Reader) error {
		if options.Reads != nil && !options.Reads(t.fromHere(name)) {
			return nil
		}
		return c.remember(name, r, options)
	}); err != nil {
		return nil, err
	}
	return c, nil
}

// Base is the commit that the files are compared with, in hexadecimal.
func (c *Changes) Base() string { return c.tree.base }

// HasFile reports whether a file differs from what it was, or is none of the repository:
// standard input ("-"), new, ignored or outside. Of a submodule it is every file, if the
// submodule differs. The name is a path of this system or slash-separated; a symbolic link
// stands for its target. A directory always differs.
func (c *Changes) HasFile(name string) bool {
	if differs, found := c.files.Load(name); found {
		return differs.(bool)
	}
	differs := name == "-" || c.tree.differs(realPath(name))
	c.files.Store(name, differs)
	return differs
}

// Has reports whether the object, which was read from the file, is new or has changed. An
// object that stood with the same content in one of the files that differ has not: it was
// moved or laid out anew.
//
// An object that was built from several files, such as by kustomize, has changed if
// HasFile says so of one of them.
func (c *Changes) Has(file string, object *manifest.Object) bool {
	if !c.HasFile(file) {
		return false
	}
	d, ok := digestOf(object)
	return !ok || !c.objects[d]
}

// remember reads an old version of a file. What cannot be read there holds no objects, so
// that those that can be read now are new.
func (c *Changes) remember(name string, r io.Reader, options Options) error {
	in := manifest.NewReader(name, r, manifest.Options{MaxDocument: options.MaxDocument})
	for {
		document, err := in.Next()
		var (
			none   *manifest.NotManifestError
			syntax *manifest.SyntaxError
		)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &none), errors.As(err, &syntax):
			continue
		case err != nil:
			return err
		}
		for _, object := range options.Objects(document) {
			if d, ok := digestOf(object); ok {
				c.objects[d] = true
			}
		}
	}
}

// A digest is the SHA-256 hash of an object as JSON with sorted keys. The names that an
// object is known by are part of its content.
type digest [sha256.Size]byte

func digestOf(object *manifest.Object) (d digest, ok bool) {
	text, err := json.Marshal(object.Value)
	return sha256.Sum256(text), err == nil
}

// directory is where git is run: the deepest one above the first path, which may be a glob.
func directory(paths []string) string {
	if len(paths) == 0 || paths[0] == "-" || os.Getenv("GIT_DIR") != "" {
		return "."
	}
	path := realPath(paths[0])
	for {
		above := filepath.Dir(path)
		if info, err := os.Stat(path); err == nil && info.IsDir() || above == path {
			return path
		}
		path = above
	}
}

// realPath is the absolute path of a file without symbolic links. Of what does not exist,
// links stay.
func realPath(name string) string {
	path := filepath.FromSlash(name)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if absolute, err := filepath.Abs(path); err == nil {
		return absolute
	}
	return path
}
