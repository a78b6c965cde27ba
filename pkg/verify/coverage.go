package verify

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
)

// A Coverage says how many lines of the Rego of a template were evaluated by all tests of
// it. Lines that count are those where the head of a rule or an expression begins.
type Coverage struct {
	Template string `json:"template"` // kind of its constraints
	File     string `json:"file"`
	Share
	Short   bool     `json:"short"`   // below the threshold
	Modules []Module `json:"modules"` // its own, then its libs; none for a template without Rego
}

// A Module is the coverage of one module of a template.
type Module struct {
	Name string `json:"name"` // rego or libs[i]
	Share
	Missing []int  `json:"missing"` // lines that were not evaluated, ascending
	LinesOf string `json:"linesOf"` // what they count from 1: "file" or, where the module is written in one line, "module"
}

// A Share is how many lines of some were evaluated.
type Share struct {
	Covered int     `json:"covered"`
	Lines   int     `json:"lines"`
	Percent float64 `json:"percent"` // 100 of no lines
}

func share(covered, lines int) Share {
	if lines == 0 {
		return Share{Percent: 100}
	}
	return Share{covered, lines, 100 * float64(covered) / float64(lines)}
}

func (s Share) String() string {
	if s.Lines == 0 {
		return "no lines"
	}
	percent := s.Percent
	if s.Covered < s.Lines {
		percent = min(percent, 99.9) // less than all is never rounded to all
	}
	return fmt.Sprintf("%.1f%% (%d/%d)", percent, s.Covered, s.Lines)
}

// lines are the templates of a run, by place, and which lines of their modules were
// evaluated.
type lines map[string]*templateLines

type templateLines struct {
	template *policy.Template
	modules  []map[int]bool // by line
}

// add counts what one client has evaluated.
func (l lines) add(found []engine.Coverage) {
	for _, c := range found {
		key := c.Template.Source().Position().String()
		t := l[key]
		if t == nil {
			t = &templateLines{template: c.Template}
			for range c.Modules {
				t.modules = append(t.modules, map[int]bool{})
			}
			l[key] = t
		}
		for i, m := range c.Modules {
			for _, line := range m.Missing {
				if !t.modules[i][line] {
					t.modules[i][line] = false
				}
			}
			for _, line := range m.Covered {
				t.modules[i][line] = true
			}
		}
	}
}

// coverage is that of the templates, by file and kind.
func (l lines) coverage(threshold float64) []Coverage {
	var found []Coverage
	for _, t := range l {
		found = append(found, t.coverage(threshold))
	}
	slices.SortFunc(found, func(a, b Coverage) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Template, b.Template))
	})
	return found
}

func (t *templateLines) coverage(threshold float64) Coverage {
	c := Coverage{Template: t.template.Kind, File: t.template.Source().Position().File, Modules: []Module{}}
	covered, total := 0, 0
	for i, module := range t.modules {
		m := Module{Name: "rego", Missing: []int{}}
		if i > 0 {
			m.Name = fmt.Sprintf("libs[%d]", i-1)
		}
		var above int
		above, m.LinesOf = linesAbove(t.template, i-1)
		for _, line := range slices.Sorted(maps.Keys(module)) {
			if !module[line] {
				m.Missing = append(m.Missing, above+line)
			}
		}
		m.Share = share(len(module)-len(m.Missing), len(module))
		covered, total = covered+m.Covered, total+m.Lines
		c.Modules = append(c.Modules, m)
	}
	c.Share = share(covered, total)
	c.Short = c.Percent < threshold
	return c
}

// linesAbove is the number of lines of the file above a module, and "file"; 0 and "module"
// where its text is not written line by line.
func linesAbove(template *policy.Template, lib int) (int, string) {
	place := template.Source().Place(template.RegoAt(lib))
	if place.End.Line > place.Start.Line {
		return place.Start.Line, "file" // a block scalar begins below its key
	}
	return 0, "module"
}

// missing says which lines of a module in a file were not evaluated.
func (m Module) missing(file string) string {
	if m.LinesOf == "module" {
		file += ": " + m.Name
	}
	return "not covered: " + file + ":" + ranges(m.Missing)
}

// ranges are ascending numbers as in 3-5,9.
func ranges(numbers []int) string {
	var parts []string
	for i := 0; i < len(numbers); {
		last := i
		for last+1 < len(numbers) && numbers[last+1] == numbers[last]+1 {
			last++
		}
		if last > i {
			parts = append(parts, fmt.Sprintf("%d-%d", numbers[i], numbers[last]))
		} else {
			parts = append(parts, fmt.Sprint(numbers[i]))
		}
		i = last + 1
	}
	return strings.Join(parts, ",")
}
