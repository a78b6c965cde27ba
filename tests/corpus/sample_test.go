package corpus

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/check"
	"github.com/memgate/memgate/pkg/policy/pack"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/source"
)

var (
	seed   = flag.Uint64("seed", 0, "draw a sample for TRIAGE.md by this number")
	wanted = flag.Int("findings", 200, "number of findings to draw")
	passes = flag.Int("passes", 100, "number of objects without a finding to draw for each theme")
)

// TestSample draws what TRIAGE.md judges: findings in turn from every rule, no two alike
// of one repository, and for every theme objects that none of its rules reports, half of
// them with a word in their text that the theme is about. Rows go to sample.tsv.
func TestSample(t *testing.T) {
	if *seed == 0 {
		t.Skip("no -seed: no sample is drawn")
	}
	file, err := os.Create("sample.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // Sync is checked
	enter(t)
	w := judged(t)
	random := rand.New(rand.NewPCG(*seed, 0))
	drawn := drawFindings(random, w.findings, *wanted)
	if len(drawn) != *wanted {
		t.Errorf("%d findings are drawn, want %d", len(drawn), *wanted)
	}
	for i, f := range drawn {
		fmt.Fprintf(file, "F%03d\t%s\t%s\t%s\t%s/%s\t%s\n", i+1, f.Rule, level(f.Constraint.Name), f.Place.Start, f.Object.Kind, f.Object.Name, oneLine(f.Message))
	}
	for _, theme := range slices.Sorted(maps.Keys(themes)) {
		drawn := drawPasses(t, random, w, theme, *passes)
		if len(drawn) != *passes {
			t.Errorf("theme %s: %d objects without a finding are drawn, want %d", theme, len(drawn), *passes)
		}
		for i, f := range drawn {
			fmt.Fprintf(file, "%s%03d\t%s\t-\t%s\t%s/%s\t\n", strings.ToUpper(theme[:1]), i+1, theme, f.Place.Start, f.Object.Kind, f.Object.Name)
		}
	}
	if err := file.Sync(); err != nil {
		t.Fatal(err)
	}
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// themes are words in a manifest that a theme is about.
var themes = map[string]*regexp.Regexp{
	"shm":        regexp.MustCompile(`medium:|/dev/shm|hugepages`),
	"lock":       regexp.MustCompile(`IPC_LOCK|mlock|memory_lock|ulimit|privileged: true|vault|varnish|cassandra|elasticsearch`),
	"runtime":    regexp.MustCompile(`memory: "?[0-9]{1,2}(Mi|M)"?\s|LimitRange|nodeInfo|Kubelet`),
	"memory":     regexp.MustCompile(`kind: DaemonSet|GOMEMLIMIT|-Xm[xs]|JAVA|memory: `),
	"gatekeeper": regexp.MustCompile(`gatekeeper`),
}

// groupOf is the directory of policies/ that a theme stands for.
func groupOf(theme string) string {
	if theme == "lock" { // so that its rows do not begin as those of memory
		return "mlock"
	}
	return theme
}

// run of all rules, and of one that finds every object.
type judgedObjects struct {
	tally
	objects  []report.Finding
	findings []report.Finding
}

func (w *judgedObjects) Finding(f report.Finding) error {
	if f.Constraint.Kind == "CorpusWorkload" {
		w.objects = append(w.objects, f)
	} else {
		w.findings = append(w.findings, f)
	}
	return nil
}

func judged(t *testing.T) *judgedObjects {
	t.Helper()
	everything, _, _ := strings.Cut(counter, "spec:\n  match:")
	_, client := counting(t, everything)
	files, faults, err := source.Find([]string{"bulk", "fixtures", "themed"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &judgedObjects{}
	if _, err := check.Run(context.Background(), files, faults, check.Options{Client: client}, w); err != nil {
		t.Fatal(err)
	}
	return w
}

// drawFindings takes findings of each rule in turn until there are n.
func drawFindings(random *rand.Rand, findings []report.Finding, n int) []report.Finding {
	byRule, seen := map[string][]report.Finding{}, map[string]bool{}
	for _, i := range random.Perm(len(findings)) {
		f := findings[i]
		alike := strings.Join([]string{f.Rule, repository(f.Place.Start.File), f.Message}, "\n")
		if !seen[alike] {
			seen[alike] = true
			byRule[f.Rule] = append(byRule[f.Rule], f)
		}
	}
	var drawn []report.Finding
	for round := 0; len(drawn) < n; round++ {
		before := len(drawn)
		for _, rule := range slices.Sorted(maps.Keys(byRule)) {
			if round < len(byRule[rule]) && len(drawn) < n {
				drawn = append(drawn, byRule[rule][round])
			}
		}
		if len(drawn) == before {
			break
		}
	}
	slices.SortStableFunc(drawn, func(a, b report.Finding) int { return cmp.Compare(a.Rule, b.Rule) })
	return drawn
}

// plain are kinds that no rule looks at.
var plain = map[string]bool{
	"ClusterRole": true, "ClusterRoleBinding": true, "CustomResourceDefinition": true, "Ingress": true,
	"Namespace": true, "NetworkPolicy": true, "PersistentVolume": true, "PersistentVolumeClaim": true,
	"Role": true, "RoleBinding": true, "Secret": true, "Service": true, "ServiceAccount": true,
}

// repository is the first two parts of a path: bulk/owner+name.
func repository(file string) string {
	return strings.Join(strings.SplitN(file, "/", 3)[:2], "/")
}

// drawPasses takes objects that no rule of a theme reports, one of a file.
func drawPasses(t *testing.T, random *rand.Rand, w *judgedObjects, theme string, n int) []report.Finding {
	t.Helper()
	reported := map[string]bool{}
	for _, f := range w.findings {
		if ruleGroup(t, f.Rule) == groupOf(theme) {
			reported[f.Place.Start.File] = true
		}
	}
	var about, others []report.Finding
	taken := map[string]bool{}
	for _, i := range random.Perm(len(w.objects)) {
		f := w.objects[i]
		name := f.Place.Start.File
		if reported[name] || taken[name] || plain[f.Object.Kind] {
			continue
		}
		taken[name] = true
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if themes[theme].Match(text) && bytes.Contains(text, []byte("kind:")) {
			about = append(about, f)
		} else if len(others) < n {
			others = append(others, f)
		}
		if len(about) >= n/2 && len(others) >= n {
			break
		}
	}
	drawn := slices.Concat(about[:min(n/2, len(about))], others)
	drawn = drawn[:min(n, len(drawn))]
	slices.SortStableFunc(drawn, func(a, b report.Finding) int { return cmp.Compare(a.Place.Start.File, b.Place.Start.File) })
	return drawn
}

// ruleGroup is the directory of a rule below policies/.
func ruleGroup(t *testing.T, rule string) string {
	t.Helper()
	i := slices.IndexFunc(pack.Rules, func(r pack.Rule) bool { return r.ID == rule })
	if i < 0 {
		t.Fatalf("rule %q is not known", rule)
	}
	return pack.Rules[i].Group
}
