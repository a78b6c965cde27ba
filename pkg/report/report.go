// Package report writes what a run found: violations, what was not judged, and the
// counts of both. It knows formats, not policies.
package report

import (
	"cmp"
	"maps"
	"slices"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/workload"
)

// A Finding is one violation at its place in a manifest.
type Finding struct {
	Place      manifest.Place
	Derived    bool   // the template names no place, so it is a guess
	Frame      Frame  // empty unless asked for
	Field      string // path of the field in words that survive edits, "" if none is named
	Action     string // deny, warn or dryrun
	Rule       string // id of the rule
	Severity   string // low, medium, high, critical, or "" if the rule has none
	Constraint Constraint
	Object     Object
	Template   []any  // path in the object of what the finding is about, if that was judged in its place
	Implied    string // ExpansionTemplate that made it of the object, "" if none did
	Message    string
	Details    any // as JSON has it
}

// A Frame is what a manifest has around a place.
type Frame struct {
	First int // number of the first line
	Lines []string
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

// An Entry is the ledger of one object, or of a pod template in it: what became of it
// under each constraint.
type Entry struct {
	Position manifest.Position
	Object   Object
	Template []any          // path in the object of what was judged in its place, nil for the object itself
	Implied  string         // ExpansionTemplate that made it, "" if none did
	Fates    []Fate         // in the order of the constraints of the run
	Pods     []workload.Pod // what the object says of memory; only of the object itself, and where asked for
}

// A Fate is what became of one object under one constraint.
type Fate struct {
	Status Status
	By     string // the clause of a match, the exclusion, or the reason; "" if judged
}

// A Status is the kind of a Fate.
type Status string

// The statuses of an object under a constraint.
const (
	Judged      Status = "judged"
	NotMatched  Status = "notMatched"  // by a clause of spec.match
	NotEnforced Status = "notEnforced" // at the enforcement point of the run
	Excluded    Status = "excluded"    // by Gatekeeper's Config
	NotJudged   Status = "notJudged"   // for a reason
)

// A Suppression is why a finding does not count.
type Suppression struct {
	Kind     string            // SuppressedByComment, ...
	Reason   string            // as its author wrote it, "" if there is none
	Until    string            // last day on which it holds, as 2027-01-31; "" if it has no end
	Owner    string            // who answers for it, "" if nobody is named
	Position manifest.Position // where it is written
}

// The kinds of suppressions.
const (
	SuppressedByComment    = "comment"
	SuppressedByAnnotation = "annotation"
	SuppressedByBaseline   = "baseline"
	SuppressedBySince      = "unchanged" // the object is as it was at --since
)

// A Note is what the reader of a report should know beside findings and gaps.
type Note struct {
	Position manifest.Position
	Kind     string // NoteAssumed, ...
	Text     string
	Object   *Object
}

// The kinds of notes.
const (
	NoteAssumed = "assumed"  // what was judged is not quite what is written, or not all of it
	NoteLeftOut = "left out" // a file or directory that was found and not read
	NoteUnused  = "unused"   // a suppression or an entry of a baseline that suppresses nothing
	NoteExpired = "expired"  // a suppression or an entry of a baseline whose time is over
)

// A Gap is something that was not judged: a document that cannot be read, or an object
// and the constraints that could not judge it.
type Gap struct {
	Position    manifest.Position
	Reason      string // as Summary.NotJudged counts it
	Text        string // what was found, what was wanted
	Allowed     bool   // the run accepts gaps of this reason
	Object      *Object
	Constraints []Constraint
}

// Reasons of a Gap that come before judging. Others are those of package engine.
const (
	ReasonUnreadable  = "unreadable"
	ReasonNotExpanded = "not expanded"
	ReasonNotBuilt    = "not built"
	ReasonSuppression = "invalid suppression"
)

// A Skip is a document that is no manifest.
type Skip struct {
	Position manifest.Position
	Text     string // what it is
}

// A Summary counts a run. Every object, and every pod template or other part of one that
// is judged in its place, meets every constraint: (Objects + PodTemplates) x Constraints = Judged +
// NotMatched + NotEnforced + Excluded + the constraints of gaps that have an object.
type Summary struct {
	Files        int            `json:"files"`
	Objects      int            `json:"objects"`
	PodTemplates int            `json:"podTemplates"`
	Constraints  int            `json:"constraints"`
	Judged       int            `json:"judged"`     // pairs of object and constraint
	NotMatched   int            `json:"notMatched"` // pairs
	NotEnforced  int            `json:"notEnforced"`
	Excluded     int            `json:"excluded"`
	Violations   map[string]int `json:"violations"` // by action, without the suppressed ones
	Suppressed   map[string]int `json:"suppressed"` // violations, by kind of suppression
	Failures     int            `json:"failures"`   // of Violations: those that fail the run
	NotJudged    map[string]int `json:"notJudged"`  // by reason: documents if unreadable, else pairs
	Allowed      int            `json:"allowed"`    // how many of NotJudged the run accepts
	NotManifest  int            `json:"notManifest"`
}

// TotalNotJudged is the number of all that was not judged.
func (s Summary) TotalNotJudged() int { return total(s.NotJudged) }

func total(counts map[string]int) int {
	sum := 0
	for n := range maps.Values(counts) {
		sum += n
	}
	return sum
}

// A Writer takes the events of a run in the order of the input. Its errors are those
// of writing.
type Writer interface {
	Object(Entry) error // comes before all else about the object
	Finding(Finding) error
	Suppressed(Finding, Suppression) error
	Gap(Gap) error
	Skip(Skip) error
	Note(Note) error
	Close(Summary) error // ends the report
}

// Ignore is the part of a Writer that ignores what many formats have no place for.
type Ignore struct{}

func (Ignore) Object(Entry) error                    { return nil }
func (Ignore) Suppressed(Finding, Suppression) error { return nil }
func (Ignore) Skip(Skip) error                       { return nil }
func (Ignore) Note(Note) error                       { return nil }

// Compare orders the findings of one object: by place, then by action, rule, constraint
// and message.
func Compare(a, b Finding) int {
	p, q := a.Place.Start, b.Place.Start
	return cmp.Or(
		cmp.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column),
		cmp.Compare(rank(a.Action), rank(b.Action)),
		cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Constraint.Name, b.Constraint.Name),
		cmp.Compare(a.Message, b.Message),
	)
}

// actions are the actions from the strictest.
var actions = []string{"deny", "warn", "dryrun"}

func rank(action string) int { return slices.Index(actions, action) }
