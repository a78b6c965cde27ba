package changes

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// git runs the git binary in a directory, without a shell. What the environment says about
// the repository holds; no hook or monitor that a configuration names is run.
type git struct{ dir string }

func (g git) command(ctx context.Context, args ...string) *exec.Cmd {
	options := []string{"-C", g.dir, "--no-pager", "-c", "core.hooksPath=" + os.DevNull, "-c", "core.fsmonitor=false"}
	cmd := exec.CommandContext(ctx, "git", append(options, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.WaitDelay = time.Second // for a process that git has started and left behind
	return cmd
}

// A failure is a command that git could not carry out.
type failure struct {
	text   string
	status int // of the process
}

func (f *failure) Error() string { return f.text }

// output is what a command writes.
func (g git) output(ctx context.Context, args ...string) (string, error) {
	cmd := g.command(ctx, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	return string(out), explain(ctx, args[0], &stderr, err)
}

// line is output of one line, without its end: the name of a directory may have others.
func (g git) line(ctx context.Context, args ...string) (string, error) {
	out, err := g.output(ctx, args...)
	return strings.TrimSuffix(out, "\n"), err
}

// stream runs a command on an input, and read on the output while it is written. The error
// is that of read, or of a command that ends before read has all that it wants (io.EOF).
func (g git) stream(ctx context.Context, in io.Reader, read func(*bufio.Reader) error, args ...string) error {
	running, stop := context.WithCancel(ctx)
	defer stop()
	cmd := g.command(running, args...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = in, &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return explain(ctx, args[0], &stderr, err)
	}
	fault := read(bufio.NewReader(out))
	ended := errors.Is(fault, io.EOF)
	if fault != nil && !ended {
		stop()
	}
	err = explain(ctx, args[0], &stderr, cmd.Wait())
	if fault == nil || ended && err != nil || ctx.Err() != nil {
		return err
	}
	return fault
}

// explain says why a command failed, in the words of git if there are any.
func explain(ctx context.Context, command string, stderr *bytes.Buffer, err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case !errors.As(err, &exit):
		return fmt.Errorf("git %s: %w", command, err)
	}
	said := strings.TrimPrefix(strings.TrimSpace(stderr.String()), "fatal: ")
	return &failure{"git " + command + ": " + cmp.Or(said, exit.String()), exit.ExitCode()}
}
