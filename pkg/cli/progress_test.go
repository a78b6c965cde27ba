package cli

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/source"
)

// A screen is a terminal that remembers what was written to it.
type screen struct {
	strings.Builder
	device bool
}

func (s *screen) Stat() (os.FileInfo, error) { return deviceInfo{device: s.device}, nil }

type deviceInfo struct {
	fs.FileInfo
	device bool
}

func (d deviceInfo) Mode() fs.FileMode {
	if d.device {
		return fs.ModeDevice | fs.ModeCharDevice
	}
	return 0o644
}

// silent is a report that goes nowhere.
type silent struct{ report.Ignore }

func (silent) Finding(report.Finding) error { return nil }
func (silent) Gap(report.Gap) error         { return nil }
func (silent) Close(report.Summary) error   { return nil }

// A clock moves when it is told to.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func files(names ...string) []source.File {
	var all []source.File
	for _, name := range names {
		all = append(all, source.File{Name: name})
	}
	return all
}

func entry(file string) report.Entry { return report.Entry{Position: manifest.Position{File: file}} }

const erased = "\r\x1b[K"

func TestProgress(t *testing.T) {
	type step struct {
		after time.Duration
		do    func(w report.Writer, out, errs io.Writer)
	}
	object := func(file string) func(report.Writer, io.Writer, io.Writer) {
		return func(w report.Writer, _, _ io.Writer) { w.Object(entry(file)) } //nolint:errcheck // never fails
	}
	for name, tc := range map[string]struct {
		files []string
		steps []step
		want  string
	}{
		"a run of a second has no bar": {
			[]string{"a", "b"},
			[]step{{0, object("a")}, {999 * time.Millisecond, object("b")}, {0, end}},
			"",
		},
		"ten times a second at most, gone at the end": {
			[]string{"a", "b", "c", "d"},
			[]step{{time.Second, object("b")}, {99 * time.Millisecond, object("c")}, {time.Millisecond, object("d")}, {0, end}},
			"\r[======                  ] 1 of 4 files, 1 objects, 0 findings\x1b[K" +
				"\r[==================      ] 3 of 4 files, 3 objects, 0 findings\x1b[K" + erased,
		},
		"erased before a line, drawn again below it": {
			[]string{"a", "b"},
			[]step{
				{time.Second, object("b")},
				{time.Second, func(w report.Writer, out, _ io.Writer) {
					w.Finding(report.Finding{})    //nolint:errcheck // never fails
					io.WriteString(out, "found\n") //nolint:errcheck // never fails
				}},
				{0, object("b")},
			},
			"\r[============            ] 1 of 2 files, 1 objects, 0 findings\x1b[K" + erased + "found\n" +
				"\r[============            ] 1 of 2 files, 2 objects, 1 findings\x1b[K",
		},
		"not drawn into a line that is not whole": {
			[]string{"a", "b"},
			[]step{
				{time.Second, func(_ report.Writer, _, errs io.Writer) { io.WriteString(errs, "half") }}, //nolint:errcheck // never fails
				{time.Second, object("a")},
				{0, func(_ report.Writer, out, _ io.Writer) { io.WriteString(out, " of it\n") }}, //nolint:errcheck // never fails
				{0, object("b")},
			},
			"half of it\n\r[============            ] 1 of 2 files, 2 objects, 0 findings\x1b[K",
		},
		"files without an object count, those from before do not": {
			[]string{"a", "b", "c", "d"},
			[]step{
				{time.Second, func(w report.Writer, _, _ io.Writer) { w.Skip(report.Skip{Position: manifest.Position{File: "c"}}) }}, //nolint:errcheck // never fails
				{time.Second, object("a")},
				{time.Second, func(w report.Writer, _, _ io.Writer) { w.Gap(report.Gap{Position: manifest.Position{File: "d"}}) }}, //nolint:errcheck // never fails
			},
			"\r[============            ] 2 of 4 files, 0 objects, 0 findings\x1b[K" +
				"\r[============            ] 2 of 4 files, 1 objects, 0 findings\x1b[K" +
				"\r[==================      ] 3 of 4 files, 1 objects, 0 findings\x1b[K",
		},
		"a counter for standard input": {
			[]string{"-"},
			[]step{{time.Second, object("-")}, {0, end}},
			"\r1 objects, 0 findings\x1b[K" + erased,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TERM", "xterm")
			t.Setenv("NO_COLOR", "")
			terminal, c := &screen{device: true}, &clock{}
			bar := newProgress(terminal, c.now)
			out, errs := bar.over(terminal), bar.over(terminal)
			w := bar.watch(silent{}, files(tc.files...))
			for _, step := range tc.steps {
				c.at = c.at.Add(step.after)
				step.do(w, out, errs)
			}
			if got := terminal.String(); got != tc.want {
				t.Errorf("the terminal got\n%q\nwant\n%q", got, tc.want)
			}
		})
	}
}

func end(w report.Writer, _, _ io.Writer) { w.Close(report.Summary{}) } //nolint:errcheck // never fails

// TestNoProgress wants no bar where standard error is no terminal that takes one, and
// outputs that are no terminals left as they are.
func TestNoProgress(t *testing.T) {
	for _, tc := range []struct {
		term, noColor string
		device, want  bool
	}{
		{"xterm", "", true, true},
		{"xterm", "", false, false},
		{"dumb", "", true, false},
		{"xterm", "1", true, false},
	} {
		t.Setenv("TERM", tc.term)
		t.Setenv("NO_COLOR", tc.noColor)
		c := &clock{}
		errs := &screen{device: tc.device}
		bar := newProgress(errs, c.now)
		if got := bar != nil; got != tc.want {
			t.Errorf("newProgress(terminal %t) with TERM=%s NO_COLOR=%s: a bar %t, want %t", tc.device, tc.term, tc.noColor, got, tc.want)
		}
		file, err := os.Create(filepath.Join(t.TempDir(), "out"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close() //nolint:errcheck // empty
		if got := bar.over(file); got != io.Writer(file) {
			t.Errorf("over(a file) = %T, want the file", got)
		}
		w := bar.watch(silent{}, files("a", "b"))
		c.at = c.at.Add(time.Minute)
		if err := w.Object(entry("a")); err != nil {
			t.Fatal(err)
		}
		bar.erase()
		if got := errs.Len() > 0; got != tc.want {
			t.Errorf("TERM=%s NO_COLOR=%s: standard error got %q, want a bar %t", tc.term, tc.noColor, errs.String(), tc.want)
		}
	}
}
