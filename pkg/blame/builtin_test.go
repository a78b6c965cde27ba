package blame_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/blame"
	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/review"
)

// corpusVar is the environment variable that names a folder of manifests, of which one in
// corpusShare is judged.
const (
	corpusVar   = "MEMGATE_CORPUS"
	corpusShare = 10
)

// TestBuiltIn asks for the places of violations that say theirs: those of the built-in
// rules in their own examples and, if there is one, in a corpus.
func TestBuiltIn(t *testing.T) {
	set, err := policy.Bundle("strict")
	if err != nil {
		t.Fatal(err)
	}
	client, err := engine.NewClient(set, engine.Options{Point: policy.OfflinePoint})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name              string
		files             []string
		violations        int // at least
		exact, inElements int // percent, at least
		unread            int // percent in the right element without the reads, at least
	}{
		{"examples", examples(t), 150, 58, 88, 80},
		{"corpus", corpus(t), 50, 70, 90, 80},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if len(tc.files) == 0 {
				t.Skipf("%s is not set: no real manifests are judged", corpusVar)
			}
			var read, unread counts
			for _, object := range objects(t, tc.files) {
				r := review.New(object, review.Options{})
				for _, o := range client.Review(t.Context(), r) {
					if len(o.Violations) == 0 {
						continue
					}
					for i, reads := range client.Trace(t.Context(), r, o) {
						v := o.Violations[i]
						if want := v.Path(); want != nil {
							read.add(blame.Path(object, reads, v.Message), want)
							unread.add(blame.Path(object, nil, v.Message), want)
						}
					}
				}
			}
			t.Logf("with what was read:    %v", read)
			t.Logf("without what was read: %v", unread)
			if read.all < tc.violations || read.percent(read.exact) < tc.exact || read.percent(read.inElement) < tc.inElements {
				t.Errorf("Path gives %v, want at least %d%% exact and %d%% in the element, of %d", read, tc.exact, tc.inElements, tc.violations)
			}
			if unread.percent(unread.inElement) < tc.unread {
				t.Errorf("Path without reads gives %v, want at least %d%% in the element", unread, tc.unread)
			}
		})
	}
}

// counts compare paths with the true ones.
type counts struct {
	all       int
	exact     int
	inElement int // of the outermost list, such as the container; both in none counts as well
	none      int
}

func (c *counts) add(got, want []any) {
	c.all++
	switch {
	case slices.Equal(got, want):
		c.exact++
		c.inElement++
	case got == nil:
		c.none++
	case slices.Equal(outermost(got), outermost(want)):
		c.inElement++
	}
}

func (c counts) percent(n int) int { return 100 * n / max(c.all, 1) }

func (c counts) String() string {
	return fmt.Sprintf("%d violations: %d%% exact, %d%% in the right element, %d%% none", c.all, c.percent(c.exact), c.percent(c.inElement), c.percent(c.none))
}

// outermost is the path of the outermost element of a list that holds a field.
func outermost(path []any) []any {
	i := slices.IndexFunc(path, func(step any) bool { _, ok := step.(int); return ok })
	return path[:i+1]
}

func examples(t *testing.T) []string {
	files, err := filepath.Glob("../../policies/*/*/examples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func corpus(t *testing.T) []string {
	dir := os.Getenv(corpusVar)
	if dir == "" {
		return nil
	}
	var files []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".yaml") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var share []string
	for i := 0; i < len(files); i += corpusShare {
		share = append(share, files[i])
	}
	return share
}

// objects are those of files, in lists as well, as far as they can be read.
func objects(t *testing.T, files []string) []map[string]any {
	var found []map[string]any
	for _, file := range files {
		in, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		read, _ := manifest.Read(file, in)
		for _, object := range read {
			items, _ := review.Items(object)
			for _, item := range items {
				found = append(found, item.Value)
			}
		}
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return found
}
