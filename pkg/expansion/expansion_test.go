package expansion_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/expansion"
	"github.com/memgate/memgate/pkg/manifest"
)

func read(t testing.TB, text string) []*manifest.Object {
	t.Helper()
	objects, err := manifest.Read("e.yaml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// template is an ExpansionTemplate in flow style; fields replaces those of its spec.
func template(name, fields string) string {
	return fmt.Sprintf("---\n{apiVersion: expansion.gatekeeper.sh/v1beta1, kind: ExpansionTemplate, metadata: {name: %s}, spec: {%s}}\n", name, fields)
}

const (
	deployments = `applyTo: [{groups: [apps], versions: [v1], kinds: [Deployment, StatefulSet]}], templateSource: spec.template, generatedGVK: {version: v1, kind: Pod}`
	cronJobs    = `applyTo: [{groups: [batch], versions: [v1], kinds: [CronJob]}], templateSource: spec.jobTemplate, generatedGVK: {group: batch, version: v1, kind: Job}, enforcementAction: warn`
	jobs        = `applyTo: [{groups: [batch], versions: [v1], kinds: [Job]}], templateSource: spec.template, generatedGVK: {version: v1, kind: Pod}`
)

func TestExpand(t *testing.T) {
	system, err := expansion.New(read(t, template("works", deployments)+template("jobs", jobs)+template("crons", cronJobs)+template("crons", cronJobs)))
	if err != nil {
		t.Fatal(err)
	}
	owner := func(version, kind, name string) map[string]any {
		return map[string]any{"apiVersion": version, "kind": kind, "name": name, "uid": ""}
	}
	for _, tc := range []struct {
		name, object string
		want         []expansion.Generated
		err          string
	}{
		{name: "of a kind that no template names", object: `{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}`},
		{name: "of a version that no template names", object: `{apiVersion: apps/v1beta1, kind: Deployment, metadata: {name: a}, spec: {template: {}}}`},
		{
			name:   "in the namespace of the parent, with the labels of the template",
			object: `{apiVersion: apps/v1, kind: Deployment, metadata: {name: Web, namespace: shop, labels: {a: b}}, spec: {template: {metadata: {name: other, namespace: other, labels: {app: web}}, spec: {x: 1}}}}`,
			want: []expansion.Generated{{
				Object: map[string]any{
					"apiVersion": "v1", "kind": "Pod", "spec": map[string]any{"x": int64(1)},
					"metadata": map[string]any{
						"name": "web-pod", "namespace": "shop", "labels": map[string]any{"app": "web"},
						"ownerReferences": []any{owner("apps/v1", "Deployment", "Web")},
					},
				},
				Path: []any{"spec", "template"}, Template: "works",
			}},
		},
		{
			name:   "in no namespace, without metadata, and owned once",
			object: `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {template: {metadata: {namespace: x, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: db}]}}}}`,
			want: []expansion.Generated{{
				Object: map[string]any{
					"apiVersion": "v1", "kind": "Pod",
					"metadata": map[string]any{"name": "db-pod", "ownerReferences": []any{map[string]any{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db"}}},
				},
				Path: []any{"spec", "template"}, Template: "works",
			}},
		},
		{
			name:   "without a name",
			object: `{apiVersion: apps/v1, kind: Deployment, spec: {template: {metadata: null}}}`,
			want: []expansion.Generated{{
				Object: map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "-pod"}},
				Path:   []any{"spec", "template"}, Template: "works",
			}},
		},
		{
			name:   "of what was made",
			object: `{apiVersion: batch/v1, kind: CronJob, metadata: {name: nightly}, spec: {jobTemplate: {spec: {template: {spec: {}}}}}}`,
			want: []expansion.Generated{
				{
					Object: map[string]any{
						"apiVersion": "batch/v1", "kind": "Job",
						"metadata": map[string]any{"name": "nightly-job", "ownerReferences": []any{owner("batch/v1", "CronJob", "nightly")}},
						"spec":     map[string]any{"template": map[string]any{"spec": map[string]any{}}},
					},
					Path: []any{"spec", "jobTemplate"}, Template: "crons", Action: "warn",
				},
				{
					Object: map[string]any{
						"apiVersion": "v1", "kind": "Pod", "spec": map[string]any{},
						"metadata": map[string]any{"name": "nightly-job-pod", "ownerReferences": []any{owner("batch/v1", "Job", "nightly-job")}},
					},
					Path: []any{"spec", "jobTemplate", "spec", "template"}, Template: "jobs",
				},
			},
		},
		{
			name:   "without the source",
			object: `{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {}}`,
			err:    `ExpansionTemplate "works": Deployment "a": spec.template is missing (spec.templateSource)`,
		},
		{
			name:   "with a source that is no object",
			object: `{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: null}`,
			err:    `ExpansionTemplate "works": Deployment "a": spec is no object (spec.templateSource)`,
		},
		{
			name:   "with a source that is null",
			object: `{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: null}}`,
			err:    `ExpansionTemplate "works": Deployment "a": spec.template is no object (spec.templateSource)`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			object := read(t, tc.object)[0].Value
			got, err := system.Expand(object)
			if text := fmt.Sprint(err); tc.err != "" && text != tc.err || tc.err == "" && err != nil {
				t.Errorf("Expand(%s): error %s, want %q", tc.object, text, tc.err)
			}
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("Expand(%s)\n got %v\nwant %v", tc.object, got, tc.want)
			}
			if again := read(t, tc.object)[0].Value; !reflect.DeepEqual(object, again) {
				t.Errorf("Expand(%s) changed its argument to %v", tc.object, object)
			}
		})
	}
	if _, err := system.Expand(map[string]any{"kind": "Pod"}); fmt.Sprint(err) != "apiVersion and kind: want a text in both" {
		t.Errorf("Expand of an object without apiVersion: %v", err)
	}
}

func TestMessage(t *testing.T) {
	g := expansion.Generated{Template: "works"}
	if got, want := g.Message("no limit"), "[Implied by works] no limit"; got != want {
		t.Errorf("Message = %q, want %q", got, want)
	}
}

// TestDepth wants a chain of templates to end where Gatekeeper ends it.
func TestDepth(t *testing.T) {
	for _, tc := range []struct {
		links int
		err   string
	}{{29, "<nil>"}, {30, "expanded 30 times in a row, which is the limit"}} {
		var text strings.Builder
		object := map[string]any{}
		for i := tc.links; i > 0; i-- {
			text.WriteString(template(fmt.Sprintf("t%d", i),
				fmt.Sprintf(`applyTo: [{groups: [""], versions: [v1], kinds: [K%d]}], templateSource: x, generatedGVK: {version: v1, kind: K%d}`, i-1, i)))
			object = map[string]any{"x": object}
		}
		object["apiVersion"], object["kind"] = "v1", "K0"
		system, err := expansion.New(read(t, text.String()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := system.Expand(object); fmt.Sprint(err) != tc.err {
			t.Errorf("%d links: error %v, want %s", tc.links, err, tc.err)
		}
	}
}

func TestNewErrors(t *testing.T) {
	const applyTo, source, pod = `applyTo: [{groups: [apps], versions: [v1], kinds: [Deployment]}]`, `templateSource: spec.template`, `generatedGVK: {version: v1, kind: Pod}`
	fields := func(parts ...string) string { return strings.Join(parts, ", ") }
	loop := func(from, to string) string {
		return fields(fmt.Sprintf(`applyTo: [{groups: [""], versions: [v1], kinds: [%s]}]`, from), source, fmt.Sprintf(`generatedGVK: {version: v1, kind: %s}`, to))
	}
	for _, tc := range []struct{ name, text, want string }{
		{"no template", "{apiVersion: v1, kind: Pod, metadata: {name: a}}", `e.yaml:1:1: got Pod "a", want an ExpansionTemplate`},
		{"a mutator", "{apiVersion: mutations.gatekeeper.sh/v1, kind: AssignMetadata, metadata: {name: a}}", `e.yaml:1:1: AssignMetadata "a": mutators are not run on what is expanded; leave it out, or write what it sets`},
		{"another version", "{apiVersion: expansion.gatekeeper.sh/v9, kind: ExpansionTemplate, metadata: {name: a}}", `e.yaml:1:2: ExpansionTemplate "a": apiVersion: got "expansion.gatekeeper.sh/v9", want expansion.gatekeeper.sh/v1beta1 or v1alpha1`},
		{"no name", template(`""`, deployments), `e.yaml:2:83: ExpansionTemplate "": metadata.name is missing`},
		{"a long name", template(strings.Repeat("a", 64), deployments), `e.yaml:2:83: ExpansionTemplate "` + strings.Repeat("a", 64) + `": metadata.name: got 64 characters, want at most 63`},
		{"no source", template("a", fields(applyTo, pod)), `e.yaml:2:93: ExpansionTemplate "a": spec.templateSource is missing, want a path such as spec.template`},
		{"no generated kind", template("a", fields(applyTo, source)), `e.yaml:2:93: ExpansionTemplate "a": spec.generatedGVK: want a version and a kind`},
		{"half a generated kind", template("a", fields(applyTo, source, `generatedGVK: {kind: Pod}`)), `e.yaml:2:197: ExpansionTemplate "a": spec.generatedGVK: want a version and a kind`},
		{"nothing to apply to", template("a", fields(source, pod)), `e.yaml:2:93: ExpansionTemplate "a": spec.applyTo is missing`},
		{"an entry that matches nothing", template("a", fields(`applyTo: [{kinds: [Pod]}]`, source, pod)), `e.yaml:2:110: ExpansionTemplate "a": spec.applyTo[0] matches nothing, want groups, versions and kinds`},
		{"an action that is none", template("a", fields(deployments, `enforcementAction: block`)), `e.yaml:2:250: ExpansionTemplate "a": spec.enforcementAction: got "block", want deny, warn, dryrun or none`},
		{"a field of another type", template("a", `applyTo: x`), `e.yaml:2:100: ExpansionTemplate "a": spec.applyTo: got string, want a list`},
		{"a kind that is no text", template("a", fields(applyTo, source, `generatedGVK: {kind: [Pod]}`)), `e.yaml:2:212: ExpansionTemplate "a": spec.generatedGVK.kind: got array, want a text`},
		{"its own", template("a", loop("Pod", "Pod")), `e.yaml:2:188: ExpansionTemplate "a": it makes /v1, Kind=Pod and applies to the same`},
		{"in a circle", template("a", loop("A", "B")) + template("b", loop("B", "A")), `e.yaml:2:186: ExpansionTemplate "a": what it makes is expanded to what it applies to, in a circle`},
		{"two of one name", template("a", deployments) + template("a", jobs), `e.yaml:4:1: ExpansionTemplate "a" differs from the one at e.yaml:2:1`},
	} {
		_, err := expansion.New(read(t, tc.text))
		if got, _, _ := strings.Cut(fmt.Sprint(err), "\n"); !strings.HasPrefix(got, tc.want) {
			t.Errorf("%s: New(%s)\n got %s\nwant %s", tc.name, tc.text, got, tc.want)
		}
	}
}

// FuzzNew wants no text to bring New or Expand down, and every error to have a place.
func FuzzNew(f *testing.F) {
	f.Add(template("a", deployments), "{apiVersion: apps/v1, kind: Deployment, spec: {template: {metadata: {ownerReferences: 1}}}}")
	f.Add(template("a", cronJobs)+template("b", jobs), "{apiVersion: batch/v1, kind: CronJob, metadata: [], spec: {jobTemplate: {spec: {template: {}}}}}")
	f.Fuzz(func(t *testing.T, templates, object string) {
		found, err := manifest.Read("e.yaml", strings.NewReader(templates))
		if err != nil {
			return
		}
		system, err := expansion.New(found)
		if err != nil && !strings.HasPrefix(err.Error(), "e.yaml:") {
			t.Errorf("New(%q): error without a place: %v", templates, err)
		}
		objects, err := manifest.Read("o.yaml", strings.NewReader(object))
		if err != nil {
			return
		}
		for _, o := range objects {
			_, _ = system.Expand(o.Value)
		}
	})
}
