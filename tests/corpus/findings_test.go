package corpus

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/check"
	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/policy/pack"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/source"
)

var update = flag.Bool("update", false, "write findings.json")

// counter finds every workload, so that findings can be counted by the hundred of them.
const counter = `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: corpusworkload}
spec:
  crd: {spec: {names: {kind: CorpusWorkload}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package corpusworkload
      violation[{"msg": "workload"}] { true }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: CorpusWorkload
metadata: {name: workloads}
spec:
  match:
    kinds:
    - {apiGroups: [""], kinds: [Pod, PodTemplate, ReplicationController]}
    - {apiGroups: [apps, extensions], kinds: [DaemonSet, Deployment, ReplicaSet, StatefulSet]}
    - {apiGroups: [batch], kinds: [CronJob, Job]}
`

// TestFindings counts the findings of each rule over the manifests that nobody picked for
// it. The pages of the bundles show them.
func TestFindings(t *testing.T) {
	file, err := filepath.Abs("findings.json")
	if err != nil {
		t.Fatal(err)
	}
	if !*update && os.Getenv("MEMGATE_CORPUS_ALL") == "" {
		t.Skip("MEMGATE_CORPUS_ALL is not set: the findings of all manifests are not counted")
	}
	enter(t)
	strict, client := counting(t, counter)
	files, faults, err := source.Find([]string{"bulk"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &tally{Rules: map[string]map[string]int{}}
	for _, template := range strict.Templates {
		w.Rules[template.Rule] = map[string]int{}
	}
	for _, c := range strict.Constraints {
		w.Rules[c.Template.Rule][level(c.Name)] = 0
	}
	summary, err := check.Run(context.Background(), files, faults, check.Options{Client: client}, w)
	if err != nil {
		t.Fatal(err)
	}
	w.Files = summary.Files
	got, err := json.MarshalIndent(w, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("findings.json is stale (go test ./tests/corpus -run TestFindings -update): got\n%s", got)
	}
}

// counting is the bundle strict, and a client of it and of a counter.
func counting(t *testing.T, counter string) (*policy.Set, *engine.Client) {
	t.Helper()
	objects, err := manifest.Read("counter.yaml", strings.NewReader(counter))
	if err != nil {
		t.Fatal(err)
	}
	count, err := policy.NewSet(objects)
	if err != nil {
		t.Fatal(err)
	}
	strict, err := policy.Bundle("strict")
	if err != nil {
		t.Fatal(err)
	}
	set, err := policy.Merge(strict, count)
	if err != nil {
		t.Fatal(err)
	}
	client, err := engine.NewClient(set, engine.Options{Point: policy.OfflinePoint, Plans: pack.Plans})
	if err != nil {
		t.Fatal(err)
	}
	return strict, client
}

// level is that of a constraint, by its name.
func level(constraint string) string { return constraint[strings.LastIndex(constraint, "-")+1:] }

// A tally counts findings by rule and level.
type tally struct {
	report.Ignore `json:"-"`
	Files         int                       `json:"files"`
	Workloads     int                       `json:"workloads"`
	Rules         map[string]map[string]int `json:"rules"`
}

func (w *tally) Finding(f report.Finding) error {
	if f.Constraint.Kind == "CorpusWorkload" {
		w.Workloads++
	} else {
		w.Rules[f.Rule][level(f.Constraint.Name)]++
	}
	return nil
}

func (*tally) Gap(report.Gap) error       { return nil }
func (*tally) Close(report.Summary) error { return nil }
