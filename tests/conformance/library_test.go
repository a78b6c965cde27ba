package conformance

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/refdata"
)

// A library is memgate's own rules, each with one constraint that has no parameters and
// matches everything, in the clients of a comparison.
type library struct {
	*comparison
	rules map[string]string // ids by the kinds of the templates
}

// loaded is the library of this process: it takes seconds to compile, and tests run one
// after the other.
var loaded *library

func ownLibrary(t *testing.T) *library {
	t.Helper()
	if loaded != nil {
		return loaded
	}
	l := &library{rules: map[string]string{}}
	paths, err := filepath.Glob("../../templates/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("../../templates/*.yaml: %d files, %v; want those that make generate writes", len(paths), err)
	}
	var policies []object
	for _, path := range paths {
		for _, o := range read(t, path) {
			template, err := policy.NewTemplate(o.own)
			if err != nil {
				t.Fatal(err)
			}
			l.rules[template.Kind] = template.Rule
			policies = append(policies, o, made(t, constraint(template.Kind, template.Rule, map[string]any{})))
		}
	}
	l.comparison = newComparison(t, policy.OfflinePoint, policies, nil)
	loaded = l
	return l
}

// check judges objects, with all of them but the requests as reference data, by the
// framework and by memgate, and fails the test where either reports something else than
// what is wanted, or they differ in anything.
func (l *library) check(t *testing.T, path string, objects []object, wanted []finding) {
	t.Helper()
	defer l.hold(t, objects)()
	var own, stock []finding
	for _, o := range objects {
		s := l.subject(o)
		verdicts, err := l.stock.review(s, l.point)
		if err != nil {
			t.Fatalf("%s: %s: the framework: %v", path, title(o), err)
		}
		for _, v := range verdicts {
			stock = append(stock, s.finding(l.rules[v.Kind], v.Message, v.Details))
		}
		own = append(own, l.ownFindings(t, path, s)...)
		l.compareClient(t, s, verdicts, nil)
	}
	for _, judge := range []struct {
		name  string
		found []finding
	}{{"memgate", own}, {"the framework", stock}} {
		for _, text := range differences(judge.found, wanted) {
			t.Errorf("%s: %s: %s", path, judge.name, text)
		}
	}
}

// hold adds objects as reference data until the function that it returns is called. A
// request is none, and neither is what has no name, such as a configuration file.
func (l *library) hold(t *testing.T, objects []object) (release func()) {
	t.Helper()
	ctx := context.Background()
	objects = slices.DeleteFunc(slices.Clone(objects), func(o object) bool { return o.isReview() || o.own.Name() == "" })
	for i, o := range objects {
		if err := l.own.AddData(ctx, o.own.Value); err != nil {
			t.Fatal(err)
		}
		if _, err := l.stock.client.AddData(ctx, o.peer.DeepCopy()); err != nil {
			t.Fatal(err)
		}
		if o.own.Kind() == "Namespace" && o.own.APIVersion() == "v1" {
			l.namespaces[o.own.Name()] = &objects[i]
		}
	}
	return func() {
		t.Helper()
		for _, o := range objects {
			at, err := refdata.Path(o.own.Value)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.own.Data().Remove(ctx, at); err != nil {
				t.Fatal(err)
			}
			if _, err := l.stock.client.RemoveData(ctx, o.peer.DeepCopy()); err != nil {
				t.Fatal(err)
			}
			delete(l.namespaces, o.own.Name())
		}
	}
}

func (l *library) ownFindings(t *testing.T, path string, s subject) []finding {
	t.Helper()
	r, err := s.reviewed(l.own)
	if err != nil {
		t.Fatalf("%s: %s: %v", path, title(s.object), err)
	}
	var found []finding
	for _, outcome := range l.own.Review(context.Background(), r) {
		if outcome.Status != engine.Judged {
			t.Errorf("%s: %s: not judged by %s: %v", path, title(s.object), outcome.Constraint.Name, outcome.Err)
		}
		for _, v := range outcome.Violations {
			found = append(found, s.finding(outcome.Constraint.Template.Rule, v.Message, v.Details))
		}
	}
	return found
}

// finding places a violation; details.path starts at the object under review.
func (s subject) finding(rule, message string, details any) finding {
	fields, _ := details.(map[string]any)
	level, _ := fields["level"].(string)
	steps, _ := fields["path"].([]any)
	var place []any
	if s.isReview() {
		place = []any{"request", "object"}
	}
	for _, step := range steps {
		if number, ok := step.(json.Number); ok {
			index, _ := number.Int64()
			step = int(index)
		}
		place = append(place, step)
	}
	return finding{s.own.Place(place).Start.Line, level, rule, message}
}

// expectations are the objects of a file and what its comments want.
func expectations(t *testing.T, path string) ([]object, []finding) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	objects := read(t, path)
	if len(objects) == 0 {
		t.Fatalf("%s: no manifest", path)
	}
	return objects, wants(string(text))
}
