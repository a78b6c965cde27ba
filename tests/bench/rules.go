package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// suitesVar is the environment variable that names a folder of Suites of gator verify.
const suitesVar = "MEMGATE_SUITES"

// above is how many times the peers' median a template may cost without a reason, which
// its page has under costHeading.
const (
	above       = 1.5
	costHeading = "\n## Cost\n"
)

// A comparison holds what templates cost, and the objects that they reviewed.
type comparison struct {
	own         []template
	costs       []usage // of own
	reasons     []bool  // of own: whether the page has one
	empty       usage
	peers       []usage
	objects     []*unstructured.Unstructured
	rounds      int
	versions    []string
	noPeersText string // why there are none
}

// compare measures memgate's templates and those of MEMGATE_SUITES by turns.
func compare(root string, rounds int) (comparison, error) {
	c := comparison{rounds: rounds, versions: versions()}
	var err error
	if c.own, err = ownTemplates(root); err != nil {
		return c, err
	}
	if c.objects, err = examples(root); err != nil {
		return c, err
	}
	var peers []template
	if suites := os.Getenv(suitesVar); suites == "" {
		c.noPeersText = suitesVar + " was not set: there is nothing to compare with."
	} else {
		found, samples, err := peerTemplates(suites)
		if err != nil {
			return c, err
		}
		if len(found) == 0 {
			return c, fmt.Errorf("%s=%s: no template.yaml with Rego below it", suitesVar, suites)
		}
		peers, c.objects = found, append(c.objects, samples...)
	}
	empty, err := emptyTemplate()
	if err != nil {
		return c, err
	}
	costs, err := ruleCosts(slices.Concat(c.own, peers, []template{empty}), c.objects, rounds)
	if err != nil {
		return c, err
	}
	c.costs, c.peers, c.empty = costs[:len(c.own)], costs[len(c.own):len(costs)-1], costs[len(costs)-1]
	for _, t := range c.own {
		page, err := os.ReadFile(filepath.Join(root, "policies", t.directory(), "README.md"))
		if err != nil {
			return c, err
		}
		c.reasons = append(c.reasons, bytes.Contains(page, []byte(costHeading)))
	}
	return c, nil
}

// directory is where the rule of a template is, from policies/ on.
func (t template) directory() string { return t.group + "/" + strings.ReplaceAll(t.id, "-", "_") }

// section is the part of the page that lists what templates cost.
func (c comparison) section() string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	p("\n## Cost of the rules in Gatekeeper\n\n")
	p("What each template costs where Gatekeeper runs it: in the constraint framework's client with its\n")
	p("own Rego driver and Gatekeeper's target, loaded alone with one constraint that matches everything\n")
	p("and, of memgate's, leaves every parameter at its default. *Heap* is what stays after collection\n")
	p("for template and constraint (%d copies under other kinds). *CPU*, *wall* and *allocated* are of one\n", heapCopies)
	p("review, as audit makes it, without reference data: the mean over all objects of medians of %d\n", c.rounds)
	p("rounds, the templates by turns after every %d objects, with the collector off, for which\n", portion)
	p("*allocated* stands. *×* is the ratio to the median of the peers; above %.1f it is bold, and the\n", above)
	p("page of the rule has the reason.\n\n")
	p("%s.\n\n", strings.Join(c.versions, ", "))
	p("Objects: %d, the examples of the rules and the samples of the peers: %s.\n\n", len(c.objects), kinds(c.objects))

	p("| | heap | CPU | wall | allocated |\n|---|--:|--:|--:|--:|\n")
	line := func(name string, cost usage) {
		p("| %s | %s | %s | %s | %s |\n", name, kib(cost.heap), us(cost.cpu), us(cost.wall), kib(cost.alloc))
	}
	line("a template that finds nothing", c.empty)
	if len(c.peers) > 0 {
		name := fmt.Sprintf("%d templates of `%s`: ", len(c.peers), suitesVar)
		line(name+"least", quantiles(c.peers, 0))
		line(name+"**median**", middle(c.peers))
		line(name+"third quartile", quantiles(c.peers, 0.75))
		line(name+"most", quantiles(c.peers, 1))
	}
	line(fmt.Sprintf("memgate's %d: median", len(c.own)), middle(c.costs))
	if len(c.peers) == 0 {
		p("\n%s\n", c.noPeersText)
	}
	var together float64
	for _, cost := range c.costs {
		together += cost.heap
	}
	p("\nAll %d of memgate's keep %.1f MiB in each replica of Gatekeeper.\n", len(c.own), together/(1<<20))

	p("\n| group | rule | heap | × | CPU | × | wall | allocated | × | reason |\n|---|---|--:|--:|--:|--:|--:|--:|--:|---|\n")
	for i, t := range c.own {
		cost, ratio := c.costs[i], c.ratio(i)
		p("| %s | [%s](../policies/%s/README.md) | %s | %s | %s | %s | %s | %s | %s | %s |\n",
			t.group, t.id, t.directory(), kib(cost.heap), times(ratio.heap), us(cost.cpu), times(ratio.cpu), us(cost.wall), kib(cost.alloc), times(ratio.alloc), c.reason(i))
	}
	return b.String()
}

// ratio is what the i-th template costs in medians of the peers; zero without peers.
func (c comparison) ratio(i int) usage {
	if len(c.peers) == 0 {
		return usage{}
	}
	cost, median := c.costs[i], middle(c.peers)
	return usage{heap: cost.heap / median.heap, cpu: cost.cpu / median.cpu, wall: cost.wall / median.wall, alloc: cost.alloc / median.alloc}
}

// reason says whether the page of the i-th template has the reason that it needs.
func (c comparison) reason(i int) string {
	switch ratio := c.ratio(i); {
	case ratio.heap <= above && ratio.cpu <= above:
		return ""
	case c.reasons[i]:
		return fmt.Sprintf("[page](../policies/%s/README.md#cost)", c.own[i].directory())
	default:
		return "**missing**"
	}
}

// kinds counts objects by kind, the most frequent first.
func kinds(objects []*unstructured.Unstructured) string {
	counts := map[string]int{}
	for _, o := range objects {
		counts[o.GetKind()]++
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(counts[b]-counts[a], strings.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%d %s", counts[name], name)
	}
	return strings.Join(names, ", ")
}

// versions are those of the modules that are measured.
func versions() []string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	var found []string
	for _, module := range info.Deps {
		for _, name := range []string{"github.com/open-policy-agent/frameworks/constraint", "github.com/open-policy-agent/gatekeeper/v3", "github.com/open-policy-agent/opa"} {
			if module.Path == name {
				found = append(found, strings.TrimPrefix(name, "github.com/open-policy-agent/")+" "+module.Version)
			}
		}
	}
	return found
}

func kib(bytes float64) string { return fmt.Sprintf("%.0f KiB", bytes/1024) }

func us(seconds float64) string { return fmt.Sprintf("%.0f µs", seconds*1e6) }

func times(ratio float64) string {
	text := fmt.Sprintf("%.1f", ratio)
	switch {
	case ratio == 0:
		return ""
	case ratio > above && ratio < above+0.05: // 1.5 would say the opposite
		return fmt.Sprintf("**%.2f**", ratio)
	case ratio > above:
		return "**" + text + "**"
	default:
		return text
	}
}
