package suppress

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/memgate/memgate/pkg/manifest"
)

// prefix is that of annotations that are suppressions, before the "/" and the rule.
const prefix = "ignore.memgate.github.io"

func (r *reader) annotations() {
	if r.object.Mentions(prefix) {
		r.visit(r.object.Value, nil)
	}
}

// visit reads the annotations of a value and of all below it.
func (r *reader) visit(value any, path []any) {
	switch value := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if key == "metadata" {
				r.metadata(value[key], append([]any{}, path...))
			}
			r.visit(value[key], append(path, key))
		}
	case []any:
		for i, item := range value {
			r.visit(item, append(path, i))
		}
	}
}

// metadata reads the annotations in the metadata of what is at path.
func (r *reader) metadata(metadata any, path []any) {
	fields, _ := metadata.(map[string]any)
	annotations, _ := fields["annotations"].(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok || rest != "" && rest[0] != '/' {
			continue
		}
		s := Suppression{
			Kind:     Annotation,
			Position: r.object.Place(append(slices.Clone(path), "metadata", "annotations", key)).Start,
			Path:     path,
			covers:   func(at []any) bool { return begins(at, path) },
		}
		var (
			t   terms
			err error
		)
		rule := strings.TrimPrefix(rest, "/")
		switch value := annotations[key].(type) {
		case string:
			t, err = parseAnnotation(value)
		default:
			err = fmt.Errorf("found %v, want a text such as reason=\"...\"", value)
		}
		if rule == "" {
			err = errors.New("no rule, want " + prefix + "/RULE")
		}
		r.add(s, []string{rule}, t, err)
	}
}

// begins reports whether path begins with another one, whatever types its indices have.
func begins(path, with []any) bool {
	return len(path) >= len(with) && manifest.PathString(path[:len(with)]) == manifest.PathString(with)
}
