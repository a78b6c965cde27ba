// Bench measures memgate and writes docs/benchmarks.md: the budgets of its binaries; the
// memory that it takes for input without end; how it compares with Gatekeeper and gator,
// over a mix of the templates of MEMGATE_SUITES; and what each of its templates costs in
// Gatekeeper, beside those. Each figure is the median of several runs, but for input
// without end, and what is compared runs by turns.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
)

func main() {
	root := flag.String("root", "../..", "root of the checkout, with binaries in bin/")
	write := flag.String("write", "", "page to write; standard output if empty")
	only := flag.String("only", "", "section to measure: "+strings.Join(sections, ", ")+"; all if empty")
	rounds := flag.Int("rounds", 41, "runs of each command")
	reviews := flag.Int("reviews", 7, "rounds in which each template reviews all objects")
	turns := flag.Int("turns", 5, fmt.Sprintf("turns of %d reviews beside Gatekeeper", turn))
	flag.Parse()
	if err := bench(*root, *write, *only, *rounds, *reviews, *turns); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// sections are the names of what can be measured alone. The four before the last are
// of one chapter.
var sections = []string{"budgets", "endless", "review", "admission", "heap", "process", "rules"}

func bench(root, write, only string, rounds, reviews, turns int) error {
	if only != "" && !slices.Contains(sections, only) {
		return fmt.Errorf("-only %q: want one of %s", only, strings.Join(sections, ", "))
	}
	if only != "" && write != "" {
		return fmt.Errorf("-only %s: -write needs all sections", only)
	}
	page := header()
	if only == "" || only == "budgets" {
		text, err := budgets(root, rounds)
		if err != nil {
			return err
		}
		page += text
	}
	if only == "" || only == "endless" {
		text, err := endless(root, rounds)
		if err != nil {
			return err
		}
		page += text
	}
	if !slices.Contains([]string{"budgets", "endless", "rules"}, only) {
		text, err := beside(root, only, turns)
		if err != nil {
			return err
		}
		page += text
	}
	if only == "" || only == "rules" {
		costs, err := compare(root, reviews)
		if err != nil {
			return err
		}
		page += costs.section()
	}
	if write == "" {
		fmt.Print(page)
		return nil
	}
	return os.WriteFile(write, []byte(page), 0o644)
}

func header() string {
	return fmt.Sprintf("# Benchmarks\n\n"+
		"Written by `make bench`. Machines are noisy: figures are medians, and what is compared runs by turns\n"+
		"in the same minute, so that ratios can be trusted more than times.\n\n"+
		"%s, %s/%s, %d processors.\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}
