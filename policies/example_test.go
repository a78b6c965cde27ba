package policies

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/policy/pack"
	"github.com/memgate/memgate/pkg/review"
)

// TestExamples judges the examples of every rule by a constraint without parameters.
// Each finding has a comment "# want deny: text" or "# want warn: text" at the end of
// the line where it is reported, and the message contains the text; several findings
// of one line have several comments. allow.yaml has none. An AdmissionReview stands for
// its request, for rules about what only a request tells.
func TestExamples(t *testing.T) {
	for _, r := range rules(t) {
		t.Run(r.dir(), func(t *testing.T) {
			set := plainSet(t, r)
			for _, name := range []string{"allow", "deny"} {
				file := path.Join(r.dir(), "examples", name+".yaml")
				found, _ := judge(t, clientOf(t, set), file)
				wanted := wants(t, file)
				if name == "allow" && len(wanted) > 0 {
					t.Errorf("policies/%s:%d: found a want comment, want none in allow.yaml", file, wanted[0].line)
				}
				if name == "deny" && len(wanted) == 0 {
					t.Errorf("policies/%s: found no want comment", file)
				}
				compare(t, file, found, wanted)
			}
		})
	}
}

// TestExamplesInBundle judges the examples by the bundle strict: its constraints match
// the kinds of the examples, and together they return every level.
func TestExamplesInBundle(t *testing.T) {
	for _, r := range rules(t) {
		t.Run(r.dir(), func(t *testing.T) {
			set, err := policy.Bundle("strict")
			if err != nil {
				t.Fatal(err)
			}
			set.Constraints = slices.DeleteFunc(set.Constraints, func(c *policy.Constraint) bool { return c.Template.Rule != r.id() })
			set.Templates = slices.DeleteFunc(set.Templates, func(template *policy.Template) bool { return template.Rule != r.id() })
			if len(set.Constraints) == 0 {
				t.Fatal("bundle strict has no constraint of the rule; run make generate")
			}
			for _, name := range []string{"allow", "deny"} {
				file := path.Join(r.dir(), "examples", name+".yaml")
				found, matched := judge(t, clientOf(t, set), file)
				if !matched {
					t.Errorf("policies/%s: no constraint of bundle strict matches any of its objects", file)
				}
				compare(t, file, found, wants(t, file))
			}
		})
	}
}

