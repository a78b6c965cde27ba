package cli_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/memgate/memgate/pkg/cli"
	"github.com/memgate/memgate/pkg/kustomize"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"memgate":         func() { os.Exit(cli.Memgate(kustomize.Build)) },
		"memgate-webhook": func() { os.Exit(cli.Webhook()) },
	})
}

// TestScripts runs the scripts of testdata/script, one behaviour of the command line
// each.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"pad":   pad,
			"crlf":  crlf,
		},
	})
}

// exits runs a command and wants its exit status: exits STATUS COMMAND...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("%s: exit status %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// pad writes a large file: pad FILE BYTES document|stream. A document is one Pod with
// an annotation of that size, a stream many small Pods.
func pad(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: pad FILE BYTES document|stream")
	}
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	file, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	defer file.Close() //nolint:errcheck // checked below
	const pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p%d\n  annotations:\n    note: %q\nspec:\n  containers:\n  - name: a\n    image: nginx\n    resources: {limits: {memory: 64Mi}}\n"
	line := strings.Repeat("x", 4096)
	switch args[2] {
	case "document":
		_, err = fmt.Fprintf(file, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: big}\ndata:\n  text: |\n")
		ts.Check(err)
		for written := 0; written < size; written += len(line) {
			_, err = fmt.Fprintf(file, "    %s\n", line)
			ts.Check(err)
		}
		_, err = fmt.Fprintf(file, "---\n"+pod, 0, "small")
	case "stream":
		for i, written := 0, 0; written < size; i++ {
			n, err := fmt.Fprintf(file, "---\n"+pod, i, strings.Repeat("y", 100_000))
			ts.Check(err)
			written += n
		}
	}
	ts.Check(err)
}

// crlf copies a file with CRLF line ends and, with a third argument, a byte order mark:
// crlf FROM TO [bom]
func crlf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: crlf FROM TO [bom]")
	}
	text := strings.ReplaceAll(ts.ReadFile(args[0]), "\n", "\r\n")
	if len(args) > 2 {
		text = "\ufeff" + text
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o644))
}
