package main

import (
	"fmt"
	"math"
	"strings"
)

// A goal is a requirement and what is aimed at; zero means that there is none.
type goal struct {
	required, aim float64
	most          bool                 // memgate's figure must not be above; else the ratio not below
	format        func(float64) string // of memgate's figure
}

func atLeast(required, aim float64) goal { return goal{required: required, aim: aim} }

func atMost(required, aim float64, format func(float64) string) goal {
	return goal{required: required, aim: aim, most: true, format: format}
}

func (g goal) text(bound float64) string {
	switch {
	case bound == 0:
		return ""
	case g.most:
		return "≤ " + g.format(bound)
	default:
		return fmt.Sprintf("≥ %g×", bound)
	}
}

func (g goal) verdict(figure, ratio float64) string {
	reached := func(bound float64) bool {
		if g.most {
			return figure <= bound
		}
		return ratio >= bound
	}
	switch {
	case g.required == 0:
		return ""
	case !reached(g.required):
		return "**missed**"
	case g.aim != 0 && reached(g.aim):
		return "met, and the aim"
	default:
		return "met"
	}
}

// A finding is a figure of both sides.
type finding struct {
	what         string
	load         *workload
	theirs, ours float64
	format       func(float64) string
	goal         goal
}

// ratio is how many times memgate's figure Gatekeeper's is.
func (f finding) ratio() float64 { return f.theirs / f.ours }

// findings is the table of what was required.
func findings(all []finding) string {
	var b strings.Builder
	b.WriteString("| what | mix | Gatekeeper, gator | memgate | ratio | required | aim | |\n|---|---|--:|--:|--:|--:|--:|---|\n")
	for _, f := range all {
		verdict := f.goal.verdict(f.ours, f.ratio())
		if len(f.load.differences) > 0 {
			verdict = "**unequal results**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", f.what, f.load.mix(), f.format(f.theirs), f.format(f.ours), ratio(f.ratio()),
			f.goal.text(f.goal.required), f.goal.text(f.goal.aim), verdict)
	}
	return b.String()
}

// ratio is one cut off, not rounded: 11.98 is not 12.0, which would look like a goal met.
func ratio(r float64) string {
	if r < 10 {
		return fmt.Sprintf("%.2f×", math.Floor(r*100)/100)
	}
	return fmt.Sprintf("%.1f×", math.Floor(r*10)/10)
}

// millis, mib and kib1 are figures with what is fit for their size.
func millis(seconds float64) string { return fmt.Sprintf("%.1f ms", seconds*1e3) }
func mib(bytes float64) string      { return fmt.Sprintf("%.0f MiB", bytes/(1<<20)) }
func kib1(bytes float64) string     { return fmt.Sprintf("%.1f KiB", bytes/1024) }
