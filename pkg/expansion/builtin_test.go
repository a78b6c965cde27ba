package expansion_test

import (
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/memgate/memgate/pkg/expansion"
	"github.com/memgate/memgate/pkg/manifest"
)

// TestBuiltIn wants the built-in templates to be those of the bundle, which the binary does
// not have.
func TestBuiltIn(t *testing.T) {
	const name = "../../bundles/expansion/expansiontemplates.yaml"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want, err := expansion.New(read(t, string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if got := system(t, "").WithBuiltIn(); !reflect.DeepEqual(got, want) {
		t.Errorf("WithBuiltIn() of no templates\n got %+v\nwant those of %s\n     %+v", got, name, want)
	}
	if got := want.WithBuiltIn(); !reflect.DeepEqual(got, want) {
		t.Errorf("WithBuiltIn() of the templates of %s\n got %+v\nwant no others", name, got)
	}
}

func system(t *testing.T, templates string) *expansion.System {
	t.Helper()
	s, err := expansion.New(read(t, templates))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestUnexpanded wants every workload of Kubernetes to be expanded once: by a template of
// the policies or, where there is none, by a built-in one.
func TestUnexpanded(t *testing.T) {
	const (
		deployment = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: {spec: {}}}}`
		cronJob    = `{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {spec: {template: {spec: {}}}}}}`
	)
	for _, tc := range []struct {
		name, templates, object string
		expanded, unexpanded    []string // template and name of what it makes
	}{
		{name: "no template", object: deployment, unexpanded: []string{"memgate-workloads a-pod"}},
		{name: "a template of its own", templates: template("works", deployments), object: deployment, expanded: []string{"works a-pod"}},
		{name: "a template of others", templates: template("works", deployments), object: cronJob, unexpanded: []string{"memgate-cronjobs a-pod"}},
		{name: "a template that goes half the way", templates: template("crons", cronJobs), object: cronJob, expanded: []string{"crons a-job"}, unexpanded: []string{"memgate-jobs a-job-pod"}},
		{name: "templates that go all the way", templates: template("crons", cronJobs) + template("jobs", jobs), object: cronJob, expanded: []string{"crons a-job", "jobs a-job-pod"}},
		{name: "no workload", object: `{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {template: {}}}`},
		{name: "no pod template", object: `{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: a}}`},
	} {
		s, object := system(t, tc.templates), read(t, tc.object)[0].Value
		expanded, err := s.Expand(object)
		if got := names(expanded); err != nil || !slices.Equal(got, tc.expanded) {
			t.Errorf("%s: Expand(%s) = %q, %v, want %q", tc.name, tc.object, got, err, tc.expanded)
		}
		if got := names(s.Unexpanded(object)); !slices.Equal(got, tc.unexpanded) {
			t.Errorf("%s: Unexpanded(%s) = %q, want %q", tc.name, tc.object, got, tc.unexpanded)
		}
		all := s.WithBuiltIn()
		if got := names(all.Unexpanded(object)); got != nil {
			t.Errorf("%s: WithBuiltIn().Unexpanded(%s) = %q, want none", tc.name, tc.object, got)
		}
		want := slices.Concat(tc.expanded, tc.unexpanded)
		if made, err := all.Expand(object); err == nil && !slices.Equal(names(made), want) {
			t.Errorf("%s: WithBuiltIn().Expand(%s) = %q, want %q", tc.name, tc.object, names(made), want)
		}
	}
}

func names(generated []expansion.Generated) []string {
	var found []string
	for _, g := range generated {
		metadata, _ := g.Object["metadata"].(map[string]any)
		found = append(found, g.Template+" "+metadata["name"].(string))
	}
	return found
}

// TestPath wants what is found in an object that was made to be reported where its source is
// written.
func TestPath(t *testing.T) {
	parent := read(t, `apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  jobTemplate:
    spec:
      template:
        metadata: {labels: {a: b}}
        spec:
          containers:
          - name: x
`)[0]
	made, err := system(t, template("crons", cronJobs)+template("jobs", jobs)).Expand(parent.Value)
	if err != nil || len(made) != 2 {
		t.Fatalf("Expand = %v, %v, want a Job and a Pod", made, err)
	}
	pod := made[1]
	for _, tc := range []struct {
		path []any
		want manifest.Position
	}{
		{[]any{"spec", "containers", 0, "name"}, manifest.Position{File: "e.yaml", Line: 11, Column: 13}},
		{[]any{"spec", "containers", 0, "image"}, manifest.Position{File: "e.yaml", Line: 11, Column: 13}},
		{[]any{"metadata", "labels", "a"}, manifest.Position{File: "e.yaml", Line: 8, Column: 29}},
		{[]any{"metadata", "ownerReferences", 0}, manifest.Position{File: "e.yaml", Line: 8, Column: 9}},
	} {
		if got := parent.Place(slices.Concat(pod.Path, tc.path)).Start; got != tc.want {
			t.Errorf("Place(%v) = %s, want %s", tc.path, got, tc.want)
		}
	}
}
