package main

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// survivors are the mutants that are known to survive, each with its reason, by id.
type survivors map[string]string

// readSurvivors reads a list: the id of a mutant on a line, and below it, indented, why
// no test can or need notice it. Empty lines and lines that begin with # are comments.
func readSurvivors(name, text string) (survivors, error) {
	list := survivors{}
	var errs []error
	fault := func(row int, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s:%d: %s", name, row, fmt.Sprintf(format, args...)))
	}
	id, row, last := "", 0, 0
	end := func() {
		if id != "" && list[id] == "" {
			fault(last, "%q has no reason, want it on the next line, indented", id)
		}
	}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		row++
		written := strings.TrimSpace(lines.Text())
		switch {
		case written == "" || strings.HasPrefix(written, "#"):
		case written != strings.TrimRight(lines.Text(), " \t"):
			if id == "" {
				fault(row, "%q is a reason for nothing, want a mutant first", written)
				continue
			}
			list[id] = strings.TrimSpace(list[id] + " " + written)
		default:
			end()
			if _, ok := list[written]; ok {
				fault(row, "%q is listed twice", written)
			}
			id, last = written, row
			list[id] = ""
		}
	}
	end()
	return list, errors.Join(append(errs, lines.Err())...)
}

// compare says what is wrong, a line each: mutants that survived and are not listed, and
// entries for the chosen files that are none of the survivors.
func (s survivors) compare(verdicts []verdict, chosen *regexp.Regexp) []string {
	var faults []string
	stale := maps.Clone(s)
	for _, v := range verdicts {
		_, listed := s[v.id()]
		delete(stale, v.id())
		switch {
		case v.killer == "" && !listed:
			faults = append(faults, v.String())
		case v.killer != "" && listed:
			faults = append(faults, fmt.Sprintf("%s: listed as a survivor, and does not survive", v))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(stale)) {
		file, _, _ := strings.Cut(id, ": ")
		if chosen.MatchString(file) {
			faults = append(faults, fmt.Sprintf("%s: listed as a survivor, and there is no such mutation", id))
		}
	}
	return faults
}