// plainSet is the template of a rule with one constraint that has no spec.
func plainSet(t *testing.T, r rule) *policy.Set {
	t.Helper()
	template := loadTemplate(t, r)
	text := fmt.Sprintf("apiVersion: %s/v1beta1\nkind: %s\nmetadata: {name: example}\n", policy.ConstraintGroup, template.Kind)
	constraint, err := manifest.Read("constraint.yaml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	set, err := policy.NewSet(append(constraint, template.Source()))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func clientOf(t *testing.T, set *policy.Set) *engine.Client {
	t.Helper()
	client, err := engine.NewClient(set, engine.Options{Point: policy.OfflinePoint, Plans: pack.Plans})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// A finding is what is reported, or wanted, at a line.
type finding struct {
	line  int
	level string
	text  string // the message, or a part of it
}

// judge is what a client finds in the objects of a file, and whether any constraint
// matched one. It fails the test for an object that is not judged and for details that
// are not those of a finding.
func judge(t *testing.T, client *engine.Client, file string) (found []finding, matched bool) {
	t.Helper()
	ctx := context.Background()
	objects := readObjects(t, file)
	for _, object := range objects {
		if err := client.AddData(ctx, object.Value); err != nil {
			t.Fatal(err)
		}
	}
	for _, document := range objects {
		asked, object := reviewOf(t, client, document)
		for _, outcome := range client.Review(ctx, asked) {
			switch outcome.Status {
			case engine.Judged:
				matched = true
			case engine.NotJudged:
				t.Errorf("policies/%s: not judged by %s: %v", object.Position(), outcome.Constraint.Name, outcome.Err)
			}
			for _, violation := range outcome.Violations {
				line := object.Place(violation.Path()).Start.Line
				level, text := checkDetails(object, violation)
				if text != "" {
					t.Errorf("policies/%s:%d: %q: details %v: %s", file, line, violation.Message, violation.Details, text)
				}
				found = append(found, finding{line, level, violation.Message})
			}
		}
	}
	return found, matched
}

// reviewOf is the review of a document, and the object in which its findings are.
func reviewOf(t *testing.T, client *engine.Client, document *manifest.Object) (*review.Review, *manifest.Object) {
	t.Helper()
	request, ok := document.Value["request"].(map[string]any)
	if !ok || document.Kind() != "AdmissionReview" {
		namespace := client.Namespace(context.Background(), document.Namespace())
		return review.New(document.Value, review.Options{Namespace: namespace}), document
	}
	object, ok := document.Item("request", "object")
	if !ok {
		t.Fatalf("policies/%s: found no request.object", document.Position())
	}
	asked, err := review.FromRequest(request, client.Namespace(context.Background(), object.Namespace()))
	if err != nil {
		t.Fatalf("policies/%s: %v", document.Position(), err)
	}
	return asked, object
}

// readObjects are the objects of a file, items of lists included. Every document of an
// example is a manifest.
func readObjects(t *testing.T, file string) []*manifest.Object {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var objects []*manifest.Object
	for reader := manifest.NewReader(file, bytes.NewReader(text), manifest.Options{}); ; {
		object, err := reader.Next()
		if object == nil {
			if !errors.Is(err, io.EOF) {
				t.Fatalf("policies/%v", err)
			}
			return objects
		}
		items, faults := review.Items(object)
		for _, fault := range faults {
			t.Errorf("policies/%v", fault)
		}
		objects = append(objects, items...)
	}
}

// checkDetails is the level of a violation, and what is wrong with its details; "" if
// nothing is. The path leads to a field of the object or to where one is missing, and
// facts are numbers.
func checkDetails(object *manifest.Object, violation engine.Violation) (level, text string) {
	details, _ := violation.Details.(map[string]any)
	level, _ = details["level"].(string)
	for key := range details {
		if !slices.Contains([]string{"level", "path", "facts", "remedy"}, key) {
			return level, fmt.Sprintf("unknown field %q", key)
		}
	}
	path := violation.Path()
	if len(path) == 0 {
		return level, "path is missing or none"
	}
	if follow(object.Value, path) < 0 {
		return level, fmt.Sprintf("path %s does not lead to a field, nor to where one could stand", manifest.PathString(path))
	}
	facts, ok := details["facts"].(map[string]any)
	if !ok {
		return level, "facts are missing"
	}
	for _, key := range slices.Sorted(maps.Keys(facts)) {
		if _, ok := facts[key].(json.Number); !ok {
			return level, fmt.Sprintf("facts.%s is no number", key)
		}
	}
	return level, ""
}

// follow is how many steps of a path an object has; -1 if what is missing cannot stand
// there: the first step, an index that the list does not have, or anything in a scalar.
func follow(value any, path []any) int {
	for i, step := range path {
		switch parent := value.(type) {
		case map[string]any:
			key, ok := step.(string)
			if !ok {
				return -1
			}
			next, found := parent[key]
			if !found {
				if i == 0 || slices.ContainsFunc(path[i:], func(step any) bool { _, ok := step.(string); return !ok }) {
					return -1
				}
				return i
			}
			value = next
		case []any:
			index, ok := step.(int)
			if !ok || index < 0 || index >= len(parent) {
				return -1
			}
			value = parent[index]
		case nil: // written without a value, such as "resources:"
			return i
		default:
			return -1
		}
	}
	return len(path)
}

var wantComment = regexp.MustCompile(`# want (\w+):`)

// wants are the want comments of a file, in order.
func wants(t *testing.T, file string) []finding {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return wantsOf(string(text))
}

func wantsOf(text string) []finding {
	var found []finding
	for i, line := range strings.Split(text, "\n") {
		comments := wantComment.FindAllStringSubmatchIndex(line, -1)
		for j, at := range comments {
			end := len(line)
			if j+1 < len(comments) {
				end = comments[j+1][0]
			}
			found = append(found, finding{i + 1, line[at[2]:at[3]], strings.TrimSpace(line[at[1]:end])})
		}
	}
	return found
}

// compare fails the test for each finding that is not wanted, and each that is wanted
// and not found.
func compare(t *testing.T, file string, found, wanted []finding) {
	t.Helper()
	for _, text := range differences(found, wanted) {
		t.Errorf("policies/%s:%s", file, text)
	}
}

func differences(found, wanted []finding) []string {
	var texts []string
	rest := slices.Clone(found)
	// A text that is part of several messages must not take the one that only a
	// shorter text fits: the longest choose first.
	wanted = slices.Clone(wanted)
	slices.SortStableFunc(wanted, func(a, b finding) int { return len(b.text) - len(a.text) })
	for _, want := range wanted {
		i := slices.IndexFunc(rest, func(f finding) bool {
			return f.line == want.line && f.level == want.level && want.text != "" && strings.Contains(f.text, want.text)
		})
		if i < 0 {
			texts = append(texts, fmt.Sprintf("%d: no finding, want %s: %s", want.line, want.level, want.text))
			continue
		}
		rest = slices.Delete(rest, i, i+1)
	}
	for _, f := range rest {
		texts = append(texts, fmt.Sprintf("%d: got %s: %s; want no such finding", f.line, f.level, f.text))
	}
	return texts
}

// TestWants checks the comparison itself.
func TestWants(t *testing.T) {
	const text = "a: 1 # want deny: too large\nb: 2 # want warn: odd # want deny: odd and small\nc: 3 # wants nothing\n"
	wanted := wantsOf(text)
	if got, want := fmt.Sprint(wanted), "[{1 deny too large} {2 warn odd} {2 deny odd and small}]"; got != want {
		t.Fatalf("wantsOf(%q) = %s, want %s", text, got, want)
	}
	all := []finding{{2, "deny", "b is odd and small"}, {1, "deny", "a is too large"}, {2, "warn", "b is odd"}}
	for _, tc := range []struct {
		found []finding
		want  []string
	}{
		{all, nil},
		{all[:2], []string{"2: no finding, want warn: odd"}},
		{append(slices.Clone(all), all[2]), []string{"2: got warn: b is odd; want no such finding"}},
		{append(slices.Clone(all[1:]), finding{2, "warn", "b is odd and small"}), []string{
			"2: no finding, want deny: odd and small", "2: got warn: b is odd and small; want no such finding",
		}},
		{append(slices.Clone(all[:2]), finding{3, "warn", "b is odd"}), []string{
			"2: no finding, want warn: odd", "3: got warn: b is odd; want no such finding",
		}},
	} {
		if got := differences(tc.found, wanted); !slices.Equal(got, tc.want) {
			t.Errorf("differences(%v, %v) = %q, want %q", tc.found, wanted, got, tc.want)
		}
	}
}

func TestFollow(t *testing.T) {
	object := map[string]any{"spec": map[string]any{"list": []any{map[string]any{"a": int64(1), "b": nil}}}}
	for _, tc := range []struct {
		path []any
		want int
	}{
		{[]any{"spec", "list", 0, "a"}, 4},
		{[]any{"spec", "list", 0, "resources", "limits"}, 3},
		{[]any{"spec", "list", 0, "b", "c"}, 4},
		{[]any{"spec", "list", 1}, -1},
		{[]any{"spec", "list", "a"}, -1},
		{[]any{"spec", "lists", 0}, -1},
		{[]any{"spec", "list", 0, "a", "c"}, -1},
		{[]any{"specs", "list"}, -1},
		{[]any{0}, -1},
	} {
		if got := follow(object, tc.path); got != tc.want {
			t.Errorf("follow(%v) = %d, want %d", tc.path, got, tc.want)
		}
	}
}
