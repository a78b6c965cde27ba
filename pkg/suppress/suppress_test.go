package suppress

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/memgate/memgate/pkg/manifest"
)

var rules = []string{"memory-limit-required", "mlock-capability", "shm-size", "shm-sized"}

func mustRead(t testing.TB, text string) *manifest.Object {
	t.Helper()
	objects, err := manifest.Read("t.yaml", strings.NewReader(text))
	if err != nil || len(objects) != 1 {
		t.Fatalf("Read(%q) gives %d objects, %v; want one", text, len(objects), err)
	}
	return objects[0]
}

// inWords is what Of returned: a line for each.
func inWords(found []Suppression, faults []Fault) []string {
	var all []string
	for _, s := range found {
		path, err := json.Marshal(s.Path)
		if err != nil {
			panic(err)
		}
		line := fmt.Sprintf("%v: %s of %s at %s: %s", s.Position, s.Kind, s.Rule, path, s.Reason)
		if !s.Until.IsZero() {
			line += " until " + s.Until.Format(time.RFC3339)
		}
		all = append(all, line)
	}
	for _, f := range faults {
		all = append(all, fmt.Sprintf("%v: %s", f.Position, f.Text))
	}
	return all
}

func TestOf(t *testing.T) {
	const head = "apiVersion: v1\nkind: Pod\n"
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"comments", "# memgate:ignore shm-size reason=small\n" + head + "a:\n# memgate:ignore mlock-capability,shm-size until=2027-01-31 reason=\"a \\\"b\\\"\"\n- b: c #memgate:ignore memory-limit-required\treason=d\n", []string{
			`t.yaml:1:1: comment of shm-size at []: small`,
			`t.yaml:5:1: comment of mlock-capability at ["a",0]: a "b" until 2027-01-31T00:00:00Z`,
			`t.yaml:5:1: comment of shm-size at ["a",0]: a "b" until 2027-01-31T00:00:00Z`,
			`t.yaml:6:8: comment of memory-limit-required at ["a",0]: d`,
		}},
		{"annotations", head + "metadata:\n  annotations:\n    ignore.memgate.github.io/shm-size: reason=\"a b\" until=2027-01-31\n    \"ignore.memgate.github.io/mlock-capability\": |\n      it needs\n      mlock\n    ignore.memgate.github.iox/a: b\nspec:\n  template: {metadata: {annotations: {ignore.memgate.github.io/shm-size: c}}}\n  more:\n  - metadata: {annotations: {ignore.memgate.github.io/shm-size: \"reason=d\"}}\n", []string{
			`t.yaml:6:5: annotation of mlock-capability at []: it needs mlock`,
			`t.yaml:5:5: annotation of shm-size at []: a b until 2027-01-31T00:00:00Z`,
			`t.yaml:13:30: annotation of shm-size at ["spec","more",0]: d`,
			`t.yaml:11:39: annotation of shm-size at ["spec","template"]: c`,
		}},
		{"annotations in JSON", `{"apiVersion": "v1", "kind": "Pod", "metadata": {"annotations": {"ignore.memgate.github.io\/shm-size": "a"}}}`, []string{
			`t.yaml:1:66: annotation of shm-size at []: a`,
		}},
		{"what only looks so", head + "a: \"# memgate:ignore shm-size reason=b\"\nc: | # see memgate:ignore\n  # memgate:ignore shm-size reason=b\n# memgate: a note\nmetadata: {labels: {ignore.memgate.github.io/shm-size: d}}\nannotations: {ignore.memgate.github.io/shm-size: d}\n", nil},
		{"faults of comments", head + "# memgate:ignore shm-siz,mlock-capability,* reason=a\n# memgate:ingore shm-size reason=a\na: b # memgate:ignore shm-size until=2027-01-31\n# memgate:ignore shm-size reason=a\n", []string{
			`t.yaml:3:1: rule "shm-siz" is unknown, did you mean "shm-size"`,
			`t.yaml:3:1: found "*", want the id of each rule that is suppressed`,
			`t.yaml:4:1: found "memgate:ingore", want memgate:ignore`,
			`t.yaml:5:6: memgate:ignore: no reason, want reason="why this is accepted"`,
			`t.yaml:6:1: memgate:ignore stands above nothing, want it behind a value or on a line above one`,
		}},
		{"faults of annotations", head + "metadata:\n  annotations:\n    ignore.memgate.github.io/: a\n    ignore.memgate.github.io: a\n    ignore.memgate.github.io/other: a\n    ignore.memgate.github.io/shm-size: true\n    ignore.memgate.github.io/shm-sized: ' '\n    ignore.memgate.github.io/mlock-capability: a until=2027-01-31\n", []string{
			`t.yaml:6:5: no rule, want ignore.memgate.github.io/RULE`,
			`t.yaml:5:5: no rule, want ignore.memgate.github.io/RULE`,
			`t.yaml:10:5: found "a", want reason="..." or until=2027-01-31, and around a text with "=" in it, reason="..."`,
			`t.yaml:7:5: rule "other" is unknown`,
			`t.yaml:8:5: found true, want a text such as reason="..."`,
			`t.yaml:9:5: no reason, want reason="why this is accepted"`,
		}},
		{"metadata that is none", head + "metadata: ignore.memgate.github.io\nspec: {metadata: {annotations: [a]}}\n", nil},
	} {
		if got := inWords(Of(mustRead(t, tc.text), rules)); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: Of(%q) gives\n%s\nwant\n%s", tc.name, tc.text, strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
		}
	}
}

