package rego

import (
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/cover"
)

// Lines are the lines of a module where the head of a rule or an expression begins.
type Lines struct {
	Lib     int   // -1 is the template's own module, else an index into libs
	Covered []int // of which something was evaluated, from 1, ascending
	Missing []int // the others
}

// Lines says which lines of a program that was compiled by itself were evaluated, as far
// as a tracer of Eval has seen: of the template's own module first, then of its libs. What
// OPA's index of rules leaves out is not evaluated.
func (p *Program) Lines(seen *cover.Cover) []Lines {
	files := seen.Report(p.Compiler.Modules).Files
	of := func(lib int, name string) Lines {
		file := files[name]
		covered, missing := rows(file.Covered), rows(file.NotCovered)
		maps.DeleteFunc(missing, func(row int, _ bool) bool { return covered[row] })
		return Lines{lib, slices.Sorted(maps.Keys(covered)), slices.Sorted(maps.Keys(missing))}
	}
	found := []Lines{of(-1, entryName)}
	for i := range len(p.Compiler.Modules) - 1 {
		found = append(found, of(i, libName(i)))
	}
	return found
}

func rows(ranges []cover.Range) map[int]bool {
	found := map[int]bool{}
	for _, r := range ranges {
		found[r.Start.Row] = true
	}
	return found
}
