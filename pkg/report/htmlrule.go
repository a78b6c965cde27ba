package report

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// An htmlRule is a rule with findings.
type htmlRule struct {
	Rule
	id       string
	severity string
	counts   map[string]int // findings by action
	places   htmlList       // of findings
}

func (h *htmlWriter) rule(f Finding) *htmlRule {
	r := h.rules[f.Rule]
	if r == nil {
		r = &htmlRule{id: f.Rule, severity: f.Severity, counts: map[string]int{}}
		if h.options.Rule != nil {
			r.Rule = h.options.Rule(f.Rule)
		}
		r.Title = cmp.Or(r.Title, "Constraints of kind "+f.Constraint.Kind)
		h.rules[f.Rule] = r
	}
	return r
}

// compare puts rules that deny first, then by severity, number of findings and name.
func (r *htmlRule) compare(other *htmlRule) int {
	return cmp.Or(
		cmp.Compare(min(other.counts["deny"], 1), min(r.counts["deny"], 1)),
		cmp.Compare(slices.Index(severities, other.severity), slices.Index(severities, r.severity)),
		cmp.Compare(other.places.total, r.places.total),
		cmp.Compare(r.id, other.id),
	)
}

// anchor is the id of the element of the rule. It has no character that a link would
// have to escape.
func (r *htmlRule) anchor() string {
	return "rule-" + strings.ReplaceAll(url.PathEscape(r.id), "%", "_")
}

func (h *htmlWriter) ruleSection(page *fragment) {
	if len(h.rules) == 0 {
		return
	}
	page.put(`<section id="rules"><h2>By rule</h2>` + "\n")
	for _, r := range slices.SortedFunc(maps.Values(h.rules), (*htmlRule).compare) {
		page.put(`<details class="rule" id="{}"><summary><h3>{}</h3><span class="tally">{}</span></summary>`+"\n<p class=\"at\">{}", r.anchor(), r.Title, tally(r.counts), r.id)
		if r.severity != "" {
			page.put(" · severity {}", r.severity)
		}
		if strings.HasPrefix(r.URI, "https://") {
			page.put(` · <a href="{}">the page of this rule</a>`, r.URI)
		}
		page.put("</p>\n")
		page.prose(r.Description)
		if r.Remedy != "" {
			page.put(`<div class="remedy"><h4>What to do</h4>` + "\n")
			page.prose(r.Remedy)
			page.put("</div>\n")
		}
		page.put("<h4>Findings</h4>\n<ol class=\"places\">\n{}</ol>\n", &r.places.fragment)
		r.places.rest(page, htmlRows)
		if r.Help != "" {
			page.put("<details class=\"help\"><summary>All about this rule</summary><pre>{}</pre></details>\n", r.Help)
		}
		page.put("</details>\n")
	}
	page.put("</section>\n")
}
