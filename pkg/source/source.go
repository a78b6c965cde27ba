// Package source finds the files that a run reads: those that are named, and the
// manifests below directories. It looks into none of them but kustomizations.
package source

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Stdin is the name of standard input.
const Stdin = "-"

// A File is one input. Its name is slash-separated, as the caller named it.
type File struct {
	Name string
	// Patch is the kustomization that names the file as a patch, and so as no manifest by
	// itself; "" for all others.
	Patch string
	// Kustomization says that the directory of the file, a kustomization, is to be built: it
	// is below a directory that was asked for, and no other one that is built uses it; or it
	// was asked for itself.
	Kustomization bool
	Real          string // absolute path without symbolic links; "-" is standard input
	open          func() (io.ReadCloser, error)
}

// Open opens the file. It can be opened again once it was closed.
func (f File) Open() (io.ReadCloser, error) { return f.open() }

// A PathError is a file or directory below a path that cannot be read.
type PathError struct {
	Name string
	Err  error
}

func (e *PathError) Error() string { return e.Name + ": " + e.Reason() }
func (e *PathError) Unwrap() error { return e.Err }

// Reason is the error without the operation and the path that package os puts first.
func (e *PathError) Reason() string {
	var path *fs.PathError
	if errors.As(e.Err, &path) {
		return path.Err.Error()
	}
	return e.Err.Error()
}

// Options say what is left out below directories, and what becomes of kustomizations. The
// zero Options leave out what git ignores.
type Options struct {
	// Exclude are globs, as package doublestar has them. One without a slash is matched
	// against the names of files and directories, at any depth; one with a slash against
	// the whole name, as a report shows it. What stands below a directory that matches is
	// left out with it. They win over paths.
	Exclude []string
	// NoIgnore reads what git ignores, too.
	NoIgnore bool
	// Kustomize marks the kustomizations that are to be built.
	Kustomize bool
}

// Found is what there is to read.
type Found struct {
	Files   []File
	Faults  []*PathError // what cannot be read below a directory
	LeftOut []LeftOut
}

// LeftOut is a manifest that is not read, or a directory that is not looked into.
type LeftOut struct {
	Name string // slash-separated; that of a directory ends with a slash
	By   string // place of the pattern in a file of git, or the glob that excludes it
}

// Find is that of Options for what is not judged, such as policies: nothing is left out.
func Find(paths []string, stdin io.Reader) (files []File, faults []*PathError, err error) {
	found, err := Options{NoIgnore: true}.Find(paths, stdin)
	return found.Files, found.Faults, err
}

// Find returns the files of paths, in the order of paths and, below a directory, of
// their names; a file that is reached twice comes once. A path that is a file, or "-",
// is taken whatever its name. Below a directory these count: *.yaml, *.yml and *.json,
// whatever their case. Symbolic links are followed, a directory once; .git is left out.
// A path that does not exist and has one of *?[{ is a glob, as package doublestar has
// them: of the directory before its first wildcard that is read which matches, or stands
// in a directory that does.
//
// In a repository of git, what it ignores by .gitignore or info/exclude is left out below
// directories, but for what is in its index: a pattern in the checked tree cannot hide a
// file of a commit. A path is read whether git ignores it or not. What the user of git
// ignores everywhere (core.excludesFile) is read: a result must not depend on who asks. A
// .gitignore of more than 256 KiB ignores nothing.
//
// A file is known to be a patch by a kustomization below a directory that is read, or
// next to a file that is named, or up to two directories above it.
//
// An error means that a glob is malformed or matches nothing, or a path does not exist, or
// is "-" where stdin is nil.
func (o Options) Find(paths []string, stdin io.Reader) (Found, error) {
	f := finder{options: o, stdin: stdin, seen: map[string]bool{}, kustomizations: newKustomizations()}
	var errs []error
	for _, glob := range o.Exclude {
		errs = append(errs, checkGlob("exclude", glob))
	}
	if err := errors.Join(errs...); err != nil {
		return Found{}, err
	}
	for _, path := range paths {
		errs = append(errs, f.path(path))
	}
	tops := f.kustomizations.tops(f.found.Files)
	for i, file := range f.found.Files {
		f.found.Files[i].Patch = f.kustomizations.patched(file.Real)
		f.found.Files[i].Kustomization = o.Kustomize && tops[file.Real]
	}
	return f.found, errors.Join(errs...)
}

// Reads reports whether a file below the paths would be read if it were there, by its name,
// as far as Exclude and the paths say.
func (o Options) Reads(paths []string, name string) bool {
	if excluded(o.Exclude, name, true) != "" {
		return false
	}
	return slices.ContainsFunc(paths, func(path string) bool {
		path = filepath.ToSlash(filepath.Clean(path))
		return path == "." && filepath.IsLocal(name) || path == name || strings.HasPrefix(name, path+"/") || isGlob(path)
	})
}

type finder struct {
	options Options
	stdin   io.Reader
	found   Found
	seen    map[string]bool // real paths
	met     bool            // something that counts, be it new or not

	kustomizations kustomizations
}

func (f *finder) path(path string) error {
	if path == Stdin {
		if f.stdin == nil {
			return errors.New("-: standard input is not read here, want a file or a directory")
		}
		f.add(Stdin, Stdin, func() (io.ReadCloser, error) { return io.NopCloser(f.stdin), nil })
		return nil
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && isGlob(path):
		return f.glob(path)
	case err != nil:
		return &PathError{filepath.ToSlash(path), err}
	case f.excluded(path, info.IsDir(), true):
	case info.IsDir():
		path = filepath.Clean(path)
		f.directory(path, f.walk(path))
		f.kustomizations.named[realPath(path)] = true
	default:
		f.kustomizations.around(path)
		f.file(path)
	}
	return nil
}

// excluded reports whether an exclusion matches a path and, with way, or a directory
// above it. It is counted then.
func (f *finder) excluded(path string, directory, way bool) bool {
	by := excluded(f.options.Exclude, filepath.ToSlash(path), way)
	if by != "" {
		f.leaveOut(path, directory, by)
	}
	return by != ""
}

func (f *finder) leaveOut(path string, directory bool, by string) {
	f.met = true
	name := filepath.ToSlash(path)
	if directory {
		name += "/"
	}
	f.found.LeftOut = append(f.found.LeftOut, LeftOut{name, by})
}

// first reports whether the real path of a file or directory is new.
func (f *finder) first(real string) bool {
	if f.seen[real] {
		return false
	}
	f.seen[real] = true
	return true
}

func (f *finder) add(name, real string, open func() (io.ReadCloser, error)) {
	f.met = true
	if f.first(real) {
		f.found.Files = append(f.found.Files, File{Name: name, Real: real, open: open})
	}
}

func (f *finder) file(path string) {
	f.add(filepath.ToSlash(path), realPath(path), func() (io.ReadCloser, error) {
		file, err := os.Open(path)
		if err != nil {
			return nil, &PathError{filepath.ToSlash(path), err}
		}
		return file, nil
	})
}

func (f *finder) fault(path string, err error) {
	f.met = true
	f.found.Faults = append(f.found.Faults, &PathError{filepath.ToSlash(path), err})
}

func isManifest(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// realPath is absolute and has no symbolic link, as far as it exists.
func realPath(path string) string {
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}
