// Package cache keeps what is expensive to compute in a directory of the user. It knows
// names and bytes. What it returns decides verdicts, so it trusts nothing that somebody
// else could have written: such entries, and damaged ones, are as good as absent.
package cache

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

const (
	mostEntries = 32       // then those that were written first go
	largest     = 64 << 20 // bytes of an entry
	magic       = "memgate cache 1\n"
)

// A Dir is a directory of entries. It is safe for concurrent use, by several processes as
// well.
type Dir struct{ root *os.Root }

// Open opens the directory memgate in the user's cache directory ($XDG_CACHE_HOME, else
// ~/.cache), which it makes with mode 0700. It is an error if others may write to the
// directory or replace it.
func Open() (*Dir, error) {
	home, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	return openIn(home)
}

func openIn(parent string) (*Dir, error) {
	path := filepath.Join(parent, "memgate")
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	// Above it root may own things, and others read, but nobody else may rename.
	for _, dir := range []struct {
		path string
		look func(string) (fs.FileInfo, error)
		safe func(fs.FileInfo) bool
	}{{parent, os.Stat, unwritable}, {path, os.Lstat, private}} {
		info, err := dir.look(dir.path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() || !dir.safe(info) {
			return nil, fmt.Errorf("%s: others could write here, want a directory of this user alone", dir.path)
		}
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return &Dir{root}, nil
}

// Get is the content of an entry; nil if there is none that can be trusted.
func (d *Dir) Get(key string) []byte {
	file, err := d.root.Open(key)
	if err != nil {
		return nil
	}
	defer file.Close() //nolint:errcheck // read only
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || !private(info) || info.Size() > largest {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(file, largest+1))
	if err != nil {
		return nil
	}
	sum := sumOf(key, nil)
	text, found := bytes.CutPrefix(text, []byte(magic))
	if !found || len(text) < len(sum) {
		return nil
	}
	content := text[len(sum):]
	if sum = sumOf(key, content); !bytes.Equal(text[:len(sum)], sum[:]) {
		return nil
	}
	return content
}

// sumOf binds content to its key, so that an entry under another name is none.
func sumOf(key string, content []byte) [sha256.Size]byte {
	return sha256.Sum256(append([]byte(key+"\n"), content...))
}

// Put writes an entry, all of it or nothing. A cache that cannot be written is no fault.
func (d *Dir) Put(key string, content []byte) {
	if len(content) > largest-len(magic)-sha256.Size {
		return
	}
	sum := sumOf(key, content)
	if d.write(key, slices.Concat([]byte(magic), sum[:], content)) == nil {
		d.prune()
	}
}

func (d *Dir) write(key string, text []byte) error {
	temporary := fmt.Sprintf("%s.%d", key, os.Getpid())
	file, err := d.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err == nil {
		err = d.root.Rename(temporary, key)
	}
	if err != nil {
		return errors.Join(err, d.root.Remove(temporary))
	}
	return nil
}

// prune removes the entries that were written first, beyond mostEntries.
func (d *Dir) prune() {
	entries, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil || len(entries) <= mostEntries {
		return
	}
	var infos []fs.FileInfo
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil {
			infos = append(infos, info)
		}
	}
	slices.SortFunc(infos, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), cmp.Compare(a.Name(), b.Name()))
	})
	for _, info := range infos[:max(0, len(infos)-mostEntries)] {
		_ = d.root.Remove(info.Name()) // another process may have
	}
}
