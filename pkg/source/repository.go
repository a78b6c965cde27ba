package source

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A repository is a working tree of git.
type repository struct {
	top    string // real path
	dir    string // what is of this working tree alone, such as the index
	common string // what all working trees of the repository share

	index *index // nil until it is asked for
}

// findRepository returns the repository that a directory, by its real path, is in.
func findRepository(dir string) (*repository, bool) {
	for {
		if repo, ok := openRepository(dir); ok {
			return repo, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil, false
		}
		dir = parent
	}
}

// openRepository returns the repository whose top level a directory is. Its ".git" is a
// directory, or in a submodule and a linked working tree a file that names one.
func openRepository(top string) (*repository, bool) {
	dir := filepath.Join(top, ".git")
	info, err := os.Stat(dir)
	if err != nil {
		return nil, false
	}
	if info.Mode().IsRegular() {
		text, err := os.ReadFile(dir)
		named, ok := strings.CutPrefix(string(text), "gitdir: ")
		if err != nil || !ok {
			return nil, false
		}
		dir = within(top, named)
	}
	if _, err := os.Stat(filepath.Join(dir, "HEAD")); err != nil {
		return nil, false
	}
	common := dir
	if text, err := os.ReadFile(filepath.Join(dir, "commondir")); err == nil {
		common = within(dir, string(text))
	}
	return &repository{top: top, dir: dir, common: common}, true
}

// within is the path that a line of a file of git means, which may be relative to dir.
func within(dir, line string) string {
	path := filepath.FromSlash(strings.TrimRight(line, "\r\n"))
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// rules are what the repository ignores at its top level.
func (r *repository) rules() *rules {
	none := &rules{dir: r.top, repo: r}
	exclude := &rules{
		above: none, dir: r.top, repo: r, file: ".git/info/exclude",
		patterns: readPatterns(filepath.Join(r.common, "info", "exclude")),
	}
	return exclude.read(r.top)
}

// tracks reports whether the index has a file, or one below a directory, by its real
// path. Where the index cannot be read, that is not known, and all is taken to be in it.
func (r *repository) tracks(path string, directory bool) bool {
	if r.index == nil {
		r.index = r.readIndex()
	}
	if r.index.unknown {
		return true
	}
	below, err := filepath.Rel(r.top, path)
	if err != nil {
		return true
	}
	return r.index.has(filepath.ToSlash(below), directory)
}

func (r *repository) readIndex() *index {
	text, err := os.ReadFile(filepath.Join(r.dir, "index"))
	if errors.Is(err, fs.ErrNotExist) {
		return &index{} // nothing was added yet
	}
	if err != nil {
		return &index{unknown: true}
	}
	hash := sha1Size
	config, err := os.ReadFile(filepath.Join(r.common, "config"))
	if err != nil {
		return &index{unknown: true}
	}
	if bytes.Contains(bytes.ToLower(config), []byte("sha256")) {
		hash = sha256Size
	}
	names, ok := parseIndex(text, hash)
	return &index{names: names, unknown: !ok}
}
