package report_test

import (
	"encoding/json"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/report"
)

// The objects of SARIF 2.1.0 that a log of memgate has, with the fields that it uses, by
// section 3 of the specification.
type (
	message  struct{ Text, Markdown string }
	location struct {
		PhysicalLocation struct {
			ArtifactLocation struct{ URI string }
			Region           *struct{ StartLine, StartColumn, EndLine, EndColumn int }
		}
		Message *message
	}
	sarifLog struct {
		Schema  string `json:"$schema"`
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name, Version, InformationURI string
					Rules                         []struct {
						ID, Name, HelpURI                       string
						ShortDescription, FullDescription, Help message
						DefaultConfiguration                    struct{ Level string }
						Properties                              struct {
							SecuritySeverity *string `json:"security-severity"`
							Tags             []string
						}
					}
				}
			}
			Invocations []struct {
				ExecutionSuccessful        *bool
				ToolExecutionNotifications []struct {
					Descriptor struct{ ID string }
					Level      string
					Message    message
					Locations  []location
				}
			}
			ColumnKind string
			Results    []struct {
				Suppressions []struct {
					Kind, Justification string
					Location            *location
				}
				Properties                  *struct{ DerivedPlace bool }
				RuleID                      string
				RuleIndex                   *int
				Level                       string
				Message                     message
				Locations, RelatedLocations []location
				PartialFingerprints         map[string]string
			}
		}
	}
)

var levels = []string{"none", "note", "warning", "error"}

// TestSARIF wants a log to keep what the specification demands: no property but its own,
// the required ones, values of enumerations, references that lead somewhere.
func TestSARIF(t *testing.T) {
	for name, events := range map[string]func(report.Writer) error{
		"sample": sample,
		"empty":  func(w report.Writer) error { return w.Close(report.Summary{}) },
	} {
		var out strings.Builder
		if err := events(report.SARIF(&out, sarifOptions)); err != nil {
			t.Fatal(err)
		}
		decoder := json.NewDecoder(strings.NewReader(out.String()))
		decoder.DisallowUnknownFields()
		var log sarifLog
		if err := decoder.Decode(&log); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if log.Version != "2.1.0" || len(log.Runs) != 1 {
			t.Fatalf("%s: version %q, %d runs, want 2.1.0 and one", name, log.Version, len(log.Runs))
		}
		run := log.Runs[0]
		if run.Tool.Driver.Name == "" || run.ColumnKind != "unicodeCodePoints" || run.Results == nil {
			t.Errorf("%s: name %q, columnKind %q, results %v", name, run.Tool.Driver.Name, run.ColumnKind, run.Results)
		}
		for _, rule := range run.Tool.Driver.Rules {
			if rule.ID == "" || rule.ShortDescription.Text == "" || rule.FullDescription.Text == "" || rule.Help.Text == "" ||
				!slices.Contains(levels, rule.DefaultConfiguration.Level) {
				t.Errorf("%s: rule %+v lacks a text, or has no level of SARIF", name, rule)
			}
			if score := rule.Properties.SecuritySeverity; score != nil {
				if n, err := strconv.ParseFloat(*score, 64); err != nil || n <= 0 || n > 10 {
					t.Errorf("%s: rule %s has security-severity %q, want a number from 0 to 10", name, rule.ID, *score)
				}
			}
		}
		var places []location
		for _, result := range run.Results {
			if result.RuleIndex == nil || run.Tool.Driver.Rules[*result.RuleIndex].ID != result.RuleID {
				t.Errorf("%s: the index of rule %s leads elsewhere", name, result.RuleID)
			}
			if !slices.Contains(levels, result.Level) || result.Message.Text == "" || len(result.Locations) != 1 {
				t.Errorf("%s: result %+v: want a level of SARIF, a text, and one place", name, result)
			}
			if id := result.PartialFingerprints["memgate/v1"]; !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(id) {
				t.Errorf("%s: fingerprint %q, want a hash", name, id)
			}
			for _, s := range result.Suppressions {
				if !slices.Contains([]string{"inSource", "external"}, s.Kind) || s.Justification == "" {
					t.Errorf("%s: suppression %+v: want a kind of SARIF and a justification", name, s)
				}
				if s.Location != nil {
					places = append(places, *s.Location)
				}
			}
			places = slices.Concat(places, result.Locations, result.RelatedLocations)
		}
		if len(run.Invocations) != 1 || run.Invocations[0].ExecutionSuccessful == nil {
			t.Fatalf("%s: invocations %+v, want one", name, run.Invocations)
		}
		notes := run.Invocations[0].ToolExecutionNotifications
		failed := false
		for _, note := range notes {
			failed = failed || note.Level == "error"
			if note.Level != "error" && note.Level != "warning" || note.Message.Text == "" || note.Descriptor.ID == "" {
				t.Errorf("%s: notification %+v: want an error or warning with a text and an id", name, note)
			}
			places = append(places, note.Locations...)
		}
		if *run.Invocations[0].ExecutionSuccessful == failed {
			t.Errorf("%s: executionSuccessful is %t, notifications are %+v", name, !failed, notes)
		}
		for _, place := range places {
			uri, err := url.Parse(place.PhysicalLocation.ArtifactLocation.URI)
			if err != nil || uri.Scheme == "" && path.IsAbs(uri.Path) || strings.ContainsAny(uri.EscapedPath(), " \\é") {
				t.Errorf("%s: uri %q (%v), want a relative one, or one with a scheme, escaped", name, place.PhysicalLocation.ArtifactLocation.URI, err)
			}
			if r := place.PhysicalLocation.Region; r != nil && (r.StartLine < 1 || r.EndLine > 0 && r.EndLine < r.StartLine ||
				r.EndLine == r.StartLine && r.EndColumn < r.StartColumn) {
				t.Errorf("%s: region %+v ends before it begins", name, *r)
			}
		}
	}
}

// TestFingerprint wants a finding to be the same one after an edit elsewhere in the file,
// and another one where rule, object or field differ.
func TestFingerprint(t *testing.T) {
	first := finding(4, "deny", "r", "limit is 1Mi")
	first.Object.APIVersion = "apps/v1"
	first.Field = "spec.containers[name=web]"
	for _, tc := range []struct {
		name string
		same bool
		edit func(f *report.Finding)
	}{
		{"file and line", true, func(f *report.Finding) { f.Place.Start = manifest.Position{File: "b.yaml", Line: 99} }},
		{"message", true, func(f *report.Finding) { f.Message = "limit is 2Mi" }},
		{"index of the container", true, func(f *report.Finding) { f.Details = map[string]any{"path": []any{"spec", "containers", 1}} }},
		{"constraint", true, func(f *report.Finding) { f.Constraint.Name = "other" }},
		{"version of the API", true, func(f *report.Finding) { f.Object.APIVersion = "apps/v1beta1" }},
		{"group", false, func(f *report.Finding) { f.Object.APIVersion = "v1" }},
		{"rule", false, func(f *report.Finding) { f.Rule = "s" }},
		{"object", false, func(f *report.Finding) { f.Object.Namespace = "shop" }},
		{"field", false, func(f *report.Finding) { f.Field = "spec.containers[name=db]" }},
		{"no field", false, func(f *report.Finding) { f.Field = "" }},
	} {
		edited := first
		tc.edit(&edited)
		if got := report.Fingerprint(edited) == report.Fingerprint(first); got != tc.same {
			t.Errorf("another %s: fingerprint is the same: %t, want %t", tc.name, got, tc.same)
		}
	}
}
