package generate

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
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
			{name: "instead", kind: aText},
			{name: "swapOnly", kind: isTrue},
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
	if l.name == "mlock" && row["instead"] == nil && row["swapOnly"] == nil {
		faults = append(faults, profileFault(node, "%s: instead is missing", l.name))
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
