package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// A walk is what counts in a directory.
type walk struct {
	real  string // path of the directory
	rules *rules
	glob  string // that what is read has to match; "" is all
}

// walk is that of a directory where a walk starts.
func (f *finder) walk(dir string) walk {
	w := walk{real: realPath(dir)}
	if !f.options.NoIgnore {
		w.rules = rulesOf(w.real)
	}
	return w
}

// below is the walk of a directory in that of w; by is the pattern that ignores it, if
// there is one and it is entered all the same.
func (f *finder) below(w walk, dir string, entry fs.DirEntry, by string) walk {
	if !entry.IsDir() { // a link: git does not follow it, so it is as if it were named
		w.real = realPath(dir)
		if !f.options.NoIgnore {
			w.rules = rulesOf(w.real)
		}
	} else {
		w.real = filepath.Join(w.real, entry.Name())
		switch {
		case f.options.NoIgnore:
		case by != "":
			w.rules = w.rules.inside(w.real, by)
		default:
			w.rules = w.rules.below(w.real)
		}
	}
	if w.glob != "" && doublestar.MatchUnvalidated(w.glob, filepath.ToSlash(dir)) {
		w.glob = ""
	}
	return w
}

func (f *finder) directory(dir string, w walk) {
	f.met = f.met || w.glob == ""
	if !f.first(w.glob + "\x00" + w.real) {
		return
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		f.fault(dir, err)
		return
	}
	if w.glob == "" {
		f.kustomizations.walked(dir)
	} else {
		f.kustomizations.look(dir)
	}
	for _, entry := range entries {
		f.entry(filepath.Join(dir, entry.Name()), entry, w)
	}
}

func (f *finder) entry(path string, entry fs.DirEntry, w walk) {
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
	directory := mode.IsDir()
	if directory && (entry.Name() == ".git" || w.tooDeep(path)) || !directory && !f.wants(path, w) || f.excluded(path, directory, false) {
		return
	}
	at := filepath.Join(w.real, entry.Name())
	by := w.rules.matching(at, entry.IsDir())
	switch {
	case by != "" && !w.rules.repo.tracks(at, entry.IsDir()):
		f.leaveOut(path, directory, by)
	case directory:
		f.directory(path, f.below(w, path, entry, by))
	case mode.IsRegular():
		f.file(path)
	default:
		f.fault(path, errors.New("not a regular file; name it to have it read"))
	}
}

// wants reports whether a file counts, by its name.
func (f *finder) wants(file string, w walk) bool {
	counts := isManifest(file) || f.options.Kustomize && filepath.Base(file) == bareName
	return counts && (w.glob == "" || doublestar.MatchUnvalidated(w.glob, filepath.ToSlash(file)))
}

// tooDeep reports whether neither a directory nor anything below it can match the glob.
func (w walk) tooDeep(dir string) bool {
	dir = filepath.ToSlash(dir)
	return w.glob != "" && !strings.Contains(w.glob, "**") &&
		strings.Count(dir, "/") >= strings.Count(w.glob, "/") && !doublestar.MatchUnvalidated(w.glob, dir)
}

// isGlob reports whether a path has a wildcard of package doublestar.
func isGlob(path string) bool { return strings.ContainsAny(path, "*?[{") }

// glob adds what a glob matches. It is an error if that is nothing.
func (f *finder) glob(glob string) error {
	glob = path.Clean(filepath.ToSlash(glob))
	if err := checkGlob("path", glob); err != nil {
		return err
	}
	if !f.first("\x00" + glob) {
		return nil
	}
	dir, rest := doublestar.SplitPattern(glob)
	f.met = false
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		w := f.walk(dir)
		w.glob = path.Join(dir, rest)
		f.directory(filepath.FromSlash(dir), w)
	}
	if !f.met {
		return fmt.Errorf("%s: no such file, and as a glob it matches neither a manifest nor a directory", glob)
	}
	return nil
}
