package generate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A ruleGroup is a directory of policies/ that holds rules.
type ruleGroup struct{ name, title string }

// groups are the groups of rules in the order of the index.
var groups = []ruleGroup{
	{"shm", "Shared memory and memory-backed volumes"},
	{"mlock", "Locked memory"},
	{"runtime", "Container runtime and kubelet"},
	{"memory", "Requests, limits and the page cache"},
	{"gatekeeper", "Gatekeeper itself"},
}

// groupIndex is the place of a group in the index; unknown ones are last.
func groupIndex(name string) int {
	i := slices.IndexFunc(groups, func(g ruleGroup) bool { return g.name == name })
	if i < 0 {
		return len(groups)
	}
	return i
}

func groupNames() string {
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = g.name
	}
	return strings.Join(names, ", ")
}

// index lists all rules by group and, within it, by severity from the gravest.
func index(rules []*rule) File {
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- %s -->\n\n# Rules\n", notice("policies"))
	for _, g := range groups {
		var found []*rule
		for _, r := range rules {
			if r.group == g.name {
				found = append(found, r)
			}
		}
		if len(found) == 0 {
			continue
		}
		slices.SortFunc(found, func(a, b *rule) int {
			return cmp.Or(
				cmp.Compare(slices.Index(severities, a.Severity), slices.Index(severities, b.Severity)),
				cmp.Compare(a.ID, b.ID))
		})
		fmt.Fprintf(&b, "\n## %s\n\n| Rule | Severity | Since | What it asks for |\n|---|---|---|---|\n", g.title)
		for _, r := range found {
			fmt.Fprintf(&b, "| [%s](../%s/README.md) | %s | %s | %s |\n", r.ID, r.dir(), r.Severity, r.Since, cell(r.title))
		}
	}
	return File{Path: "docs/rules.md", Content: []byte(b.String())}
}
