package generate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// metadata is what a rule says about itself in the METADATA of its package.
type metadata struct {
	title       string
	description string // lines without a line feed at the end
	related     []related
	schema      map[string]any // of the parameters; numbers are json.Number
	custom
}

type related struct{ ref, description string }

// custom is the part of METADATA that OPA does not define.
type custom struct {
	ID          string `json:"id"`
	Kind        string `json:"kind"`
	Severity    string `json:"severity"`
	Since       string `json:"since"`   // the release that has it first
	Version     string `json:"version"` // of the rule, if it changed after Since
	Remediation string `json:"remediation"`
	Failure     string `json:"failure"` // how it fails in production, with the upstream case
	Scope       string `json:"scope"`   // where the rule sees its objects, if not at admission

	// RequiresSyncData are the kinds that the rule reads of data.inventory, as
	// Gatekeeper's annotation has them: all of the outer list, any of the inner.
	RequiresSyncData [][]syncKinds `json:"requiresSyncData"`
	WithoutData      string        `json:"withoutData"` // what the rule does where they are absent
}

type syncKinds struct {
	Groups   []string `json:"groups"`
	Versions []string `json:"versions"`
	Kinds    []string `json:"kinds"`
}

// String is the kinds as in "DaemonSet, Deployment of apps/v1".
func (k syncKinds) String() string {
	var versions []string
	for _, group := range k.Groups {
		for _, version := range k.Versions {
			versions = append(versions, strings.TrimPrefix(group+"/"+version, "/"))
		}
	}
	return strings.Join(k.Kinds, ", ") + " of " + strings.Join(versions, ", ")
}

// scopes are the values of custom.scope, with what pages say of each.
var scopes = map[string]string{
	"audit": "Gatekeeper's admission webhook does not see these objects: they are judged by its audit, or offline.",
	"files": "What is judged stands in files: no object of a cluster holds it, so it is judged offline only.",
}

// severities are the values of custom.severity, the gravest first.
var severities = []string{"critical", "high", "medium", "low"}

var release = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)

// readMetadata reads the METADATA of a module's package.
func (m *module) readMetadata() (metadata, []error) {
	var found *ast.Annotations
	for _, a := range m.tree.Annotations {
		if a.Scope == "package" {
			found = a
		}
	}
	if found == nil {
		return metadata{}, []error{fault(m.tree.Package.Location, "package has no METADATA")}
	}
	var faults []error
	wrong := func(format string, args ...any) {
		faults = append(faults, fault(found.Location, format, args...))
	}
	d := metadata{title: found.Title, description: strings.TrimRight(found.Description, "\n")}
	for _, r := range found.RelatedResources {
		d.related = append(d.related, related{r.Ref.String(), r.Description})
	}
	for _, s := range found.Schemas {
		if s.Path.String() == "input.parameters" && s.Definition != nil {
			d.schema, _ = normal(*s.Definition).(map[string]any)
		}
	}
	text, err := json.Marshal(found.Custom)
	if err == nil {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		err = decoder.Decode(&d.custom)
	}
	if err != nil {
		wrong("custom: %s", strings.TrimPrefix(err.Error(), "json: "))
		return d, faults
	}
	fields := map[string]bool{
		"title": d.title != "", "description": d.description != "", "related_resources": len(d.related) > 0,
		"custom.id": d.ID != "", "custom.kind": d.Kind != "", "custom.severity": d.Severity != "",
		"custom.since": d.Since != "", "custom.remediation": d.Remediation != "", "custom.failure": d.Failure != "",
	}
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		if !fields[field] {
			wrong("METADATA: %s is missing", field)
		}
	}
	if d.Severity != "" && !slices.Contains(severities, d.Severity) {
		wrong("custom.severity: got %q, want low, medium, high or critical", d.Severity)
	}
	if d.Scope != "" && scopes[d.Scope] == "" {
		wrong("custom.scope: got %q, want %s, or none where admission sees the objects", d.Scope, strings.Join(slices.Sorted(maps.Keys(scopes)), " or "))
	}
	for field, value := range map[string]string{"since": d.Since, "version": d.Version} {
		if value != "" && !release.MatchString(value) {
			wrong("custom.%s: got %q, want a release such as 0.1.0", field, value)
		}
	}
	for _, r := range d.related {
		if !strings.HasPrefix(r.ref, "https://") {
			wrong("related_resources: got %q, want a URL with https", r.ref)
		}
	}
	if (d.WithoutData != "") != (len(d.RequiresSyncData) > 0) {
		wrong("METADATA: want custom.requiresSyncData and custom.withoutData, or neither")
	}
	for _, kinds := range d.RequiresSyncData {
		for _, k := range kinds {
			if len(k.Groups) == 0 || len(k.Versions) == 0 || len(k.Kinds) == 0 {
				wrong("custom.requiresSyncData: got an entry without groups, versions or kinds")
			}
		}
	}
	if d.schema == nil {
		wrong("METADATA: schemas: input.parameters is missing")
	}
	return d, faults
}

// checkNames checks that the names of a rule derive from its directory.
func (d metadata) checkNames(m *module, group, name string) []error {
	id := strings.ReplaceAll(name, "_", "-")
	var faults []error
	if !slices.ContainsFunc(groups, func(g ruleGroup) bool { return g.name == group }) {
		faults = append(faults, fmt.Errorf("policies/%s: group %q not known, want %s", group, group, groupNames()))
	}
	if !idPattern.MatchString(id) {
		faults = append(faults, fmt.Errorf("policies/%s/%s: got this name of a rule, want words of lower-case letters and digits, with underscores between them", group, name))
	}
	if d.ID != "" && d.ID != id {
		faults = append(faults, fault(m.tree.Package.Location, "custom.id: got %q, want %q, as the directory is called", d.ID, id))
	}
	if want := kindOf(id); d.Kind != "" && d.Kind != want {
		faults = append(faults, fault(m.tree.Package.Location, "custom.kind: got %q, want %q, as the directory is called", d.Kind, want))
	}
	if err := m.checkPackage("policies." + group + "." + name); err != nil {
		faults = append(faults, err)
	}
	return faults
}

// A word of an id begins with a letter, so that the id can be read off the kind.
var idPattern = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$`)

// kindOf is the kind of the constraints of a rule.
func kindOf(id string) string {
	var kind strings.Builder
	kind.WriteString("Memgate")
	for word := range strings.SplitSeq(id, "-") {
		if word != "" {
			kind.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return kind.String()
}

// normal is a value as JSON has it, with numbers as json.Number.
func normal(value any) any {
	text, err := json.Marshal(value)
	if err != nil {
		return value
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var plain any
	if err := decoder.Decode(&plain); err != nil {
		return value
	}
	return plain
}
