package generate

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// profilesFile holds what the rules know of programs: lists of rows, written by hand.
const profilesFile = "policies/profiles.yaml"

// A profileList is a list of profilesFile. The rules import it as data.lib.<name>_profiles.
type profileList struct {
	name, title, text string
	fields            []profileField
	columns           []profileColumn // of its table, between program and source
}

// A profileField is a field of the rows of a list, in the order of the lib.
type profileField struct {
	name     string
	kind     fieldKind
	required bool
	unused   bool // by rules: stays out of the lib
}

type profileColumn struct {
	title string
	text  func(row profileRow) string
}

// A fieldKind is what a field may hold: the kind of its YAML, and the check of its text.
type fieldKind struct {
	want  string // for faults
	tag   string // of YAML
	list  bool
	check func(text string) (ok bool, why string)
}

var (
	aText       = fieldKind{want: "a text", tag: "!!str", check: notEmpty}
	someTexts   = fieldKind{want: "a list of texts", tag: "!!str", list: true, check: notEmpty}
	aPattern    = fieldKind{want: "a regular expression", tag: "!!str", check: compiles}
	aGlob       = fieldKind{want: "a glob", tag: "!!str", check: like(`^[a-z0-9*][a-z0-9*._/-]*$`)}
	aSize       = fieldKind{want: "a quantity such as 256Mi", tag: "!!str", check: like(`^[1-9][0-9]*[KMG]i$`)}
	aLevel      = fieldKind{want: "deny or warn", tag: "!!str", check: like(`^(deny|warn)$`)}
	isTrue      = fieldKind{want: "true", tag: "!!bool", check: like(`^true$`)}
	aNumber     = fieldKind{want: "a number above 0", tag: "!!int", check: like(`^[1-9][0-9]*$`)}
	someSources = fieldKind{want: "a list of URLs with https or of owner/repository#number", tag: "!!str", list: true, check: like(`^(https://\S+|` + issue + `)$`)}
)

const issue = `[\w.-]+/[\w.-]+#[0-9]+`

func notEmpty(text string) (ok bool, why string) { return strings.TrimSpace(text) != "", "" }

func compiles(text string) (ok bool, why string) {
	if text == "" {
		return false, ""
	}
	if _, err := regexp.Compile(text); err != nil {
		return false, ": " + err.Error()
	}
	return true, ""
}

func like(want string) func(text string) (ok bool, why string) {
	matches := regexp.MustCompile(want).MatchString
	return func(text string) (ok bool, why string) { return matches(text), "" }
}

// profileLists are the lists of profilesFile. All rows have name and source.
var profileLists = []profileList{
	{
		name:  "shm",
		title: "Shared memory",
		text:  "Programs that need a larger `/dev/shm` than the 64 MiB of the container runtime.",
		fields: []profileField{
			{name: "image", kind: aPattern, required: true},
			{name: "command", kind: aPattern},
			{name: "args", kind: aPattern},
			{name: "env", kind: someTexts},
			{name: "gpus", kind: aNumber},
			{name: "unless", kind: aPattern},
			{name: "unlessTag", kind: aPattern},
			{name: "minSize", kind: aSize, required: true},
			{name: "fault", kind: aText, required: true},
		},
		columns: []profileColumn{
			{"Sign", profileRow.sign},
			{"Needs", func(row profileRow) string { return fmt.Sprintf("%s, else %s", row.text("minSize"), row.text("fault")) }},
		},
	},
	{
		name:  "mlock",
		title: "Locked memory",
		text:  "Programs that lock memory, for which a container needs the capability IPC_LOCK.",
		fields: []profileField{
			{name: "image", kind: aPattern, required: true},
			{name: "tags", kind: aPattern},
			{name: "command", kind: aPattern},
			{name: "alwaysLocks", kind: isTrue, unused: true},
			{name: "sign", kind: aPattern},
			{name: "unless", kind: aPattern},
			{name: "residentPath", kind: aPattern},
			{name: "level", kind: aLevel, required: true},
			{name: "warnIf", kind: aPattern},
			{name: "fault", kind: aText, required: true},
			{name: "instead", kind: aText, required: true},
			{name: "binary", kind: aText},
			{name: "onlyLocks", kind: isTrue},
		},
		columns: []profileColumn{
			{"Sign", profileRow.sign},
			{"If it fails to lock", func(row profileRow) string { return fmt.Sprintf("%s: %s", row.text("level"), row.text("fault")) }},
			{"Instead", func(row profileRow) string { return row.text("instead") }},
		},
	},
	{
		name:  "pagecache",
		title: "Page cache",
		text:  "DaemonSets whose page cache grows, or that run on every node and are known to be small.",
		fields: []profileField{
			{name: "image", kind: aGlob, required: true},
			{name: "reason", kind: aText, required: true, unused: true},
			{name: "recommended", kind: aSize},
			{name: "max", kind: aSize},
		},
		columns: []profileColumn{
			{"Image", func(row profileRow) string { return quoted(row.text("image")) }},
			{"What fills the cache", func(row profileRow) string { return row.text("reason") }},
			{"Memory limit", func(row profileRow) string { return row.limits() }},
		},
	},
}

