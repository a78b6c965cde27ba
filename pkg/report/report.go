// Package report writes what a run found: violations, what was not judged, and the
// counts of both. It knows formats, not policies.
package report

import (
	"cmp"
	"maps"
	"slices"

	"github.com/memgate/memgate/pkg/manifest"
)

// A Finding is one violation at its place in a manifest.
type Finding struct {
	Place      manifest.Place
	Action     string // deny, warn or dryrun
	Rule       string // id of the rule
	Severity   string // low, medium, high, critical, or "" if the rule has none
	Constraint Constraint
	Object     Object
	Template   []any // path of the pod template in the object that the finding is about, if it is one
	Message    string
	Details    any // as JSON has it
}

// A Constraint names a constraint.
type Constraint struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

func (c Constraint) String() string { return c.Kind + "/" + c.Name }

// An Object names an object.
type Object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
}

// String is kind namespace/name.
func (o Object) String() string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

// A Gap is something that was not judged: a document that cannot be read, or an object
// and the constraints that could not judge it.
type Gap struct {
	Position    manifest.Position
	Reason      string // as Summary.NotJudged counts it
	Text        string // what was found, what was wanted
	Object      *Object
	Constraints []Constraint
}

// ReasonUnreadable is the reason of a Gap that is no object yet.
const ReasonUnreadable = "unreadable"

// A Skip is a document that is no manifest.
type Skip struct {
	Position manifest.Position
	Text     string // what it is
}

// A Summary counts a run. Every object, and every pod template that is found in a custom
// resource, meets every constraint: (Objects + PodTemplates) x Constraints = Judged +
// NotMatched + NotEnforced + the gaps with constraints.
type Summary struct {
	Files        int            `json:"files"`
	Objects      int            `json:"objects"`
	PodTemplates int            `json:"podTemplates"`
	Constraints  int            `json:"constraints"`
	Judged       int            `json:"judged"`     // pairs of object and constraint
	NotMatched   int            `json:"notMatched"` // pairs
	NotEnforced  int            `json:"notEnforced"`
	Violations   map[string]int `json:"violations"` // by action
	NotJudged    map[string]int `json:"notJudged"`  // by reason: documents if unreadable, else pairs
	NotManifest  int            `json:"notManifest"`
}

// TotalNotJudged is the number of all that was not judged.
func (s Summary) TotalNotJudged() int {
	total := 0
	for n := range maps.Values(s.NotJudged) {
		total += n
	}
	return total
}

// A Writer takes the events of a run in the order of the input. Its errors are those
// of writing.
type Writer interface {
	Finding(Finding) error
	Gap(Gap) error
	Skip(Skip) error
	Close(Summary) error // ends the report
}

// Sort orders the findings of one object: by place, then by action, rule, constraint
// and message.
func Sort(findings []Finding) {
	slices.SortFunc(findings, func(a, b Finding) int {
		p, q := a.Place.Start, b.Place.Start
		return cmp.Or(
			cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column),
			cmp.Compare(rank(a.Action), rank(b.Action)),
			cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Constraint.Name, b.Constraint.Name),
			cmp.Compare(a.Message, b.Message),
		)
	})
}

// actions are the actions from the strictest.
var actions = []string{"deny", "warn", "dryrun"}

func rank(action string) int { return slices.Index(actions, action) }
