package generate

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// page is the page of a rule, next to its code.
func (r *rule) page() File {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	p("<!-- %s -->\n\n# %s\n\n", notice(r.dir()), r.title)
	p("| | |\n|---|---|\n")
	p("| Rule | `%s` |\n| Kind | `%s` |\n| Group | %s |\n| Severity | %s |\n| Since | %s |\n\n", r.ID, r.Kind, r.group, r.Severity, r.Since)
	p("%s\n\n", r.description)
	if r.Scope != "" {
		p("%s\n\n", scopes[r.Scope])
	}

	p("## How it fails\n\n%s\n\n", strings.TrimSpace(r.Failure))
	p("## What to do\n\n%s\n\n", r.Remediation)

	p("## Parameters\n\n")
	p("| Name | Type | Default | Meaning |\n|---|---|---|---|\n")
	var long []string
	for _, row := range parameterRows("", r.schema) {
		fallback := row.fallback
		if len(fallback) > flowWidth {
			text, err := encode(flow(nodeOf(map[string]any{row.name: row.value})))
			if err == nil {
				long = append(long, text)
				fallback = "see below"
			}
		} else if fallback != "" {
			fallback = "`" + fallback + "`"
		}
		p("| `%s` | %s | %s | %s |\n", row.name, cell(row.kind), cell(fallback), cell(row.text))
	}
	p("\n")
	for _, text := range long {
		p("Default:\n\n```yaml\n%s```\n\n", text)
	}
	if len(r.RequiresSyncData) > 0 {
		p("## Reference data\n\nThe rule reads other objects of the cluster. Gatekeeper must sync these kinds:\n\n")
		for _, kinds := range r.RequiresSyncData {
			var names []string
			for _, k := range kinds {
				names = append(names, k.String())
			}
			p("- %s\n", strings.Join(names, " or "))
		}
		p("\n`memgate check` takes them from the manifests of the run. Where they are absent: %s\n\n", strings.TrimSpace(r.WithoutData))
	}

	p("## Examples\n\nWithout parameters the rule reports what the comments say:\n\n```yaml\n%s```\n\n", example(r.deny))
	p("It has nothing to report here:\n\n```yaml\n%s```\n\n", example(r.allow))

	p("## Cost\n\n")
	p("Each replica of Gatekeeper keeps the template in memory, with the libs that it carries, and runs it on every object that a constraint matches; [benchmarks](%s#cost-of-the-rules-in-gatekeeper) compares that with other templates.", relative(r, "docs/benchmarks.md"))
	if len(r.libs) > 0 {
		p(" What it has more than a usual one are its libs:\n\n")
		for _, lib := range r.libs {
			p("- `%s` %s\n", strings.TrimPrefix(lib.tree.Package.Path.String(), "data.lib."), lib.title())
		}
	} else {
		p("\n")
	}
	p("\n## Use\n\n")
	p("The [template](%s) is inert until a constraint names its kind.", relative(r, "templates/"+r.ID+".yaml"))
	if len(r.bundles) > 0 {
		p(" From the root of the repository:\n\n```sh\nkubectl apply -f templates/%s.yaml\nkubectl apply -f %s\n```\n", r.ID, r.bundles[0].path)
	} else {
		p("\n")
	}
	for _, file := range r.bundles {
		p("\n[`%s`](%s):\n\n```yaml\n%s```\n", file.path, relative(r, file.path), ended(string(file.text)))
	}

	p("\n## Sources\n\n")
	for _, source := range r.related {
		if source.description != "" {
			p("- [%s](%s)\n", source.description, source.ref)
		} else {
			p("- <%s>\n", source.ref)
		}
	}
	return File{Path: r.dir() + "/README.md", Content: []byte(b.String())}
}

// relative is a path from the root as a link on the page of a rule.
func relative(r *rule, name string) string {
	return strings.Repeat("../", strings.Count(r.dir(), "/")+1) + path.Clean(name)
}

var wantComment = regexp.MustCompile(`# want (deny|warn):`)

// example is an example as readers see it: a comment tells level and message of what
// is reported at its line.
func example(text []byte) string {
	return ended(string(wantComment.ReplaceAll(text, []byte("# $1:"))))
}

func ended(text string) string { return strings.TrimRight(text, "\n") + "\n" }

type parameterRow struct {
	name, kind, fallback, text string
	value                      any // the default
}

// parameterRows are the properties of a schema, and those of the objects in them.
func parameterRows(prefix string, schema map[string]any) []parameterRow {
	properties, _ := schema["properties"].(map[string]any)
	var rows []parameterRow
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		property, _ := properties[name].(map[string]any)
		row := parameterRow{name: prefix + name, kind: typeText(property), value: property["default"]}
		row.text, _ = property["description"].(string)
		if _, found := property["default"]; found {
			row.fallback = compact(property["default"])
		}
		rows = append(rows, row)
		rows = append(rows, parameterRows(prefix+name+".", property)...)
		if items, ok := property["items"].(map[string]any); ok {
			rows = append(rows, parameterRows(prefix+name+"[].", items)...)
		}
		if values, ok := property["additionalProperties"].(map[string]any); ok {
			rows = append(rows, parameterRows(prefix+name+".*.", values)...)
		}
	}
	return rows
}

func typeText(schema map[string]any) string {
	if values, ok := schema["enum"].([]any); ok {
		texts := make([]string, len(values))
		for i, value := range values {
			texts[i] = fmt.Sprint(value)
		}
		return strings.Join(texts, " or ")
	}
	if schema["type"] == "array" {
		items, _ := schema["items"].(map[string]any)
		return "list of " + typeText(items)
	}
	if schema["x-kubernetes-int-or-string"] == true {
		return "integer or string"
	}
	text, _ := schema["type"].(string)
	return text
}

func compact(value any) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprint(value)
	}
	return strings.TrimSpace(text.String())
}

// cell is a text in a table of Markdown.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}
