//go:build !unix

package cache

import "io/fs"

// Where files have no owner that can be asked for, nothing is trusted, and nothing cached.
func private(fs.FileInfo) bool { return false }

func unwritable(fs.FileInfo) bool { return false }
