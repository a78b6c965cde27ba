package check_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/check"
	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/source"
)

const policies = `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: k8snamed}
spec:
  crd: {spec: {names: {kind: K8sNamed}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package k8snamed
      violation[{"msg": input.review.object.metadata.name, "details": {"path": ["metadata", "name"]}}] { true }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sNamed
metadata: {name: pods}
spec: {match: {kinds: [{kinds: [Pod]}]}}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sNamed
metadata: {name: elsewhere}
spec:
  enforcementAction: scoped
  scopedEnforcementActions: [{action: deny, enforcementPoints: [{name: validation.gatekeeper.sh}]}]
`

func client(t *testing.T) *engine.Client {
	t.Helper()
	objects, err := manifest.Read("policies.yaml", strings.NewReader(policies))
	if err != nil {
		t.Fatal(err)
	}
	set, err := policy.NewSet(objects)
	if err != nil {
		t.Fatal(err)
	}
	c, err := engine.NewClient(set, engine.Options{Point: policy.OfflinePoint})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// find writes files and finds them.
func find(t *testing.T, files map[string]string) []source.File {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	found, _, err := source.Find([]string{"."}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// events keeps what a run reports, a line each; it fails after limit lines if that is
// above zero.
type events struct {
	report.Ignore
	lines []string
	limit int
}

var errLimit = errors.New("enough")

func (e *events) add(format string, args ...any) error {
	e.lines = append(e.lines, fmt.Sprintf(format, args...))
	if e.limit > 0 && len(e.lines) >= e.limit {
		return errLimit
	}
	return nil
}

func (e *events) Finding(f report.Finding) error {
	return e.add("%s %s %s", f.Place.Start, f.Action, f.Message)
}
func (e *events) Gap(g report.Gap) error       { return e.add("%s gap %s", g.Position, g.Text) }
func (e *events) Skip(s report.Skip) error     { return e.add("%s skip %s", s.Position, s.Text) }
func (e *events) Close(s report.Summary) error { return e.add("%s", s) }

func TestRun(t *testing.T) {
	files := find(t, map[string]string{
		"a.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: one}}\n- 5\n- {apiVersion: v1, kind: Service, metadata: {name: none}}\n",
		"b.json": `{"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {"name": "two"}}]}`,
		"c.yaml": "a: 1\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: three\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: four}\n",
	})
	var got events
	summary, err := check.Run(context.Background(), files, nil, check.Options{Client: client(t)}, &got)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"a.yaml:4:42 deny one",
		"a.yaml:5:3 gap item 1 of the List is no object with apiVersion and kind",
		"b.json:1:65 deny two",
		"c.yaml:1:1 skip a mapping without apiVersion and kind",
		got.lines[min(4, len(got.lines)-1)], // the words of the parser
		"c.yaml:9:12 deny four",
		"4 objects, 2 constraints, 3 pairs judged, 3 violations (3 deny), 2 not judged (2 unreadable), 1 document without manifest",
	}
	if strings.Join(got.lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got.lines, "\n"), strings.Join(want, "\n"))
	}
	if !strings.HasPrefix(want[4], "c.yaml:5:") || !strings.Contains(want[4], "gap") {
		t.Errorf("the broken document is reported as %q, want a gap on line 5", want[4])
	}
	if summary.Judged+summary.NotMatched+summary.NotEnforced != summary.Objects*summary.Constraints {
		t.Errorf("summary = %+v: want every pair to be accounted for", summary)
	}
}

// TestOrder wants findings in the order of the input, however many are judged at once.
func TestOrder(t *testing.T) {
	var text strings.Builder
	for i := range 500 {
		fmt.Fprintf(&text, "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p%03d}\n", i)
	}
	files := find(t, map[string]string{"many.yaml": text.String()})
	var got events
	if _, err := check.Run(context.Background(), files, nil, check.Options{Client: client(t)}, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.lines) != 501 {
		t.Fatalf("got %d lines, want 500 findings and the counts", len(got.lines))
	}
	for i, line := range got.lines[:500] {
		if want := fmt.Sprintf("many.yaml:%d:12 deny p%03d", 4*i+4, i); line != want {
			t.Fatalf("line %d = %q, want %q", i, line, want)
		}
	}
}

// census counts the objects of a run, too.
type census struct{ events }

func (c *census) Object(e report.Entry) error {
	if e.Template != nil {
		return c.add("%s pod template %v of %s", e.Position, e.Template, e.Object)
	}
	return c.add("%s object %s", e.Position, e.Object)
}

// TestObjects wants each object, and each pod template that is judged in its place, to be
// told of once, before what is found in it.
func TestObjects(t *testing.T) {
	files := find(t, map[string]string{
		"a.yaml": "{apiVersion: v1, kind: Pod, metadata: {name: one}}\n---\n{apiVersion: v1, kind: Service, metadata: {name: none}}\n",
		"b.yaml": "{apiVersion: example.org/v1, kind: Fleet, metadata: {name: many}, spec: {template: {metadata: {name: t}, spec: {containers: [{name: a, image: b}]}}}}\n",
	})
	var got census
	if _, err := check.Run(context.Background(), files, nil, check.Options{Client: client(t)}, &got); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"a.yaml:1:1 object Pod one",
		"a.yaml:1:40 deny one",
		"a.yaml:3:1 object Service none",
		"b.yaml:1:1 object Fleet many",
		"b.yaml:1:1 pod template [spec template] of Fleet many",
		"b.yaml:1:96 deny t",
	}
	if lines := got.lines[:len(got.lines)-1]; !slices.Equal(lines, want) { // without the counts
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

// TestStop wants a run to end when its report cannot be written, or when it is told to.
func TestStop(t *testing.T) {
	var text strings.Builder
	for i := range 200 {
		fmt.Fprintf(&text, "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p%03d}\n", i)
	}
	files := find(t, map[string]string{"many.yaml": text.String()})
	got := events{limit: 3}
	if _, err := check.Run(context.Background(), files, nil, check.Options{Client: client(t)}, &got); !errors.Is(err, errLimit) || len(got.lines) != 3 {
		t.Errorf("Run = %v after %d lines, want the writer's error after 3", err, len(got.lines))
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := check.Run(ctx, files, nil, check.Options{Client: client(t)}, &events{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Run with a cancelled context = %v, want %v", err, context.Canceled)
	}
}

// TestCollectForms keeps the last form of an object that lives in no namespace.
func TestCollectForms(t *testing.T) {
	form := func(team string) string {
		return "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: " + team + "}}\n"
	}
	for _, tc := range []struct{ forms, want string }{
		{"a", "a"}, {"aa", "a"}, {"ab", "b"}, {"aba", "a"}, {"abb", "b"},
	} {
		files := map[string]string{}
		for i, team := range tc.forms {
			files[fmt.Sprintf("%d.yaml", i)] = form(string(team))
		}
		c := client(t)
		if err := check.Collect(t.Context(), find(t, files), check.Options{Client: c}); err != nil {
			t.Fatal(err)
		}
		metadata, _ := c.Namespace(t.Context(), "shop")["metadata"].(map[string]any)
		if got := fmt.Sprint(metadata["labels"]); got != "map[team:"+tc.want+"]" {
			t.Errorf("Collect of the forms %q: got labels %s, want team %s", tc.forms, got, tc.want)
		}
	}
}
