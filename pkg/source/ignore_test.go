package source_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/source"
)

// git runs git in the working directory, without the configuration of the user.
func git(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "HOME="+t.TempDir())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %q: %v", args, err)
	}
	return string(out)
}

// names are those of all that Find reads below the working directory, sorted.
func names(t *testing.T, options source.Options, paths ...string) []string {
	t.Helper()
	found, err := options.Find(paths, nil)
	if err != nil || len(found.Faults) > 0 {
		t.Fatalf("Find(%q) with %+v: %v, faults %v", paths, options, err, found.Faults)
	}
	var names []string
	for _, file := range found.Files {
		names = append(names, file.Name)
	}
	slices.Sort(names)
	return names
}

// wanted are the files that git has or would have, sorted.
func wanted(t *testing.T) []string {
	t.Helper()
	var names []string
	for name := range strings.SplitSeq(git(t, "ls-files", "-z", "--cached", "--others", "--exclude-standard"), "\x00") {
		if strings.HasSuffix(name, ".yaml") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// A random source of trees and patterns. Its few names and bytes make matches likely.
type gen struct{ *rand.Rand }

func (g gen) of(from ...string) string { return from[g.IntN(len(from))] }

func (g gen) name() string {
	return g.of("a", "b", "ab", "a b", "[a]", "#a", "!a", `a\`, "-", "é", "A", "a*", "aa.b") + g.of("", "", "", ".d")
}

func (g gen) path() string {
	var b strings.Builder
	for range g.IntN(4) {
		b.WriteString(g.name() + "/")
	}
	return b.String() + g.name() + ".yaml"
}

func (g gen) pattern() string {
	var b strings.Builder
	b.WriteString(g.of("", "", "", "", "!", "/", "!/", "**/", "#", " ", `\!`, `\#`))
	for i := range 1 + g.IntN(5) {
		if i > 0 && g.IntN(3) == 0 {
			b.WriteString(g.of("/", "/", "/**/", "/*/", "/***/", `\/`))
		}
		b.WriteString(g.of("a", "b", "a", "ab", "*", "*", "?", "**", "***", "[ab]", "[!a]", "[^b]", "[]a]", "[a-c]", "[[:alpha:]]", "[[:nope:]]", "[[:upper:]a", "[a", "[a/b]", "[b-a]",
			`[\]a]`, `[a\-c]`, "[[:a]", "[--0]", "[a-]", `\a`, `\*`, `\[`, ".yaml", "*.yaml", ".d", " ", `\ `, "{a,b}", "é", "-", "A"))
	}
	b.WriteString(g.of("", "", "", "", "/", "/**", "/*", " ", `\ `, `\`, "\r", ".yaml", "*.yaml"))
	return b.String()
}

// TestIgnoreAsGit compares what is read with what git has or would add, over random trees
// with random patterns on several levels, some of the files tracked.
func TestIgnoreAsGit(t *testing.T) {
	for seed := range 12 {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			g := gen{rand.New(rand.NewPCG(uint64(seed), 1))}
			t.Chdir(t.TempDir())
			format := g.of("sha1", "sha1", "sha256")
			git(t, "init", "-q", "--object-format="+format)
			files := []string{}
			for range 60 {
				path := g.path()
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					continue // a file is there
				}
				if err := os.WriteFile(path, nil, 0o644); err == nil {
					files = append(files, path)
				}
			}
			var tracked []string
			for range g.IntN(6) {
				tracked = append(tracked, files[g.IntN(len(files))])
			}
			if len(tracked) > 0 {
				git(t, append([]string{"--literal-pathspecs", "add", "-f", "--"}, tracked...)...)
				git(t, "update-index", "--index-version", g.of("2", "4"))
			}
			dirs := []string{".", ".git/info"}
			for _, file := range files {
				dirs = append(dirs, filepath.Dir(file))
			}
			written := map[string]string{}
			for _, dir := range append(dirs[:2:2], dirs[g.IntN(len(dirs))], dirs[g.IntN(len(dirs))]) {
				file := dir + "/.gitignore"
				if dir == ".git/info" {
					file = dir + "/exclude"
				}
				text := g.of("", "", "\xef\xbb\xbf")
				for range 1 + g.IntN(6) {
					text += g.pattern() + "\n"
				}
				written[file] = text
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got, want := names(t, source.Options{}, "."), wanted(t); !slices.Equal(got, want) {
				t.Errorf("seed %d: patterns %q, %q tracked:\nread   %q\ngit has %q", seed, written, tracked, got, want)
			}
		})
	}
}

// TestPatternsAsGit compares many patterns, each alone in a directory with a few files.
func TestPatternsAsGit(t *testing.T) {
	g := gen{rand.New(rand.NewPCG(7, 7))}
	t.Chdir(t.TempDir())
	git(t, "init", "-q")
	patterns := map[string]string{}
	for i := range 400 {
		dir := fmt.Sprintf("%04d", i)
		for range 5 {
			path := filepath.Join(dir, g.path())
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err == nil {
				_ = os.WriteFile(path, nil, 0o644) // a directory may have the name
			}
		}
		// A negated pattern says something only after one that ignores.
		patterns[dir] = g.of("", "*.yaml\n", "**\n!*/\n") + g.pattern()
		if err := os.WriteFile(filepath.Join(dir, ".gitignore"), []byte(patterns[dir]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, want := names(t, source.Options{}, "."), wanted(t)
	all := names(t, source.Options{NoIgnore: true}, ".")
	if len(want) < len(all)/5 || len(want) > len(all)*4/5 {
		t.Errorf("git has %d of %d files: the patterns try nothing", len(want), len(all))
	}
	for _, name := range all {
		if read := contains(got, name); read != contains(want, name) {
			t.Errorf("%q with %q: read %v, git has it %v", name, patterns[name[:4]], read, !read)
		}
	}
}

func contains(sorted []string, name string) bool {
	_, found := slices.BinarySearch(sorted, name)
	return found
}
