// Mutate tests the tests of the Rego in policies/. In turn it removes and negates each
// expression of each rule, swaps each comparison and drops each body that has nothing to
// negate, and wants a test to fail. What survives has to be in a list, with a reason. It
// knows Rego and its tests, nothing of what rules are about. It runs in the root of the
// repository:
//
//	go run ./tests/mutate [-rule REGEX] [-v]
//
// The status is 1 if a mutant survived that is not listed, or one is listed that did not,
// and 2 if the tests fail as they are or could not be run.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main in the working directory. It returns the status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	rule := flags.String("rule", "", "mutate the files whose path matches this regular expression, not all")
	verbose := flags.Bool("v", false, "print each mutant and the test that noticed it")
	list := flags.String("survivors", "tests/mutate/survivors.txt", "the `file` that lists who may survive")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	chosen, err := regexp.Compile(*rule)
	if err != nil {
		fmt.Fprintf(stderr, "-rule %q: %v\n", *rule, err)
		return 2
	}
	known, verdicts, err := mutate(ctx, *list, chosen)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	if *verbose {
		for _, v := range verdicts {
			fmt.Fprintln(stdout, v)
		}
		fmt.Fprintln(stdout)
	}
	faults := known.compare(verdicts, chosen)
	for _, fault := range faults {
		fmt.Fprintln(stdout, fault)
	}
	fmt.Fprintln(stdout, count(verdicts, known))
	if len(faults) > 0 {
		return 1
	}
	return 0
}

// mutate reads the list of survivors and the Rego, and judges the mutants of chosen files.
func mutate(ctx context.Context, list string, chosen *regexp.Regexp) (survivors, []verdict, error) {
	text, err := os.ReadFile(list)
	if err != nil {
		return nil, nil, err
	}
	known, err := readSurvivors(list, string(text))
	if err != nil {
		return nil, nil, err
	}
	t, err := readTree(os.DirFS("."))
	if err != nil {
		return nil, nil, err
	}
	verdicts, err := t.judge(ctx, chosen)
	if err == nil && len(verdicts) == 0 {
		err = fmt.Errorf("policies: no file matches -rule %q", chosen)
	}
	return known, verdicts, err
}

// count sums verdicts up.
func count(verdicts []verdict, known survivors) string {
	byTest, byCompiler, survived, listed := 0, 0, 0, 0
	for _, v := range verdicts {
		switch v.killer {
		case "":
			survived++
			if _, ok := known[v.id()]; ok {
				listed++
			}
		case compiler:
			byCompiler++
		default:
			byTest++
		}
	}
	return fmt.Sprintf("%d mutants: %d killed by a test, %d by the compiler, %d survived, %d of them listed",
		len(verdicts), byTest, byCompiler, survived, listed)
}
