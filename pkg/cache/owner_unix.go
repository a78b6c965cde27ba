//go:build unix

package cache

import (
	"io/fs"
	"os"
	"syscall"
)

// private reports whether nobody but this user can read or write a file.
func private(info fs.FileInfo) bool {
	return owner(info) == os.Geteuid() && info.Mode().Perm()&0o077 == 0
}

// unwritable reports whether nobody but this user and root can write to a directory.
func unwritable(info fs.FileInfo) bool {
	by := owner(info)
	return (by == os.Geteuid() || by == 0) && info.Mode().Perm()&0o022 == 0
}

func owner(info fs.FileInfo) int {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return -1
	}
	return int(stat.Uid)
}