// A profileRow is one program: texts and lists of texts by field.
type profileRow map[string][]string

func (row profileRow) text(field string) string { return strings.Join(row[field], ", ") }

// readProfiles reads and checks profilesFile: the rows of each list by its name. There
// are none if there is no such file.
func readProfiles(fsys fs.FS) (map[string][]profileRow, error) {
	text, err := fs.ReadFile(fsys, profilesFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", profilesFile, err)
	}
	if len(document.Content) == 0 {
		return nil, fmt.Errorf("%s: want the lists %s", profilesFile, listNames())
	}
	if document.Content[0].Kind != yaml.MappingNode {
		return nil, profileFault(document.Content[0], "want the lists %s", listNames())
	}
	found := map[string][]profileRow{}
	var faults []error
	for key, value := range pairs(document.Content[0]) {
		i := slices.IndexFunc(profileLists, func(l profileList) bool { return l.name == key.Value })
		switch {
		case i < 0:
			faults = append(faults, profileFault(key, "list %q is unknown; have %s", key.Value, listNames()))
			continue
		case value.Kind != yaml.SequenceNode:
			faults = append(faults, profileFault(key, "%s: want a list of rows", key.Value))
			continue
		}
		for _, node := range value.Content {
			row, wrong := profileLists[i].read(node)
			found[key.Value] = append(found[key.Value], row)
			faults = append(faults, wrong...)
		}
	}
	for _, l := range profileLists {
		if len(faults) == 0 && len(found[l.name]) == 0 {
			faults = append(faults, profileFault(document.Content[0], "list %q is missing", l.name))
		}
	}
	return found, errors.Join(faults...)
}

// read is a row of a list.
func (l profileList) read(node *yaml.Node) (profileRow, []error) {
	if node.Kind != yaml.MappingNode {
		return nil, []error{profileFault(node, "%s: want a row with name, source and the fields of the list", l.name)}
	}
	fields := append([]profileField{{name: "name", kind: aText, required: true}, {name: "source", kind: someSources, required: true}}, l.fields...)
	row := profileRow{}
	var faults []error
	for key, value := range pairs(node) {
		i := slices.IndexFunc(fields, func(f profileField) bool { return f.name == key.Value })
		if i < 0 {
			var names []string
			for _, f := range fields {
				names = append(names, f.name)
			}
			faults = append(faults, profileFault(key, "%s: field %q is unknown; have %s", l.name, key.Value, strings.Join(names, ", ")))
			continue
		}
		if _, twice := row[key.Value]; twice {
			faults = append(faults, profileFault(key, "%s: %s is there twice", l.name, key.Value))
		}
		texts, err := fields[i].kind.read(value)
		if err != nil {
			faults = append(faults, profileFault(value, "%s: %s: %w", l.name, key.Value, err))
		}
		row[key.Value] = texts
	}
	for _, f := range fields {
		if _, there := row[f.name]; f.required && !there {
			faults = append(faults, profileFault(node, "%s: %s is missing", l.name, f.name))
		}
	}
	if _, signed := row["sign"]; l.name == "mlock" && signed == (row["alwaysLocks"] != nil) {
		faults = append(faults, profileFault(node, "%s: want either sign or alwaysLocks", l.name))
	}
	return row, faults
}

// read are the texts of a field.
func (k fieldKind) read(node *yaml.Node) ([]string, error) {
	items := []*yaml.Node{node}
	if k.list {
		items = node.Content
		if node.Kind != yaml.SequenceNode || len(items) == 0 {
			return nil, fmt.Errorf("want %s", k.want)
		}
	}
	var texts []string
	for _, item := range items {
		if item.Kind != yaml.ScalarNode || item.Tag != k.tag {
			return nil, fmt.Errorf("want %s", k.want)
		}
		if ok, why := k.check(item.Value); !ok {
			return nil, fmt.Errorf("got %q, want %s%s", item.Value, k.want, why)
		}
		texts = append(texts, item.Value)
	}
	return texts, nil
}

// pairs are the keys and values of a mapping.
func pairs(node *yaml.Node) func(yield func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		for i := 0; i+1 < len(node.Content); i += 2 {
			if !yield(node.Content[i], node.Content[i+1]) {
				return
			}
		}
	}
}

func profileFault(at *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", profilesFile, at.Line, fmt.Errorf(format, args...))
}

func listNames() string {
	names := make([]string, len(profileLists))
	for i, l := range profileLists {
		names[i] = l.name
	}
	return strings.Join(names, ", ")
}

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
