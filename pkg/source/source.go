// Package source finds the files that a run reads: those that are named, and the
// manifests below directories. It looks into none of them but kustomizations.
package source

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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
	real  string // path
	open  func() (io.ReadCloser, error)
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

// Find returns the files of paths, in the order of paths and, below a directory, of
// their names; a file that is reached twice comes once. A path that is a file, or "-",
// is taken whatever its name. Below a directory these count: *.yaml, *.yml and *.json,
// whatever their case. Symbolic links are followed, a directory once; .git is left out.
// A file is known to be a patch by a kustomization below a directory that is read, or
// next to a file that is named, or up to two directories above it.
//
// An error means that a path does not exist, or is "-" where stdin is nil. What cannot be read below a directory is
// returned in faults.
func Find(paths []string, stdin io.Reader) (files []File, faults []*PathError, err error) {
	f := finder{stdin: stdin, seen: map[string]bool{}, kustomizations: kustomizations{map[string]bool{}, map[string]string{}, map[string]bool{}}}
	var errs []error
	for _, path := range paths {
		if path == Stdin {
			if stdin == nil {
				errs = append(errs, errors.New("-: standard input is not read here, want a file or a directory"))
				continue
			}
			f.add(Stdin, Stdin, func() (io.ReadCloser, error) { return io.NopCloser(f.stdin), nil })
			continue
		}
		info, err := os.Stat(path)
		switch {
		case err != nil:
			errs = append(errs, &PathError{filepath.ToSlash(path), err})
		case info.IsDir():
			f.directory(filepath.Clean(path))
		default:
			f.kustomizations.around(path)
			f.file(path)
		}
	}
	for i, file := range f.files {
		f.files[i].Patch = f.kustomizations.patched(file.real)
	}
	return f.files, f.faults, errors.Join(errs...)
}

type finder struct {
	stdin  io.Reader
	files  []File
	faults []*PathError
	seen   map[string]bool // real paths

	kustomizations kustomizations
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
	if f.first(real) {
		f.files = append(f.files, File{Name: name, real: real, open: open})
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
	f.faults = append(f.faults, &PathError{filepath.ToSlash(path), err})
}

func (f *finder) directory(path string) {
	if !f.first(realPath(path)) {
		return
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		f.fault(path, err)
		return
	}
	f.kustomizations.look(path)
	for _, entry := range entries {
		f.entry(filepath.Join(path, entry.Name()), entry)
	}
}

func (f *finder) entry(path string, entry fs.DirEntry) {
	mode := entry.Type()
	if mode&fs.ModeSymlink != 0 {
		info, err := os.Stat(path)
		if err != nil {
			if isManifest(path) {
				f.fault(path, err)
			}
			return
		}
		mode = info.Mode().Type()
	}
	switch {
	case mode.IsDir():
		if entry.Name() != ".git" {
			f.directory(path)
		}
	case !isManifest(path):
	case mode.IsRegular():
		f.file(path)
	default:
		f.fault(path, errors.New("not a regular file; name it to have it read"))
	}
}

func isManifest(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if absolute, err := filepath.Abs(path); err == nil {
		return absolute
	}
	return path
}
