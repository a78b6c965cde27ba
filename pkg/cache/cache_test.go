//go:build unix

package cache

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func open(t *testing.T) (*Dir, string) {
	t.Helper()
	parent := t.TempDir()
	if err := os.Chmod(parent, 0o700); err != nil {
		t.Fatal(err)
	}
	d, err := openIn(parent)
	if err != nil {
		t.Fatal(err)
	}
	return d, filepath.Join(parent, "memgate")
}

func TestRoundTrip(t *testing.T) {
	d, path := open(t)
	if got := d.Get("key"); got != nil {
		t.Errorf("Get of nothing = %q, want nil", got)
	}
	for _, content := range []string{"", "one", "another"} {
		d.Put("key", []byte(content))
		if got := d.Get("key"); got == nil || string(got) != content {
			t.Errorf("Get after Put(%q) = %q", content, got)
		}
	}
	info, err := os.Stat(filepath.Join(path, "key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the entry = %v, %v, want 0600", info.Mode(), err)
	}
	if info, err = os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode of the directory = %v, %v, want 0700", info.Mode(), err)
	}
}

// TestDistrust wants an entry that somebody else could have written, or that is damaged,
// to be none.
func TestDistrust(t *testing.T) {
	for name, spoil := range map[string]func(entry string) error{
		"readable by others":    func(entry string) error { return os.Chmod(entry, 0o644) },
		"writable by the group": func(entry string) error { return os.Chmod(entry, 0o620) },
		"cut":                   func(entry string) error { return os.Truncate(entry, 50) },
		"empty":                 func(entry string) error { return os.Truncate(entry, 0) },
		"changed": func(entry string) error {
			text, err := os.ReadFile(entry)
			if err != nil {
				return err
			}
			text[len(text)-1] ^= 1
			return os.WriteFile(entry, text, 0o600)
		},
		"of another name": func(entry string) error { return os.Rename(entry+"2", entry) },
		"a link": func(entry string) error {
			if err := os.Rename(entry, entry+"3"); err != nil {
				return err
			}
			return os.Symlink("/etc/hostname", entry)
		},
		"a directory": func(entry string) error {
			if err := os.Remove(entry); err != nil {
				return err
			}
			return os.Mkdir(entry, 0o700)
		},
		"too large": func(entry string) error { return os.Truncate(entry, largest+1) },
	} {
		d, path := open(t)
		d.Put("key", []byte("content"))
		d.Put("key2", []byte("content"))
		if err := spoil(filepath.Join(path, "key")); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := d.Get("key"); got != nil {
			t.Errorf("%s: Get = %q, want nil", name, got)
		}
		if got := d.Get("../memgate/../x"); got != nil {
			t.Errorf("%s: Get of a path = %q, want nil", name, got)
		}
	}
}

func TestOpenUnsafe(t *testing.T) {
	for name, spoil := range map[string]func(parent string) error{
		"a directory that others read": func(parent string) error {
			return os.Mkdir(filepath.Join(parent, "memgate"), 0o755)
		},
		"a link": func(parent string) error {
			return os.Symlink(t.TempDir(), filepath.Join(parent, "memgate"))
		},
		"a file":                    func(parent string) error { return os.WriteFile(filepath.Join(parent, "memgate"), nil, 0o600) },
		"above it others may write": func(parent string) error { return os.Chmod(parent, 0o777) },
	} {
		parent := filepath.Join(t.TempDir(), "cache")
		if err := os.Mkdir(parent, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := spoil(parent); err != nil {
			t.Fatal(err)
		}
		if _, err := openIn(parent); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

func TestPrune(t *testing.T) {
	d, path := open(t)
	old := time.Now().Add(-time.Hour)
	for i := range mostEntries {
		key := fmt.Sprintf("old%02d", i)
		d.Put(key, []byte(key))
		if err := os.Chtimes(filepath.Join(path, key), old, old.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	d.Put("new", []byte("new"))
	for key, want := range map[string][]byte{"old00": nil, "old01": []byte("old01"), "new": []byte("new")} {
		if got := d.Get(key); !bytes.Equal(got, want) {
			t.Errorf("Get(%q) = %q, want %q", key, got, want)
		}
	}
}
