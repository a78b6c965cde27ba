package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/report"
)

// gateFlags say what fails a run.
type gateFlags struct {
	failOn           string
	allowed          []string
	allowNoManifests bool
}

// all stands for every reason.
const all = "all"

func (f *gateFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.failOn, "fail-on", "", "lowest severity that fails the run, denied or warned of: low, medium, high or critical; a rule without a severity fails it where it denies (default: what is denied)")
	flags.StringSliceVar(&f.allowed, "allow-unjudged", nil, "accept what could not be judged, for these reasons: "+strings.Join(reasons, ", ")+"; without a value all of them")
	flags.Lookup("allow-unjudged").NoOptDefVal = all
	flags.BoolVar(&f.allowNoManifests, "allow-no-manifests", false, "exit with 0 if there is no manifest to judge")
	mustComplete(cmd, "fail-on", severities...)
	mustComplete(cmd, "allow-unjudged", append([]string{all}, reasons...)...)
}

// severities are those of rules, from the lowest.
var severities = []string{"low", "medium", "high", "critical"}

// reasons are why something was not judged.
var reasons = []string{
	report.ReasonUnreadable, report.ReasonNotBuilt, report.ReasonNotExpanded, engine.ReasonNamespace, engine.ReasonRefdata,
	engine.ReasonEngine, engine.ReasonExternal, engine.ReasonLimit, engine.ReasonEvaluation, report.ReasonSuppression,
}

func (f *gateFlags) validate() error {
	if f.failOn != "" && !slices.Contains(severities, f.failOn) {
		return fmt.Errorf("--fail-on: got %q, want %s", f.failOn, choice(severities))
	}
	for i, reason := range f.allowed {
		reason = strings.ReplaceAll(reason, "-", " ")
		f.allowed[i] = reason
		if reason != all && !slices.Contains(reasons, reason) {
			return fmt.Errorf("--allow-unjudged: got %q, want %s", reason, choice(append([]string{all}, reasons...)))
		}
	}
	return nil
}

// choice is a list in words: a, b or c.
func choice(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

func (f *gateFlags) allows(reason string) bool {
	return slices.Contains(f.allowed, all) || slices.Contains(f.allowed, reason)
}

// fails reports whether a finding fails the run.
func (f *gateFlags) fails(found report.Finding) bool {
	at := slices.Index(severities, found.Severity)
	switch {
	case found.Action == string(policy.DryRun):
		return false
	case f.failOn == "" || at < 0:
		return found.Action == string(policy.Deny)
	}
	return at >= slices.Index(severities, f.failOn)
}

// verdict is the exit status of a run, and says why if it is one without a finding.
func (f *gateFlags) verdict(s report.Summary, errs io.Writer) error {
	switch {
	case s.Failures > 0:
		return statusError(statusDenied)
	case s.Constraints == 0:
		fmt.Fprintln(errs, "nothing was judged: no constraint is loaded")
		return statusError(statusNotJudged)
	case s.NotEnforced > 0 && s.NotEnforced+s.Excluded == (s.Objects+s.PodTemplates)*s.Constraints:
		fmt.Fprintln(errs, "nothing was judged: no constraint is enforced at the enforcement point; --enforcement-point names another")
		return statusError(statusNotJudged)
	case s.TotalNotJudged() > s.Allowed:
		return statusError(statusNotJudged)
	case s.Objects == 0 && !f.allowNoManifests:
		fmt.Fprintln(errs, "nothing was judged: there is no manifest under the paths; --allow-no-manifests accepts that")
		return statusError(statusNotJudged)
	}
	return nil
}
