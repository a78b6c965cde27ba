package source

import (
	"fmt"
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// checkGlob is an error if a glob, whose option or role is named, cannot be read.
func checkGlob(role, glob string) error {
	if glob == "" || !doublestar.ValidatePattern(glob) {
		return fmt.Errorf("%s: %q is no glob, want such as vendor, *.gen.yaml or charts/**/values.yaml", role, glob)
	}
	return nil
}

// excluded is the first of the globs that matches a name or, if all of the way to it is
// asked for, a directory above it; else "".
func excluded(globs []string, name string, way bool) string {
	name = path.Clean(name)
	for {
		for _, glob := range globs {
			if excludes(glob, name) {
				return glob
			}
		}
		name = path.Dir(name)
		if !way || name == "." || name == "/" {
			return ""
		}
	}
}

// excludes matches a glob with a slash against a whole name, and one without against its
// last element.
func excludes(glob, name string) bool {
	glob = strings.TrimSuffix(strings.TrimPrefix(glob, "./"), "/")
	if !strings.Contains(glob, "/") {
		name = path.Base(name)
	}
	return doublestar.MatchUnvalidated(glob, name)
}
