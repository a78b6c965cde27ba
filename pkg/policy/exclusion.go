package policy

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/memgate/memgate/pkg/manifest"
)

// Processes of Gatekeeper that its Config keeps out of namespaces, as it calls them.
const (
	WebhookProcess = "webhook"
	AuditProcess   = "audit"
	SyncProcess    = "sync" // what is excluded from it is no reference data
)

// processes are all that a Config can name.
var processes = []string{AuditProcess, SyncProcess, WebhookProcess, "mutation-webhook", "*"}

// Exclusions are the namespaces that Gatekeeper's Config keeps it out of. nil has none.
// Immutable.
type Exclusions struct {
	entries []exclusion
	at      manifest.Position // of spec.match
}

type exclusion struct {
	Processes  []string   `json:"processes"`
	Namespaces []Wildcard `json:"excludedNamespaces"`
}

// Excludes reports whether a process passes over an object, and by which entry of the
// Config, such as
//
//	spec.match[0].excludedNamespaces "kube-*"
//
// A Namespace is excluded by its own name. The namespace of what has none is the empty
// text, so that "*" excludes it (gatekeeper v3.23 pkg/controller/config/process).
func (e *Exclusions) Excludes(process string, object map[string]any) (by string, excluded bool) {
	if e == nil {
		return "", false
	}
	metadata, _ := object["metadata"].(map[string]any)
	field := "namespace"
	if version, _ := object["apiVersion"].(string); object["kind"] == "Namespace" && !strings.Contains(version, "/") {
		field = "name"
	}
	namespace, _ := metadata[field].(string)
	for i, entry := range e.entries {
		if !slices.Contains(entry.Processes, process) && !slices.Contains(entry.Processes, "*") {
			continue
		}
		for _, wildcard := range entry.Namespaces {
			if wildcard.Matches(namespace) {
				return fmt.Sprintf("spec.match[%d].excludedNamespaces %q", i, string(wildcard)), true
			}
		}
	}
	return "", false
}

func isConfig(object *manifest.Object) bool {
	return object.Kind() == "Config" && group(object) == "config.gatekeeper.sh"
}

// newExclusions reads spec.match of a Config; nil without an error if there is none. What
// else a Config has says what Gatekeeper caches, logs and measures. A field or a process
// that Gatekeeper does not know is an error: it would exclude nothing, in silence.
func newExclusions(object *manifest.Object) (*Exclusions, error) {
	fault := func(path []any, format string, args ...any) error {
		return Fault(object, path, "Config %q: "+format, append([]any{object.Name()}, args...)...)
	}
	spec, ok := object.Value["spec"].(map[string]any)
	if !ok && object.Value["spec"] != nil {
		return nil, fault([]any{"spec"}, "spec: got %s, want an object", describe(object.Value["spec"]))
	}
	for _, key := range slices.Sorted(maps.Keys(spec)) {
		if !slices.Contains([]string{"match", "readiness", "sync", "validation"}, key) {
			return nil, fault([]any{"spec", key}, "unknown field spec.%s; have match, readiness, sync, validation", key)
		}
	}
	path := []any{"spec", "match"}
	match, ok := spec["match"].([]any)
	switch {
	case spec["match"] == nil:
		return nil, nil
	case !ok:
		return nil, fault(path, "spec.match: got %s, want an array", describe(spec["match"]))
	case object.APIVersion() != "config.gatekeeper.sh/v1alpha1":
		return nil, fault([]any{"apiVersion"}, "apiVersion: got %q, want config.gatekeeper.sh/v1alpha1", object.APIVersion())
	case object.Name() != "config":
		return nil, fault([]any{"metadata", "name"}, "metadata.name: Gatekeeper reads the Config called config alone")
	}
	e := &Exclusions{at: object.Place(path).Start}
	for i, value := range match {
		entry, err := newExclusion(value)
		if err != nil {
			return nil, fault(append(path, i), "spec.match[%d]: %v", i, err)
		}
		e.entries = append(e.entries, entry)
	}
	return e, nil
}

func newExclusion(value any) (exclusion, error) {
	var entry exclusion
	if _, ok := value.(map[string]any); !ok {
		return entry, fmt.Errorf("got %s, want an object", describe(value))
	}
	if err := decode(value, &entry); err != nil {
		return entry, err
	}
	for _, process := range entry.Processes {
		if !slices.Contains(processes, process) {
			return entry, fmt.Errorf("processes: got %q, want %s", process, strings.Join(processes, ", "))
		}
	}
	return entry, checkWildcards("excludedNamespaces", entry.Namespaces)
}

// and is the one of two that is not nil. Two that differ are an error, as a cluster has one
// Config.
func (e *Exclusions) and(other *Exclusions) (*Exclusions, error) {
	switch {
	case e == nil:
		return other, nil
	case other == nil || reflect.DeepEqual(e.entries, other.entries):
		return e, nil
	}
	return e, &Error{Position: other.at, Text: fmt.Sprintf("spec.match of the Config differs from the one at %s", e.at)}
}
