package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// tableTemplate is a template whose violation reads a table of so many entries.
func tableTemplate(kind string, entries int) string {
	return fmt.Sprintf(`apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: %s}
spec:
  crd: {spec: {names: {kind: %s}, validation: {openAPIV3Schema: {type: object, properties: {names: {type: array, items: {type: string}}}}}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package table
      violation[{"msg": name}] { name := input.review.object.metadata.name; table[_] == name; input.parameters.names[_] == name }
      table := [%s]
`, strings.ToLower(kind), kind, strings.Repeat(`["a", "b"], `, entries)+`"c"`)
}

func write(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCompare measures a rule with a large table beside peers with a small one.
func TestCompare(t *testing.T) {
	root, suites := t.TempDir(), t.TempDir()
	pod := "apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\n"
	write(t, root, map[string]string{
		"templates/large-table.yaml":                      tableTemplate("LargeTable", 200),
		"policies/shm/large_table/README.md":              "# Large\n",
		"policies/shm/large_table/examples/allow.yaml":    fmt.Sprintf(pod, "a") + "---\n" + fmt.Sprintf(pod, "b"),
		"policies/profiles.yaml":                          "shm: []\n",
		"templates/small-table.yaml":                      tableTemplate("SmallTable", 1),
		"policies/memory/small_table/README.md":           "# Small\n",
		"policies/memory/small_table/examples/allow.yaml": fmt.Sprintf(pod, "c"),
	})
	constraint := "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: %s\nmetadata: {name: x}\nspec: {parameters: {names: [c]}}\n"
	write(t, suites, map[string]string{
		"one/suite.yaml":              "apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\n",
		"one/template.yaml":           tableTemplate("PeerOne", 2),
		"one/samples/constraint.yaml": fmt.Sprintf(constraint, "PeerOne"),
		"one/samples/pod.yaml":        fmt.Sprintf(pod, "c"),
		"two/template.yaml":           tableTemplate("PeerTwo", 2),
		"two/samples/review.yaml":     "apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\n",
	})

	t.Setenv(suitesVar, suites)
	c, err := compare(root, 1)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, own := range c.own {
		order = append(order, own.group+"/"+own.id)
	}
	if got, want := strings.Join(order, " "), "memory/small-table shm/large-table"; got != want {
		t.Errorf("order: got %s, want %s", got, want)
	}
	if got, want := kinds(c.objects), "4 Pod"; got != want {
		t.Errorf("objects: got %s, want %s", got, want)
	}
	if len(c.peers) != 2 {
		t.Errorf("got %d peers, want 2", len(c.peers))
	}
	if small, large := c.ratio(0).heap, c.ratio(1).heap; small > 1.1 || large < 1.5 {
		t.Errorf("heap in medians of the peers: got %.2f for the small table and %.2f for the large one, want at most 1.1 and at least 1.5", small, large)
	}
	if got, want := c.reason(1), "**missing**"; got != want {
		t.Errorf("reason of the large table: got %s, want %s", got, want)
	}
	write(t, root, map[string]string{"policies/shm/large_table/README.md": "# Large\n\n## Cost\n\nThe table.\n"})
	t.Setenv(suitesVar, "")
	if c, err = compare(root, 1); err != nil {
		t.Fatal(err)
	}
	if got, want := []bool{c.reasons[0], c.reasons[1]}, []bool{false, true}; got[0] != want[0] || got[1] != want[1] {
		t.Errorf("reasons: got %v, want %v", got, want)
	}
	if section := c.section(); !strings.Contains(section, suitesVar+" was not set") {
		t.Errorf("without peers the section does not say so:\n%s", section)
	}
}

func TestSection(t *testing.T) {
	c := comparison{
		own: []template{{group: "shm", id: "a-b"}, {group: "shm", id: "c"}, {group: "shm", id: "d"}},
		costs: []usage{
			{heap: 400 << 10, cpu: 150e-6, wall: 200e-6, alloc: 50 << 10},
			{heap: 100 << 10, cpu: 151e-6, wall: 200e-6, alloc: 50 << 10},
			{heap: 150 << 10, cpu: 150e-6, wall: 900e-6, alloc: 90 << 10},
		},
		reasons: []bool{true, false, false},
		peers:   []usage{{heap: 100 << 10, cpu: 100e-6, alloc: 50 << 10}},
		objects: []*unstructured.Unstructured{{Object: map[string]any{"kind": "Pod"}}},
	}
	_, got, _ := strings.Cut(c.section(), "| reason |\n")
	_, got, _ = strings.Cut(got, "\n")
	want := `| shm | [a-b](../policies/shm/a_b/README.md) | 400 KiB | **4.0** | 150 µs | 1.5 | 200 µs | 50 KiB | 1.0 | [page](../policies/shm/a_b/README.md#cost) |
| shm | [c](../policies/shm/c/README.md) | 100 KiB | 1.0 | 151 µs | **1.51** | 200 µs | 50 KiB | 1.0 | **missing** |
| shm | [d](../policies/shm/d/README.md) | 150 KiB | 1.5 | 150 µs | 1.5 | 900 µs | 90 KiB | **1.8** |  |
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestQuantile(t *testing.T) {
	for _, tc := range []struct {
		values  []float64
		q, want float64
	}{
		{[]float64{3, 1, 2}, 0.5, 2},
		{[]float64{4, 1, 2, 3}, 0.5, 2.5},
		{[]float64{4, 1, 2, 3}, 0.75, 3.25},
		{[]float64{2, 1}, 0, 1},
		{[]float64{2, 1}, 1, 2},
		{[]float64{7}, 0.5, 7},
	} {
		if got := quantile(tc.values, tc.q); math.Abs(got-tc.want) > 1e-9 {
			t.Errorf("quantile(%v, %v) = %v, want %v", tc.values, tc.q, got, tc.want)
		}
	}
}
