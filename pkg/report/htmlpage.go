package report

import (
	"maps"
	"slices"
)

// head writes what comes before the first section: the verdict, the counts, and links.
func (h *htmlWriter) head(page *fragment, s Summary) {
	class, verdict := verdictOf(s)
	page.put(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>memgate: {}</title>
<style>`, hashed(htmlStyle), hashed(htmlScript), verdict)
	page.WriteString(htmlStyle)
	page.put(`</style>
</head>
<body>
<header class="{}">
<p class="brand">memgate {}</p>
<h1>{}</h1>
<dl class="counts">
`, class, h.options.Version, verdict)
	suppressed := total(s.Suppressed)
	for _, count := range []struct {
		class, name string
		n           int
		always      bool
	}{
		{"deny", "denied", s.Violations["deny"], true},
		{"warn", "warned", s.Violations["warn"], true},
		{"dryrun", "dry run", s.Violations["dryrun"], false},
		{"gap", "not judged", s.TotalNotJudged(), true},
		{"", "suppressed", suppressed, false},
		{"", "objects", s.Objects, true},
		{"", "pod templates", s.PodTemplates, false},
		{"", "constraints", s.Constraints, true},
	} {
		if count.n == 0 {
			count.class = ""
		}
		if count.n > 0 || count.always {
			page.put(`<div class="{}"><dt>{}</dt><dd>{}</dd></div>`+"\n", count.class, count.name, count.n)
		}
	}
	page.put("</dl>\n<p class=\"all\">{}</p>\n<nav aria-label=\"Sections\"><ul>\n", s.String())
	for _, link := range []struct {
		to   markup
		name string
		n    int
	}{
		{`#not-judged`, "Not judged", s.TotalNotJudged()},
		{`#rules`, "By rule", len(h.rules)},
		{`#files`, "By file", h.files.Len()},
		{`#workloads`, "Workloads without findings", h.workloads.total},
		{`#suppressed`, "Suppressed", h.suppressed.total},
		{`#notes`, "Notes", h.notes.total},
		{`#no-manifest`, "No manifests", h.skips.total},
	} {
		if link.n > 0 {
			page.put(`<li><a href="` + link.to + `">`)
			page.put("{}</a></li>\n", link.name)
		}
	}
	page.put("</ul></nav>\n</header>\n<main>\n")
}

// verdictOf is how a run ended, as a class of the page and in words.
func verdictOf(s Summary) (class, text string) {
	switch {
	case s.Failures > 0 && s.Failures == s.Violations["deny"]:
		return "deny", "Denied"
	case s.Failures > 0:
		return "deny", "There are findings that fail the run"
	case s.TotalNotJudged() > s.Allowed:
		return "gap", "Not everything could be judged"
	case s.Objects == 0:
		return "", "There was nothing to judge"
	case s.Constraints == 0:
		return "gap", "There was nothing to judge by"
	case s.Violations["deny"] > 0:
		return "warn", "Nothing that is denied fails the run"
	case s.Violations["warn"] > 0:
		return "warn", "Nothing is denied, but there are warnings"
	}
	return "ok", "Nothing is denied"
}

// gapSection is what was not judged. It is the first section, and never folded.
func (h *htmlWriter) gapSection(page *fragment, s Summary) {
	if h.gaps.total == 0 {
		return
	}
	page.put(`<section id="not-judged"><h2>Not judged</h2>` + "\n<p>This is neither a pass nor a violation:")
	for i, reason := range slices.Sorted(maps.Keys(s.NotJudged)) {
		if i > 0 {
			page.put(",")
		}
		page.put(" {} {}", s.NotJudged[reason], reason)
	}
	if s.Allowed > 0 {
		page.put("; {} of it is allowed", s.Allowed)
	}
	page.put(".</p>\n")
	table(page, &h.gaps, htmlGaps, "Place", "Reason", "Object", "What was found")
	page.put("</section>\n")
}

// fileSection has the findings by file, and the controls of the filter, which the script
// shows.
func (h *htmlWriter) fileSection(page *fragment) {
	if h.files.Len() == 0 {
		return
	}
	class := ""
	if total(h.shown) > htmlFull {
		class = "many" // to lay out when they come into sight
	}
	page.put(`<section id="files" class="{}"><h2>By file</h2>`+"\n", class)
	for _, action := range actions {
		if n := h.shown[action]; n > htmlFindings {
			page.put(`<p class="rest">{} more findings of action {} are counted and not shown; other formats have them all.</p>`+"\n", n-htmlFindings, action)
		}
	}
	page.put(`<div id="filter" role="search" hidden><input type="search" placeholder="Filter findings" aria-label="Filter findings by text">`)
	for _, action := range actions {
		if h.shown[action] > 0 {
			page.put(`<label><input type="checkbox" value="{}" checked> {}</label>`, action, action)
		}
	}
	page.put("<output></output></div>\n{}</section>\n", &h.files)
}

// workloadSection has the memory of what has no finding.
func (h *htmlWriter) workloadSection(page *fragment) {
	if h.workloads.total == 0 {
		return
	}
	page.put(`<section id="workloads"><h2>Workloads without findings</h2><details><summary>{}</summary>`+"\n{}",
		number(h.workloads.total, "workload"), &h.workloads.fragment)
	h.workloads.rest(page, htmlWorkloads)
	page.put("</details></section>\n")
}

// fold is a section with a table that is folded.
func fold(page *fragment, id, title, noun string, rows *htmlList, columns ...string) {
	if rows.total == 0 {
		return
	}
	page.put(`<section id="{}"><h2>{}</h2><details><summary>{}</summary>`+"\n", id, title, number(rows.total, noun))
	table(page, rows, htmlRows, columns...)
	page.put("</details></section>\n")
}

func table(page *fragment, rows *htmlList, most int, columns ...string) {
	page.put(`<div class="wide"><table class="list"><thead><tr>`)
	for _, column := range columns {
		page.put(`<th scope="col">{}</th>`, column)
	}
	page.put("</tr></thead><tbody>\n{}</tbody></table></div>\n", &rows.fragment)
	rows.rest(page, most)
}
