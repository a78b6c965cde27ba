package generate

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// profileLibs are the generated libs by name, one for each list; nil if the lists are
// faulty, and none without the file.
func profileLibs(fsys fs.FS) (map[string]*module, error) {
	found, err := readProfiles(fsys)
	libs := map[string]*module{}
	if found == nil && err == nil {
		return libs, nil
	}
	for _, l := range profileLists {
		var lib *module
		if err == nil {
			file := l.lib(found[l.name])
			lib, err = newModule(file.Path, file.Content)
		}
		libs[l.name+"_profiles"] = lib
	}
	return libs, err
}

// profileFiles are the generated libs and the page of all lists.
func profileFiles(fsys fs.FS, rules []*rule) ([]File, error) {
	found, err := readProfiles(fsys)
	if found == nil || err != nil {
		return nil, err
	}
	files := []File{profilesPage(found, rules)}
	for _, l := range profileLists {
		files = append(files, l.lib(found[l.name]))
	}
	return files, nil
}

// lib is a list in Rego. Sources are comments, so that no evaluator holds them.
func (l profileList) lib(rows []profileRow) File {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	p("# %s\n\n# METADATA\n# title: knows %d programs by sight\npackage lib.%s_profiles\n\nrows := [\n", notice(profilesFile), len(rows), l.name)
	for _, row := range rows {
		p("\t# %s\n\t{\n\t\t\"name\": %s,\n", row.text("source"), regoText(row.text("name")))
		for _, f := range l.fields {
			if values, there := row[f.name]; there && !f.unused {
				p("\t\t%q: %s,\n", f.name, f.kind.rego(values))
			}
		}
		p("\t},\n")
	}
	p("]\n")
	return File{Path: "policies/lib/profiles/" + l.name + ".rego", Content: []byte(b.String())}
}

// rego is the value of a field as a term.
func (k fieldKind) rego(values []string) string {
	if k.tag != "!!str" {
		return values[0]
	}
	terms := make([]string, len(values))
	for i, value := range values {
		terms[i] = regoText(value)
	}
	if k.list {
		return "[" + strings.Join(terms, ", ") + "]"
	}
	return terms[0]
}

// regoText is a text as opa fmt leaves it: raw where that saves escapes.
func regoText(text string) string {
	if strings.ContainsAny(text, `\"`) && !strings.Contains(text, "`") {
		return "`" + text + "`"
	}
	return strconv.Quote(text)
}

// profilesPage tells which rules use a list, and has a table of its rows.
func profilesPage(found map[string][]profileRow, rules []*rule) File {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	p("<!-- %s -->\n\n# Profiles of programs\n\n", notice(profilesFile))
	p("What the rules know of programs, and where it is from. All of it stands in\n[`%s`](../%s); constraints add to it by the parameters of the rules.\n", profilesFile, profilesFile)
	for _, l := range profileLists {
		p("\n## %s\n\n%s\n", l.title, l.text)
		if links := l.users(rules); len(links) > 0 {
			p("Used by %s.\n", strings.Join(links, ", "))
		}
		p("\n| Program |")
		for _, c := range l.columns {
			p(" %s |", c.title)
		}
		p(" Source |\n|---|%s---|\n", strings.Repeat("---|", len(l.columns)))
		for _, row := range found[l.name] {
			p("| %s |", cell(row.text("name")))
			for _, c := range l.columns {
				p(" %s |", cell(c.text(row)))
			}
			p(" %s |\n", cell(row.links()))
		}
	}
	return File{Path: "docs/profiles.md", Content: []byte(b.String())}
}

// users are links to the rules that import a list.
func (l profileList) users(rules []*rule) []string {
	var links []string
	for _, r := range rules {
		if slices.Contains(slices.Collect(maps.Values(r.module.imports)), l.name+"_profiles") {
			links = append(links, fmt.Sprintf("[%s](../%s/README.md)", r.ID, r.dir()))
		}
	}
	return links
}

// sign is what a container must show to match a row.
func (row profileRow) sign() string {
	var parts []string
	for _, f := range []struct{ field, format string }{
		{"image", "image %s"},
		{"tags", "tag %s"},
		{"args", "arguments %s"},
		{"env", "any of the variables %s"},
		{"sign", "settings %s"},
		{"gpus", "GPUs: %s or more"},
		{"unless", "not with %s"},
		{"unlessTag", "not at tag %s"},
		{"residentPath", "not with a tmpfs at %s"},
	} {
		if values := row[f.field]; values != nil {
			parts = append(parts, fmt.Sprintf(f.format, quoted(strings.Join(values, " "))))
		}
	}
	return strings.Join(parts, "; ")
}

func (row profileRow) limits() string {
	switch {
	case row["recommended"] != nil && row["max"] != nil:
		return fmt.Sprintf("%s, at most %s", row.text("recommended"), row.text("max"))
	case row["max"] != nil:
		return "at most " + row.text("max")
	}
	return row.text("recommended")
}

// links are the sources of a row in Markdown.
func (row profileRow) links() string {
	links := make([]string, len(row["source"]))
	for i, source := range row["source"] {
		if repository, number, ok := strings.Cut(source, "#"); ok && !strings.HasPrefix(source, "https://") {
			links[i] = fmt.Sprintf("[%s](https://github.com/%s/issues/%s)", source, repository, number)
		} else {
			links[i] = "<" + source + ">"
		}
	}
	return strings.Join(links, ", ")
}

func quoted(text string) string { return "`" + text + "`" }
