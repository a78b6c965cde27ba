package changes_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/memgate/memgate/pkg/changes"
)

func TestErrors(t *testing.T) {
	r := newRepository(t)
	r.write("a.yaml", pods("a"))
	r.commit()
	r.write("a.yaml", pods("a=2"))
	r.commit()
	r.git("checkout", "--quiet", "--orphan", "island")
	r.commit()
	shallow := repository{t, filepath.Join(t.TempDir(), "shallow")}
	r.git("clone", "--quiet", "--depth=1", "--branch=main", "file://"+r.dir, shallow.dir)
	shallow.git("fetch", "--quiet", "--depth=1", "origin", "island:island")
	bare := repository{t, filepath.Join(t.TempDir(), "bare")}
	r.git("clone", "--quiet", "--bare", r.dir, bare.dir)
	empty := newRepository(t)
	none := t.TempDir()
	const fetch = "; want both fetched with their history (GitHub Actions: fetch-depth: 0, GitLab CI: GIT_DEPTH: 0)"
	for _, tc := range []struct{ dir, rev, want string }{
		{r.dir, "", `revision "": want a branch, a tag or a commit`},
		{r.dir, "-x", `revision "-x": want a branch, a tag or a commit`},
		{r.dir, "--output=a", `revision "--output=a": want a branch, a tag or a commit`},
		{r.dir, "x", `revision "x": no such commit in ` + r.dir + fetch},
		{r.dir, "a.yaml", `revision "a.yaml": no such commit in ` + r.dir + fetch},
		{r.dir, "HEAD:a.yaml", `revision "HEAD:a.yaml": no such commit in ` + r.dir + fetch},
		{r.dir, "main..island", `revision "main..island": no such commit in ` + r.dir + fetch},
		{r.dir, "; ls\n", `revision "; ls\n": no such commit in ` + r.dir + fetch},
		{r.dir, "main", `revision "main": no commit that it and HEAD have in common in ` + r.dir + fetch},
		{r.dir, "@{upstream}", `revision "@{upstream}": git rev-parse: no upstream configured for branch 'island'`},
		{shallow.dir, "HEAD~1", `revision "HEAD~1": no such commit in ` + shallow.dir + fetch},
		{shallow.dir, "island", `revision "island": no commit that it and HEAD have in common in ` + shallow.dir + fetch},
		{empty.dir, "HEAD", `revision "HEAD": no such commit in ` + empty.dir + fetch},
		{bare.dir, "main", `git rev-parse: this operation must be run in a work tree`},
		{none, "main", `git rev-parse: not a git repository (or any of the parent directories): .git`},
		{filepath.Join(none, "a", "b"), "main", `git rev-parse: not a git repository (or any of the parent directories): .git`},
	} {
		c, err := changes.Since(t.Context(), []string{tc.dir}, tc.rev, changes.Options{Objects: objects})
		if err == nil || err.Error() != tc.want || c != nil {
			t.Errorf("Since(%q, %q) = %v, %v, want the error %s", tc.dir, tc.rev, c, err, tc.want)
		}
	}

	// An old version that is not there.
	r.write("a.yaml", pods("a=3"))
	id := r.git("rev-parse", "HEAD:a.yaml")
	r.remove(".git/objects/" + id[:2] + "/" + id[2:])
	_, err := changes.Since(t.Context(), []string{r.dir}, "HEAD", changes.Options{Objects: objects})
	if want := fmt.Sprintf("a.yaml: its old version %s: git says %q, want its size", id, id+" missing"); err == nil || err.Error() != want {
		t.Errorf("Since of a repository without an old version = %v, want the error %s", err, want)
	}

	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := changes.Since(stopped, []string{r.dir}, "main", changes.Options{Objects: objects}); !errors.Is(err, context.Canceled) {
		t.Errorf("Since with a context that is over = %v, want %v", err, context.Canceled)
	}
	t.Setenv("PATH", none)
	if _, err := changes.Since(t.Context(), []string{r.dir}, "main", changes.Options{Objects: objects}); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("Since without git = %v, want %v", err, exec.ErrNotFound)
	}
}
