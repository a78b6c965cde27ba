package source

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Rules are what git ignores in a directory of a repository and below: the patterns of
// its own .gitignore after those of the directories above it. nil ignores nothing.
type rules struct {
	above    *rules
	dir      string // real path
	file     string // with the patterns, from the top of the repository
	patterns []pattern
	repo     *repository
	ignored  string // the pattern by which the directory is ignored, with all that is not tracked
}

// rulesOf are the rules of a directory, by its real path, where a walk starts. If git
// ignores that directory, it was meant all the same, and nothing above it counts.
func rulesOf(dir string) *rules {
	repo, found := findRepository(dir)
	if !found {
		return nil
	}
	r := repo.rules()
	at := repo.top
	below, err := filepath.Rel(repo.top, dir)
	if err != nil || below == "." {
		return r
	}
	for name := range strings.SplitSeq(below, string(filepath.Separator)) {
		at = filepath.Join(at, name)
		if r.matching(at, true) != "" {
			return (&rules{dir: dir, repo: repo}).read(dir)
		}
		r = r.read(at)
	}
	return r
}

// below are the rules of a directory in that of r, which may be a repository of its own.
func (r *rules) below(dir string) *rules {
	if repo, ok := openRepository(dir); ok {
		return repo.rules()
	}
	if r == nil {
		return nil
	}
	return r.read(dir)
}

// inside are the rules of a directory that git ignores but for what it tracks there.
func (r *rules) inside(dir, by string) *rules {
	return &rules{above: r, dir: dir, repo: r.repo, ignored: by}
}

// read adds the .gitignore of a directory.
func (r *rules) read(dir string) *rules {
	file := filepath.Join(dir, ".gitignore")
	patterns := readPatterns(file)
	if len(patterns) == 0 {
		return r
	}
	if name, err := filepath.Rel(r.repo.top, file); err == nil {
		file = filepath.ToSlash(name)
	}
	return &rules{above: r, dir: dir, file: file, patterns: patterns, repo: r.repo, ignored: r.ignored}
}

// largestIgnore is the size of the largest .gitignore that is read, in bytes. Git reads 100
// MiB, which may be patterns of 10 GB; to ignore nothing instead hides nothing.
const largestIgnore = 256 << 10

func readPatterns(file string) []pattern {
	// Git follows no link here, and what is no file would be waited for.
	info, err := os.Lstat(file)
	if err != nil || !info.Mode().IsRegular() || info.Size() > largestIgnore {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	var patterns []pattern
	line := 0
	for written := range bytes.Lines(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))) {
		line++
		if p, ok := parsePattern(strings.TrimSuffix(string(written), "\n")); ok {
			p.line = line
			patterns = append(patterns, p)
		}
	}
	return patterns
}

// matching is the place of the pattern by which git ignores a file or directory that it
// does not track, by its real path, or "". The last pattern counts that matches.
func (r *rules) matching(path string, directory bool) string {
	if r != nil && r.ignored != "" {
		return r.ignored
	}
	for ; r != nil; r = r.above {
		below, err := filepath.Rel(r.dir, path)
		if err != nil {
			continue
		}
		names := strings.Split(filepath.ToSlash(below), "/")
		for i := len(r.patterns) - 1; i >= 0; i-- {
			p := &r.patterns[i]
			if p.directory && !directory || !p.match(names) {
				continue
			}
			if p.negated {
				return ""
			}
			return r.file + ":" + strconv.Itoa(p.line)
		}
	}
	return ""
}
