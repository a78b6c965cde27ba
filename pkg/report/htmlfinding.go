package report

import "strings"

// finding writes a finding: what, where, by which rule and, in full, the lines of the
// manifest and what to do.
func (to *fragment) finding(f Finding, id string, rule *htmlRule, full bool) {
	to.put(`<article class="finding {}" id="{}" data-action="{}"><h5><span class="action">{}</span> {}</h5>`+"\n", f.Action, id, f.Action, f.Action, f.text())
	to.put(`<p class="at"><a href="#{}">{}</a>`, id, f.Place.Start.String())
	if f.Derived {
		to.put(` <span class="derived">place derived: the rule names none</span>`)
	}
	to.put(` · <a href="#{}">{}</a>`, rule.anchor(), f.Rule)
	if f.Severity != "" {
		to.put(" · severity {}", f.Severity)
	}
	to.put(" · by {}</p>\n", f.Constraint.Name)
	if full {
		to.frame(f)
	}
	if len(f.Place.Related) > 0 {
		to.put(`<ul class="related">`)
		for _, r := range f.Place.Related {
			to.put("<li>{}: {}</li>", r.Position.String(), r.Note)
		}
		to.put("</ul>\n")
	}
	if full && rule.Remedy != "" {
		to.put(`<div class="remedy">`)
		to.prose(rule.Remedy)
		to.put("</div>\n")
	}
	to.put("</article>\n")
}

const (
	frameLines = 40
	frameWidth = 160 // characters of a line
)

// frame writes the lines around a finding, with its columns marked.
func (to *fragment) frame(f Finding) {
	if len(f.Frame.Lines) == 0 {
		return
	}
	to.put(`<pre class="frame">`)
	for i, text := range f.Frame.Lines[:min(len(f.Frame.Lines), frameLines)] {
		number, line := f.Frame.First+i, []rune(strings.TrimSuffix(text, "\r"))
		start, end := f.marked(number, len(line))
		class := "line"
		if start < end {
			class = "line hit"
		}
		to.put(`<span class="{}"><span class="no">{}</span><code>`, class, number)
		// A line that is longer is cut to what is around the mark.
		from := max(min(start-frameWidth/4, len(line)-frameWidth), 0)
		until := min(from+frameWidth, len(line))
		start, end = max(start, from), min(end, until)
		if from > 0 {
			to.put("… ")
		}
		if start < end {
			to.put("{}<mark>{}</mark>{}", string(line[from:start]), string(line[start:end]), string(line[end:until]))
		} else {
			to.text(string(line[from:until]))
		}
		if until < len(line) {
			to.put(" …")
		}
		to.put("</code></span>")
	}
	to.put("</pre>\n")
}

// marked are the characters of a line that the place of a finding covers, from start up to
// end, which is start if it covers none.
func (f Finding) marked(number, length int) (start, end int) {
	first, last := f.Place.Start, f.Place.End
	if number < first.Line || first.Line == 0 || number > max(first.Line, last.Line) {
		return 0, 0
	}
	end = length
	if number == first.Line {
		start = min(max(first.Column-1, 0), length)
	}
	if number == last.Line && last.Column > 0 {
		end = min(last.Column-1, length)
	}
	return start, max(start, end)
}