func TestCovers(t *testing.T) {
	object := mustRead(t, `apiVersion: apps/v1 # memgate:ignore memory-limit-required reason=a
kind: Deployment
spec:
  template:
    metadata: {annotations: {ignore.memgate.github.io/mlock-capability: b}}
    spec:
      containers:
      # memgate:ignore shm-size reason=c
      - name: d
      - &e
        name: f # memgate:ignore shm-sized reason=g
      - *e
`)
	found, faults := Of(object, rules)
	if len(found) != 4 || faults != nil {
		t.Fatalf("Of() gives %q, want one suppression of each rule", inWords(found, faults))
	}
	containers := []any{"spec", "template", "spec", "containers"}
	at := func(path ...any) []any { return append(containers[:len(containers):len(containers)], path...) }
	for _, tc := range []struct {
		rule string
		path []any
		want bool
	}{
		{"memory-limit-required", nil, true},
		{"memory-limit-required", []any{"missing"}, true},
		{"memory-limit-required", at(0), true},
		{"mlock-capability", nil, false},
		{"mlock-capability", []any{"spec"}, false},
		{"mlock-capability", []any{"spec", "template"}, true},
		{"mlock-capability", at(2, "missing"), true},
		{"shm-size", nil, false},
		{"shm-size", at(), false},
		{"shm-size", at(0), true},
		{"shm-size", at(json.Number("0"), "name"), true},
		{"shm-size", at(0.0, "missing", "field"), true},
		{"shm-size", at(1), false},
		{"shm-sized", at(1, "name"), true},
		{"shm-sized", at(2, "name"), true}, // the same text, by an alias
		{"shm-sized", at(0, "name"), false},
		{"other", at(0), false},
	} {
		got := false
		for _, s := range found {
			got = got || s.Covers(tc.rule, tc.path)
		}
		if got != tc.want {
			t.Errorf("a finding of %s at %v is covered: %t, want %t", tc.rule, tc.path, got, tc.want)
		}
	}
}

func TestExpired(t *testing.T) {
	until := time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)
	east := time.FixedZone("east", 3600)
	for _, tc := range []struct {
		until, now time.Time
		want       bool
	}{
		{time.Time{}, until, false},
		{until, until, false},
		{until, time.Date(2027, 1, 31, 23, 59, 59, 0, time.UTC), false},
		{until, time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC), true},
		{until, time.Date(2027, 2, 1, 0, 59, 0, 0, east), false},
		{until, time.Date(2027, 2, 1, 1, 0, 0, 0, east), true},
	} {
		if got := (Suppression{Until: tc.until}).Expired(tc.now); got != tc.want {
			t.Errorf("until %v, Expired(%v) = %t, want %t", tc.until, tc.now, got, tc.want)
		}
	}
}

func TestOutside(t *testing.T) {
	list := mustRead(t, `# memgate:ignore shm-size reason=a
apiVersion: v1
kind: List
items:
# memgate:ignore shm-size reason=b
- {apiVersion: v1, kind: Pod} # memgate:ignore shm-size reason=c
- kind: Pod
  # memgate:ignore shm-size reason=d
  apiVersion: v1
# memgate:ignore shm-size reason=e
`)
	var items []*manifest.Object
	var got []string
	for i := range 2 {
		item, _ := list.Item("items", i)
		items = append(items, item)
		got = append(got, inWords(Of(item, rules))...)
	}
	got = append(got, inWords(nil, Outside(list, items))...)
	want := []string{
		`t.yaml:5:1: comment of shm-size at []: b`,
		`t.yaml:6:31: comment of shm-size at []: c`,
		`t.yaml:8:3: comment of shm-size at ["apiVersion"]: d`,
		`t.yaml:1:1: memgate:ignore stands in no object, want it above the first line of one or in it`,
		`t.yaml:10:1: memgate:ignore stands in no object, want it above the first line of one or in it`,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the items have\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := Outside(list, []*manifest.Object{list}); got != nil {
		t.Errorf("outside of the whole document are %v, want none", got)
	}
}

// An object without suppressions must cost next to nothing: some 2 KB of text here.
func BenchmarkOf(b *testing.B) {
	text := "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      containers:\n" +
		strings.Repeat("      - name: b # c\n        image: d\n        resources: {limits: {memory: 1Gi}}\n", 20)
	for _, bc := range []struct{ name, text string }{
		{"none", text},
		{"comment", "# memgate:ignore shm-size reason=a\n" + text},
		{"annotation", strings.Replace(text, "{name: a}", "{name: a, annotations: {ignore.memgate.github.io/shm-size: b}}", 1)},
	} {
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			var fresh []*manifest.Object // what was searched once knows what it has
			for i := 0; i < b.N; i++ {
				if len(fresh) == 0 {
					b.StopTimer()
					for range 1000 {
						fresh = append(fresh, mustRead(b, bc.text))
					}
					b.StartTimer()
				}
				Of(fresh[0], rules)
				fresh = fresh[1:]
			}
		})
	}
}
