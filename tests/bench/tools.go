package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A tool is a command that judges the manifests of a folder.
type tool struct {
	name string
	args []string // before the folder
}

func (t tool) on(folder string) []string { return append(slices.Clone(t.args), folder) }

// gatorTool is gator as the module tests/gator pins it. The go command keeps the binary.
func gatorTool(root string) (string, error) {
	out, err := exec.Command("go", "-C", filepath.Join(root, "tests/gator"), "tool", "-n", "gator").Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = fmt.Errorf("go tool -n gator: %w\n%s", err, exit.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}

// noCache is the flag of memgate check by which it keeps nothing from one run to the next.
const noCache = "--no-cache"

// tools are gator and memgate with the same policies, which are in a folder or, if
// bundle is not empty, built into memgate; gator leaves CEL aside, which memgate has
// none of. If memgate can do without its cache, it is there a second time.
func tools(gator, memgate, folder, bundle string) ([]tool, error) {
	help, err := exec.Command(memgate, "check", "-h").Output()
	if err != nil {
		return nil, fmt.Errorf("%s check -h: %w", memgate, err)
	}
	own := []string{memgate, "check", "--no-defaults", "--allow-unjudged=not-expanded", "--policy", folder}
	if bundle != "" {
		own = []string{memgate, "check", "--no-defaults", "--bundle", bundle}
	}
	all := []tool{
		{"gator", []string{gator, "test", "--enable-k8s-native-validation=false", "-f", folder, "-f"}},
		{"memgate", own},
	}
	if bytes.Contains(help, []byte(noCache)) {
		all = append(all, tool{"memgate " + noCache, append(slices.Clone(own), noCache)})
	}
	return all, nil
}

// A run is what the tools take for a number of manifests.
type run struct {
	load      *workload
	manifests int
	rounds    int
	tools     []tool
	costs     []cost // by tool
}

// runs measures a workload with the first 1, 10, 100 and 1,000 manifests. rounds says how
// often, for each of these.
func runs(m meter, dir string, load *workload, manifests []*unstructured.Unstructured, tools []tool, rounds []int) ([]run, error) {
	var all []run
	for i, n := range []int{1, 10, 100, 1000} {
		folder := filepath.Join(dir, fmt.Sprintf("%s-%s-%d", load.policies.name, load.name, n))
		if err := writeTo(folder, manifests[:n]); err != nil {
			return nil, err
		}
		if n == compared {
			if err := sameFindings(load, folder, tools, m.env); err != nil {
				return nil, err
			}
		}
		var commands [][]string
		for _, t := range tools {
			commands = append(commands, t.on(folder))
		}
		if _, err := m.byTurns(1, commands[1:]...); err != nil { // fills the cache
			return nil, err
		}
		costs, err := m.byTurns(rounds[i], commands...)
		if err != nil {
			return nil, err
		}
		for t, c := range costs {
			if c.status != 0 && c.status != 1 {
				return nil, fmt.Errorf("%s: exit status %d, want 0 or 1", strings.Join(commands[t], " "), c.status)
			}
		}
		all = append(all, run{load, n, rounds[i], tools, costs})
	}
	return all, nil
}

// sameFindings compares what the tools find in a folder. Differences become those of the
// workload.
func sameFindings(load *workload, folder string, tools []tool, env []string) error {
	want, err := byGator(tools[0].on(folder), env)
	if err != nil {
		return err
	}
	for _, t := range tools[1:] {
		got, err := byMemgate(t.on(folder), env)
		if err != nil {
			return err
		}
		load.differences = append(load.differences, differences(load.title()+": "+t.name, got, want)...)
	}
	return nil
}

// identity is what both tools say of an object or a constraint.
type identity struct {
	APIVersion, Kind, Namespace, Name string
	Metadata                          struct{ Namespace, Name string }
}

func (i identity) String() string {
	return fmt.Sprintf("%s %s/%s", i.Kind, i.Namespace+i.Metadata.Namespace, i.Name+i.Metadata.Name)
}

// A result is a violation as a tool writes it.
type result struct {
	Constraint, ViolatingObject, Object identity
	EnforcementAction, Action           string
	Msg, Message                        string
	Metadata                            struct{ Details any }
	Details                             any
}

func (r result) object() identity {
	if r.Object.Kind != "" {
		return r.Object
	}
	return r.ViolatingObject
}

func (r result) String() string {
	details := r.Details
	if details == nil {
		details = r.Metadata.Details
	}
	return fmt.Sprintf("%s %s: %s: %s %s", r.Constraint, r.EnforcementAction+r.Action, r.object(), r.Msg+r.Message, canonical(details))
}

// byGator are the results of gator, but for those about policies, which it reviews, too.
func byGator(command, env []string) ([]string, error) {
	var found []result
	if err := outputOf(append(command, "-o", "json"), env, &found); err != nil {
		return nil, err
	}
	var lines []string
	for _, r := range found {
		if !strings.Contains(r.ViolatingObject.APIVersion, ".gatekeeper.sh/") {
			lines = append(lines, r.String())
		}
	}
	return lines, nil
}

// byMemgate are the results of memgate, which must have judged everything.
func byMemgate(command, env []string) ([]string, error) {
	var report struct {
		Findings  []result
		NotJudged []json.RawMessage
	}
	if err := outputOf(append(command, "-o", "json"), env, &report); err != nil {
		return nil, err
	}
	// gator passes over what nothing expands, in silence.
	report.NotJudged = slices.DeleteFunc(report.NotJudged, func(gap json.RawMessage) bool {
		return bytes.Contains(gap, []byte(`"allowed":true`))
	})
	if len(report.NotJudged) > 0 {
		return nil, fmt.Errorf("%s: %d not judged, the first %s", strings.Join(command, " "), len(report.NotJudged), report.NotJudged[0])
	}
	var lines []string
	for _, r := range report.Findings {
		lines = append(lines, r.String())
	}
	return lines, nil
}

// outputOf reads what a command writes as JSON. The exit status may be 1, which says
// that something was found.
func outputOf(command, env []string, into any) error {
	cmd := exec.Command(command[0], command[1:]...)
	var stderr bytes.Buffer
	cmd.Env, cmd.Stderr = env, &stderr
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) {
		return fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, stderr.Bytes())
	}
	if err := json.Unmarshal(out, into); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(command, " "), err)
	}
	return nil
}
