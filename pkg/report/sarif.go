package report

import (
	"bufio"
	"cmp"
	"encoding/json"
	"io"
	"net/url"
	"path"

	"github.com/memgate/memgate/pkg/manifest"
)

// A Rule is what a report says of a rule beside its findings.
type Rule struct {
	Title       string
	Description string // a paragraph or two
	Remedy      string
	Help        string // Markdown: all that a reader of a finding may want to know
	URI         string // of its page
	Tags        []string
}

// SARIFOptions are what SARIF cannot know by itself.
type SARIFOptions struct {
	Version string // of memgate; "" if unknown
	// Rule is asked once for each rule that has findings, by its id; the zero Rule is
	// one that it does not know.
	Rule func(id string) Rule
}

// SARIF writes a log in SARIF 2.1.0, whole, when it is closed. Its results are the
// findings, its rules those with findings, in order of appearance; what was not judged is
// a notification of the run, which then was not successful.
func SARIF(out io.Writer, options SARIFOptions) Writer {
	return &sarif{out: out, options: options, index: map[string]int{}, run: sarifRun{
		Tool: sarifTool{sarifDriver{
			Name: "memgate", Version: options.Version, InformationURI: "https://github.com/memgate/memgate", Rules: []sarifRule{},
		}},
		Invocations: []sarifInvocation{{Successful: true, Notifications: []sarifNotification{}}},
		ColumnKind:  "unicodeCodePoints",
		Results:     []sarifResult{},
	}}
}

type sarif struct {
	Ignore
	out     io.Writer
	options SARIFOptions
	run     sarifRun
	index   map[string]int // of a rule, by its id
}

// The fingerprint's name changes with what it is made of.
const sarifFingerprint = "memgate/v1"

// sarifLevels are the levels of results by action.
var sarifLevels = map[string]string{"deny": "error", "warn": "warning", "dryrun": "note"}

// sarifSeverities are, by the severity of a rule, the number that code scanning ranks it
// by, within the range that CVSS has for the word, and the level that it suggests.
var sarifSeverities = map[string]struct{ score, level string }{
	"low": {"3.0", "note"}, "medium": {"5.5", "warning"}, "high": {"7.5", "error"}, "critical": {"9.0", "error"},
}

func (s *sarif) Finding(f Finding) error {
	s.run.Results = append(s.run.Results, s.result(f))
	return nil
}

// Suppressed keeps the finding as a result, with the suppression: a viewer may show it.
func (s *sarif) Suppressed(f Finding, by Suppression) error {
	result := s.result(f)
	suppression := sarifSuppression{Kind: "external", Justification: by.text()}
	if by.Kind == SuppressedByComment || by.Kind == SuppressedByAnnotation {
		suppression.Kind = "inSource"
	}
	if by.Position.File != "" {
		location := sarifAt(by.Position, manifest.Position{})
		suppression.Location = &location
	}
	result.Suppressions = []sarifSuppression{suppression}
	s.run.Results = append(s.run.Results, result)
	return nil
}

func (s *sarif) result(f Finding) sarifResult {
	result := sarifResult{
		RuleID: f.Rule, RuleIndex: s.rule(f), Level: sarifLevels[f.Action],
		Message:      sarifMessage{Text: f.text()},
		Locations:    []sarifLocation{sarifAt(f.Place.Start, f.Place.End)},
		Fingerprints: map[string]string{sarifFingerprint: Fingerprint(f)},
	}
	for _, related := range f.Place.Related {
		location := sarifAt(related.Position, manifest.Position{})
		location.Message = &sarifMessage{Text: related.Note}
		result.Related = append(result.Related, location)
	}
	if f.Derived {
		result.Properties = &sarifGuess{true}
	}
	return result
}

// rule is the index of the rule of a finding, which is added with its first.
func (s *sarif) rule(f Finding) int {
	rules := &s.run.Tool.Driver.Rules
	i, found := s.index[f.Rule]
	if found {
		return i
	}
	var (
		known    = s.options.Rule(f.Rule)
		severity = sarifSeverities[f.Severity]
		unknown  = "Constraints of kind " + f.Constraint.Kind
	)
	i = len(*rules)
	s.index[f.Rule] = i
	*rules = append(*rules, sarifRule{
		ID: f.Rule, Name: f.Constraint.Kind,
		ShortDescription: sarifMessage{Text: cmp.Or(known.Title, unknown)},
		FullDescription:  sarifMessage{Text: cmp.Or(known.Description, unknown)},
		Help:             sarifMessage{Text: cmp.Or(known.Remedy, unknown), Markdown: known.Help},
		HelpURI:          known.URI,
		Configuration:    sarifConfiguration{cmp.Or(severity.level, "warning")},
		Properties:       sarifProperties{severity.score, known.Tags},
	})
	return i
}

func (s *sarif) Gap(g Gap) error {
	run, level := &s.run.Invocations[0], "warning"
	if !g.Allowed {
		run.Successful, level = false, "error"
	}
	run.Notifications = append(run.Notifications, sarifNotification{
		Descriptor: sarifReference{g.Reason}, Level: level,
		Message:   sarifMessage{Text: g.text()},
		Locations: []sarifLocation{sarifAt(g.Position, manifest.Position{})},
	})
	return nil
}

func (s *sarif) Close(Summary) error {
	out := bufio.NewWriter(s.out)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(sarifLog{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0",
		Runs:    []sarifRun{s.run},
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

// sarifAt is a stretch of a file. The zero end means that it is not known.
func sarifAt(start, end manifest.Position) sarifLocation {
	location := sarifLocation{Physical: sarifPhysical{Artifact: sarifArtifact{sarifURI(start.File)}}}
	if start.Line > 0 {
		location.Physical.Region = &sarifRegion{start.Line, start.Column, end.Line, end.Column}
	}
	return location
}

// sarifURI is a file as a URI: relative, unless it was named by an absolute path.
func sarifURI(file string) string {
	uri := url.URL{Path: path.Clean(file)}
	if path.IsAbs(file) {
		uri.Scheme = "file"
	}
	return uri.String()
}
