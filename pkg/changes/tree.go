package changes

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// A tree is the working tree of a repository beside one of its commits. It is immutable.
type tree struct {
	git    git
	top    string          // absolute, without symbolic links
	base   string          // object id of the commit
	of     map[string]bool // files and submodules of the commit, and whether they differ now
	former []blob          // old versions of manifests that differ
}

// A blob is an old version of a file.
type blob struct{ name, id string }

// open compares the repository around dir with the merge base of rev and HEAD.
func open(ctx context.Context, dir, rev string) (*tree, error) {
	if rev == "" || rev[0] == '-' {
		return nil, fmt.Errorf("revision %q: want a branch, a tag or a commit", rev)
	}
	t := &tree{git: git{dir}, of: map[string]bool{}}
	top, err := t.git.line(ctx, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, err
	}
	t.top = realPath(top)
	var failed *failure
	commit, err := t.git.line(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	if errors.As(err, &failed) && failed.status == 1 {
		return nil, fmt.Errorf("revision %q: no such commit in %s; %s", rev, t.top, deepen)
	}
	if err != nil {
		return nil, fmt.Errorf("revision %q: %w", rev, err)
	}
	t.base, err = t.git.line(ctx, "merge-base", commit, "HEAD")
	if errors.As(err, &failed) && failed.status == 1 {
		return nil, fmt.Errorf("revision %q: no commit that it and HEAD have in common in %s; %s", rev, t.top, deepen)
	}
	if err != nil {
		return nil, err
	}
	return t, t.compare(ctx)
}

const deepen = "want both fetched with their history (GitHub Actions: fetch-depth: 0, GitLab CI: GIT_DEPTH: 0)"

// compare fills in what the base has and what differs from it. Both commands are plumbing,
// which no setting of a user and no file of the tree changes; paths are those from the top.
func (t *tree) compare(ctx context.Context) error {
	files, err := t.git.output(ctx, "ls-tree", "-r", "-z", "--name-only", "--full-tree", t.base)
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(files, "\x00") {
		t.of[name] = false
	}
	differing, err := t.git.output(ctx, "diff-index", "-z", "--no-renames", "--ignore-submodules=none", t.base, "--")
	if err != nil {
		return err
	}
	// ":<old mode> <mode> <old id> <id> <status>", then the name.
	fields := strings.Split(differing, "\x00")
	for i := 0; i+1 < len(fields); i += 2 {
		name := fields[i+1]
		t.of[name] = true
		entry := strings.Fields(fields[i])
		if len(entry) < 5 {
			return fmt.Errorf("git diff-index: found %q, want modes, ids and a status", fields[i])
		}
		// Neither symbolic links nor submodules hold objects.
		if strings.HasPrefix(entry[0], ":100") && isManifest(name) {
			t.former = append(t.former, blob{name, entry[2]})
		}
	}
	return nil
}

// differs reports whether the file at a real path is not as the base has it. Above a file
// that the base has not, a submodule may be that it has.
func (t *tree) differs(file string) bool {
	name, err := filepath.Rel(t.top, file)
	if err != nil {
		return true // on another drive
	}
	for name = filepath.ToSlash(name); name != "."; name = path.Dir(name) {
		if differs, found := t.of[name]; found {
			return differs
		}
	}
	return true
}

// fromHere is the name of a file as seen from the current directory, slash-separated.
func (t *tree) fromHere(name string) string {
	file := filepath.Join(t.top, filepath.FromSlash(name))
	if here, err := os.Getwd(); err == nil {
		if below, err := filepath.Rel(realPath(here), file); err == nil {
			file = below
		}
	}
	return filepath.ToSlash(file)
}

// old hands the old versions of manifests that differ to visit, one after the other. Its
// error is that of visit or of git.
func (t *tree) old(ctx context.Context, visit func(name string, r io.Reader) error) error {
	if len(t.former) == 0 {
		return nil
	}
	var ids strings.Builder
	for _, b := range t.former {
		ids.WriteString(b.id + "\n")
	}
	return t.git.stream(ctx, strings.NewReader(ids.String()), func(out *bufio.Reader) error {
		for _, b := range t.former {
			head, err := out.ReadString('\n')
			if err != nil {
				return err
			}
			// "<id> blob <size>", or "<id> missing".
			fields := strings.Fields(head)
			size, err := strconv.ParseInt(fields[len(fields)-1], 10, 64)
			if err != nil {
				return fmt.Errorf("%s: its old version %s: git says %q, want its size", b.name, b.id, strings.TrimSpace(head))
			}
			body := io.LimitReader(out, size)
			if err := visit(b.name, body); err != nil {
				return err
			}
			if _, err := io.Copy(io.Discard, body); err != nil {
				return err
			}
			if _, err := out.Discard(1); err != nil { // the end of a line
				return err
			}
		}
		return nil
	}, "cat-file", "--batch")
}

// isManifest reports whether a file below a directory is read as a manifest.
func isManifest(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}
