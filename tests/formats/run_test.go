package formats

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// A run is one of memgate over files, with all its reports.
type run struct {
	name    string
	reports map[string][]byte // by format
	read    account
}

// An account is what the report in JSON says: the other formats are compared with it.
type account struct {
	Findings []struct {
		File    string
		Line    int
		Action  string
		Message string
	}
	NotJudged []struct {
		File, Text  string
		Constraints []json.RawMessage
	}
}

var runs []run

func TestMain(m *testing.M) {
	flag.Parse()
	status, err := prepare(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(status)
}

func prepare(m *testing.M) (status int, err error) {
	dir, err := os.MkdirTemp("", "formats")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary directory
	memgate := filepath.Join(dir, "memgate")
	build := exec.Command("go", "build", "-o", memgate, "./cmd/memgate")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("go build: %w\n%s", err, out)
	}
	policy, err := filepath.Abs("testdata/policy.yaml")
	if err != nil {
		return 1, err
	}
	for _, c := range []struct {
		name   string
		write  func(dir string) error
		args   []string
		status int
	}{
		{"examples", func(dir string) error { return os.CopyFS(dir, os.DirFS(filepath.Join(root, "examples"))) }, nil, 1},
		{"gaps", gaps, []string{"--policy", policy}, 3},
		{"empty", func(dir string) error { return write(dir, "values.yaml", "a: b\n") }, []string{"--allow-no-manifests"}, 0},
		{"hostile", hostile, []string{"--policy", policy}, 1},
		{"many", many, []string{"--policy", policy}, 1},
	} {
		r, err := judge(memgate, filepath.Join(dir, c.name), c.write, c.args, c.status)
		if err != nil {
			return 1, fmt.Errorf("%s: %w", c.name, err)
		}
		r.name = c.name
		runs = append(runs, r)
	}
	return m.Run(), nil
}

// judge writes files to a directory and runs memgate there, with all formats.
func judge(memgate, dir string, files func(dir string) error, args []string, status int) (run, error) {
	r := run{reports: map[string][]byte{}}
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := errors.Join(os.MkdirAll(in, 0o755), os.MkdirAll(out, 0o755)); err != nil {
		return r, err
	}
	if err := files(in); err != nil {
		return r, err
	}
	formats := []string{"json", "sarif", "junit", "gitlab", "tap"}
	args = append([]string{"check"}, args...)
	for _, format := range formats {
		args = append(args, "-o", format+"="+filepath.Join(out, format))
	}
	command := exec.Command(memgate, append(args, ".")...)
	command.Dir = in
	text, err := command.CombinedOutput()
	if got := command.ProcessState.ExitCode(); got != status {
		return r, fmt.Errorf("%s: %w: exit status %d, want %d\n%s", command, err, got, status, text)
	}
	for _, format := range formats {
		if r.reports[format], err = os.ReadFile(filepath.Join(out, format)); err != nil {
			return r, err
		}
	}
	return r, json.Unmarshal(r.reports["json"], &r.read)
}

func write(dir, name, text string) error {
	return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644)
}

// pod is a Pod with a name and annotations. Go's quoted ASCII is a double-quoted scalar of
// YAML, whatever the text.
func pod(name string, annotations map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: v1\nkind: Pod\nmetadata:\n  name: %+q\n  namespace: shop\n  annotations:\n", name)
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		fmt.Fprintf(&b, "    %+q: %+q\n", key, annotations[key])
	}
	return b.String()
}

// gaps are documents that cannot be read, one that is no manifest, and one that not every
// constraint can judge.
func gaps(dir string) error {
	return errors.Join(
		write(dir, "tab.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: a\n"),
		write(dir, "list.yaml", "apiVersion: v1\nkind: List\nitems: [text, 1]\n"),
		write(dir, "values.yaml", "a: b\n"),
		write(dir, "latin.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: \xe9}\n"),
		write(dir, "pod.yaml", pod("unknown-web", map[string]string{"warn": "of little"})),
	)
}

// texts mean something to one of the formats.
var texts = []string{
	`a "quoted" 'text' & <b> &amp; &#10;`,
	"]]></failure></testcase></testsuite></testsuites>",
	"one\ntwo\r\nthree\rfour\n\n",
	"\nstarts with a line break",
	"not ok 1 - # SKIP # TODO \\# \\",
	"  ---\n  a: b\n  ...\n1..0\nBail out! no",
	"::error file=a,line=1::b%0A%25 100% a:b, c",
	"control \u0001 \u001b[31m \u0000 \u007f \u0085 \u2028 \ufffe \ufeff",
	"emoji 😀 👩‍👩‍👧 e\u0301 \u202e rtl",
	"[link](javascript:x) `code` **b** {0} {{x}} ${y}",
	strings.Repeat("long ", 2_000),
}

// hostile are such texts as names of files, objects and findings.
func hostile(dir string) error {
	var errs []error
	for i, text := range texts {
		file := strings.NewReplacer("/", "∕", "\x00", "0").Replace(text)
		for len(file) > 200 {
			file = file[:200]
		}
		key := text[:min(len(text), 200)] // YAML wants the colon within 1,024 characters
		errs = append(errs, write(dir, file+".yaml", pod(text, map[string]string{"deny": text, "warn": text, "dryrun " + key: text, "deny " + key: text})))
		if i == 0 {
			errs = append(errs, write(dir, text+"\xff.yaml", pod("a", map[string]string{"deny": text})))
		}
	}
	return errors.Join(errs...)
}

// many is 500 Pods in ten files, with four findings each.
func many(dir string) error {
	var errs []error
	for file := range 10 {
		var all strings.Builder
		for i := range 50 {
			all.WriteString("---\n" + pod(fmt.Sprintf("p%d", i), map[string]string{"deny-a": "first", "deny-b": "second", "warn": "third", "dryrun": "fourth"}))
		}
		errs = append(errs, write(dir, fmt.Sprintf("%d.yaml", file), all.String()))
	}
	return errors.Join(errs...)
}

// TestRuns wants the runs to be what their names say, so that the formats are read with
// something in them.
func TestRuns(t *testing.T) {
	type counts struct{ findings, notJudged int }
	got := map[string]counts{}
	for _, r := range runs {
		got[r.name] = counts{len(r.read.Findings), len(r.read.NotJudged)}
	}
	if got["many"] != (counts{2_000, 0}) || got["hostile"] != (counts{4*len(texts) + 1, 0}) || got["examples"].findings < 5 || got["gaps"].notJudged < 5 || got["empty"] != (counts{}) {
		t.Errorf("findings and gaps are %+v", got)
	}
	t.Logf("findings and gaps: %+v", got)
}
