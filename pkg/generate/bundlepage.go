package generate

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// findingsFile holds how many findings each rule has over many real manifests. The tests
// of tests/corpus write it.
const findingsFile = "tests/corpus/findings.json"

// findings is the content of findingsFile.
type findings struct {
	Files     int                       `json:"files"`
	Workloads int                       `json:"workloads"` // objects and templates that have a pod spec
	Rules     map[string]map[string]int `json:"rules"`     // by id and level
}

func readFindings(fsys fs.FS) (findings, error) {
	var found findings
	text, err := fs.ReadFile(fsys, findingsFile)
	if err != nil {
		return found, err
	}
	if err := json.Unmarshal(text, &found); err != nil {
		return found, fmt.Errorf("%s: %w", findingsFile, err)
	}
	if found.Workloads < 1 {
		return found, fmt.Errorf("%s: got %d workloads, want some", findingsFile, found.Workloads)
	}
	return found, nil
}

// per100 is a number of findings for each hundred workloads.
func (f findings) per100(n int) string {
	return fmt.Sprintf("%.1f", 100*float64(n)/float64(f.Workloads))
}

// page is the page of a bundle: what it is for, what it costs, and its rules.
func (b *bundle) page(rules []*rule, measured findings) File {
	var text strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&text, format, args...) }
	p("<!-- %s -->\n\n# Bundle %s\n\n%s\n\n", notice("bundles/"+b.name), b.name, b.about)
	p("```sh\nkubectl apply -f templates/\nkubectl apply -k bundles/%s\n", b.name)
	if !b.expands {
		p("memgate check --bundle %s DIR\n", b.name)
	}
	p("```\n\n")
	p("## What it costs\n\n")
	p("Findings per 100 workloads, measured over %d workloads in %d files of public repositories, which nobody wrote with these rules in mind. A dash is a level that the bundle does not have; the action is what becomes of a finding.\n\n", measured.Workloads, measured.Files)
	p("| Rule | Severity | deny | warn | Actions |\n|---|---|---|---|---|\n")
	total := 0
	for _, r := range rules {
		if !b.has(r) {
			continue
		}
		cells := map[string]string{"deny": "-", "warn": "-"}
		var actions []string
		for _, c := range b.set.Constraints {
			if c.Kind() != r.Kind {
				continue
			}
			level := strings.TrimPrefix(c.Name, r.ID+"-")
			cells[level] = "not measured"
			if levels, ok := measured.Rules[r.ID]; ok {
				total += levels[level]
				cells[level] = measured.per100(levels[level])
			}
			if !slices.Contains(actions, c.EnforcementAction()) {
				actions = append(actions, c.EnforcementAction())
			}
		}
		name := fmt.Sprintf("[%s](../../%s/README.md)", r.ID, r.dir())
		if r.Scope != "" {
			name += " (" + r.Scope + " only)"
		}
		p("| %s | %s | %s | %s | %s |\n", name, r.Severity, cells["deny"], cells["warn"], strings.Join(actions, ", "))
	}
	p("| all | | | %s | |\n", measured.per100(total))
	if kinds := b.syncKinds(rules); len(kinds) > 0 {
		p("\n## Reference data\n\nSome rules see more when Gatekeeper syncs other objects, which costs it memory for each of them. The pages of the rules say what they do without. To sync:\n\n```sh\nkubectl apply -f bundles/%s/syncset.yaml\n```\n", b.name)
	}
	return File{Path: "bundles/" + b.name + "/README.md", Content: []byte(text.String())}
}

// syncKinds are the kinds that the rules of the bundle read as reference data, each once.
// Of alternatives it is the first.
func (b *bundle) syncKinds(rules []*rule) []syncKinds {
	var found []syncKinds
	for _, r := range rules {
		if !b.has(r) {
			continue
		}
		for _, any := range r.RequiresSyncData {
			for _, group := range any[0].Groups {
				for _, kind := range any[0].Kinds {
					one := syncKinds{[]string{group}, any[0].Versions[:1], []string{kind}}
					if !slices.ContainsFunc(found, func(k syncKinds) bool { return k.String() == one.String() }) {
						found = append(found, one)
					}
				}
			}
		}
	}
	slices.SortFunc(found, func(a, b syncKinds) int { return strings.Compare(a.String(), b.String()) })
	return found
}

// syncSet is the SyncSet of the bundle, if its rules read reference data.
func (b *bundle) syncSet(rules []*rule) ([]File, error) {
	kinds := b.syncKinds(rules)
	if len(kinds) == 0 {
		return nil, nil
	}
	entries := list()
	for _, k := range kinds {
		entries.Content = append(entries.Content, mapping("group", k.Groups[0], "version", k.Versions[0], "kind", k.Kinds[0]))
	}
	text, err := encode(mapping(
		"apiVersion", "syncset.gatekeeper.sh/v1alpha1",
		"kind", "SyncSet",
		"metadata", mapping("name", "memgate-"+b.name),
		"spec", mapping("gvks", entries),
	))
	if err != nil {
		return nil, err
	}
	return []File{{"bundles/" + b.name + "/" + syncSetFile, []byte("# " + notice("policies") + "\n" + text)}}, nil
}

const syncSetFile = "syncset.yaml"
