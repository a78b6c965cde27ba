// Package positions plants text at random places of real manifests and wants memgate to
// report it where it stands. Nothing here asks package manifest where that is: plants are
// found again by their own text, and lines and columns are counted.
package positions

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/memgate/memgate/pkg/cli"
)

const root = "../.."

var (
	seed    = flag.Uint64("seed", 0, "draw the cases by this number; 0 takes another each time")
	number  = flag.Int("cases", 1_000, "cases to draw from the corpus, in equal parts of each shape")
	verbose = flag.Bool("discards", false, "print what is discarded")
	keep    = flag.String("keep", "", "directory to leave the planted files in")
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"memgate": func() { os.Exit(cli.Memgate(nil)) }})
}

// TestRepository plants in the examples of this repository.
func TestRepository(t *testing.T) {
	plantIn(t, max(*number/5, 2*len(shapes)), filepath.Join(root, "examples"), filepath.Join(root, "policies"))
}

// TestCorpus plants in the manifests of public repositories.
func TestCorpus(t *testing.T) {
	corpus := os.Getenv("MEMGATE_CORPUS")
	if corpus == "" {
		t.Skip("MEMGATE_CORPUS is not set: nothing is planted in manifests of other repositories")
	}
	plantIn(t, *number, filepath.Join(corpus, "bulk"), filepath.Join(corpus, "fixtures"), filepath.Join(corpus, "themed"))
}

// plantIn draws cases of each shape from the manifests below directories and wants the
// places that memgate reports to be those of the plants.
func plantIn(t *testing.T, cases int, dirs ...string) {
	t.Helper()
	drawnBy := cmp.Or(*seed, uint64(time.Now().UnixNano()))
	t.Logf("-seed=%d", drawnBy)
	draw := &drawing{Rand: rand.New(rand.NewPCG(drawnBy, 0)), files: manifests(t, dirs...)}
	all := cmp.Or(*keep, t.TempDir())
	for _, shape := range shapes {
		dir := filepath.Join(all, shape.name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		byFile := map[string]planted{}
		count := draw.cases(t, shape, (cases+len(shapes)-1)/len(shapes), func(i int, p planted) {
			name := filepath.Join(dir, fmt.Sprintf("%05d%s", i, p.extension))
			if err := os.WriteFile(name, []byte(p.text), 0o644); err != nil {
				t.Fatal(err)
			}
			byFile[filepath.ToSlash(name)] = p
		})
		t.Logf("%-9s %6d cases, %4d discarded: %.1f %%", shape.name, count.cases, count.discarded, count.share())
		if count.share() >= 20 {
			t.Errorf("%s: %d of %d plants are discarded, want less than a fifth", shape.name, count.discarded, count.discarded+count.cases)
		}
		compare(t, byFile, check(t, append(shape.flags, dir)))
	}
}

// compare wants the places of each file to be those of its plant.
func compare(t *testing.T, cases map[string]planted, got map[string][]string) {
	t.Helper()
	wrong := 0
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		p := cases[name]
		if slices.Equal(got[name], p.want()) {
			continue
		}
		if wrong++; wrong > 10 {
			continue
		}
		t.Errorf("%s, of %s: got\n\t%s\nwant\n\t%s\nin\n%s", name, p.origin,
			strings.Join(got[name], "\n\t"), strings.Join(p.want(), "\n\t"), p.excerpt())
	}
	if wrong > 0 {
		t.Errorf("%d of %d cases are wrong; -seed=N draws them again, -keep=DIR leaves their files", wrong, len(cases))
	}
}

// check runs memgate with arguments and returns, by file, the places that it reports, in
// the form of planted.want, and what it could not judge.
func check(t *testing.T, arguments []string) map[string][]string {
	t.Helper()
	arguments = append([]string{"check", "--no-defaults", "--policy", "testdata/plants.yaml", "-o", "json"}, arguments...)
	out, err := exec.Command("memgate", arguments...).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok {
		t.Fatalf("memgate %s: %v, want exit status 1", strings.Join(arguments, " "), err)
	} else if exit.ExitCode() != 1 {
		t.Fatalf("memgate %s: %v, want exit status 1\n%s", strings.Join(arguments, " "), err, exit.Stderr)
	}
	type at struct {
		File                             string
		Line, Column, EndLine, EndColumn int
	}
	var read struct {
		Findings []struct {
			at
			Related []struct {
				at
				Note string
			}
		}
		NotJudged []struct {
			at
			Text string
		}
	}
	if err := json.Unmarshal(out, &read); err != nil {
		t.Fatal(err)
	}
	places := map[string][]string{}
	for _, f := range read.Findings {
		place := fmt.Sprintf("%d:%d-%d:%d", f.Line, f.Column, f.EndLine, f.EndColumn)
		for _, r := range f.Related {
			if r.Line == 0 {
				continue // where a renderer says that the document comes from
			}
			place += fmt.Sprintf(" (%s %d:%d)", r.Note, r.Line, r.Column)
			if r.File != f.File {
				t.Errorf("%s: related place in %s, want one in the same file", f.File, r.File)
			}
		}
		places[f.File] = append(places[f.File], place)
	}
	for _, g := range read.NotJudged {
		places[g.File] = append(places[g.File], fmt.Sprintf("%d:%d not judged: %s", g.Line, g.Column, g.Text))
	}
	for file := range places { // a pod template in a custom resource is judged twice
		slices.Sort(places[file])
		places[file] = slices.Compact(places[file])
	}
	return places
}
