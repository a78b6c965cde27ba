package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/source"
)

const (
	progressDelay    = time.Second            // shorter runs have no bar
	progressInterval = 100 * time.Millisecond // between two drawings
	progressWidth    = 24                     // of the bar itself; the line stays below 80 columns
)

// A progress is a bar at the last line of a terminal that says how far a run is. It is
// drawn when something is reported, and belongs to the goroutine that writes reports. A nil
// progress draws nothing.
type progress struct {
	terminal io.Writer
	now      func() time.Time
	next     time.Time // not drawn before
	drawn    bool
	midLine  bool // others have begun a line on the terminal and not ended it

	files    map[string]int // their numbers, from 1, by name
	current  int            // number of the one at work
	objects  int
	findings int
}

// newProgress is the bar on standard error, nil if that is no terminal that takes it.
func newProgress(errs io.Writer, now func() time.Time) *progress {
	if ok, _ := colored("auto", errs); !ok {
		return nil
	}
	return &progress{terminal: errs, now: now, next: now().Add(progressDelay)}
}

// A terminal is what *os.File says of itself.
type terminal interface {
	io.Writer
	Stat() (os.FileInfo, error)
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(terminal)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// over is an output that erases the bar before it is written to, if it is on a terminal.
func (p *progress) over(out io.Writer) io.Writer {
	if p == nil || !isTerminal(out) {
		return out
	}
	return overBar{out.(terminal), p}
}

// An overBar is a terminal that a bar may stand on.
type overBar struct {
	terminal
	bar *progress
}

func (o overBar) Write(text []byte) (int, error) {
	o.bar.yield(text)
	return o.terminal.Write(text)
}

// watch is a writer that draws how far w has come in the files of a run.
func (p *progress) watch(w report.Writer, files []source.File) report.Writer {
	if p == nil {
		return w
	}
	p.files = make(map[string]int, len(files))
	for i, file := range files {
		if file.Name != source.Stdin { // nobody knows how long that is
			p.files[file.Name] = i + 1
		}
	}
	return watched{w, p}
}

// A watched counts what it hands on.
type watched struct {
	report.Writer
	bar *progress
}

func (w watched) Object(e report.Entry) error {
	if e.Template == nil {
		w.bar.objects++
	}
	w.bar.at(e.Position.File)
	return w.Writer.Object(e)
}

func (w watched) Finding(f report.Finding) error {
	w.bar.findings++
	return w.Writer.Finding(f)
}

func (w watched) Gap(g report.Gap) error {
	w.bar.at(g.Position.File)
	return w.Writer.Gap(g)
}

func (w watched) Skip(s report.Skip) error {
	w.bar.at(s.Position.File)
	return w.Writer.Skip(s)
}

func (w watched) Close(s report.Summary) error {
	w.bar.erase()
	return w.Writer.Close(s)
}

// at says that a file is at work. It never goes back: what a kustomization builds may stand
// in files from before.
func (p *progress) at(file string) {
	p.current = max(p.current, p.files[file])
	now := p.now()
	if now.Before(p.next) || p.midLine {
		return
	}
	p.next = now.Add(progressInterval)
	p.drawn = true
	fmt.Fprintf(p.terminal, "\r%s\x1b[K", p.line())
}

// line is the bar, or counts alone where the number of files says nothing.
func (p *progress) line() string {
	counts := fmt.Sprintf("%d objects, %d findings", p.objects, p.findings)
	all := len(p.files)
	if all < 2 {
		return counts
	}
	done := max(p.current-1, 0)
	full := done * progressWidth / all
	return fmt.Sprintf("[%s%s] %d of %d files, %s", strings.Repeat("=", full), strings.Repeat(" ", progressWidth-full), done, all, counts)
}

// yield makes way for a text on the terminal.
func (p *progress) yield(text []byte) {
	p.erase()
	if len(text) > 0 {
		p.midLine = text[len(text)-1] != '\n'
	}
}

// erase removes the bar.
func (p *progress) erase() {
	if p != nil && p.drawn {
		p.drawn = false
		fmt.Fprint(p.terminal, "\r\x1b[K")
	}
}
