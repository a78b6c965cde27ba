package formats

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/joshdk/go-junit"
)

func decode(t *testing.T, text []byte, value any) {
	t.Helper()
	if err := json.Unmarshal(text, value); err != nil {
		t.Fatal(err)
	}
}

// cases are the tests of a report of JUnit, as its reader finds them.
func cases(t *testing.T, r run) []junit.Test {
	t.Helper()
	suites, err := junit.Ingest(r.reports["junit"])
	if err != nil {
		t.Fatal(err)
	}
	var all []junit.Test
	for _, suite := range suites {
		if len(suite.Suites) > 0 {
			t.Errorf("suite %q holds suites, want tests", suite.Name)
		}
		all = append(all, suite.Tests...)
	}
	return all
}

// TestJUnit wants a reader of JUnit's XML to find a failure for what is denied and an
// error for what is not judged.
func TestJUnit(t *testing.T) {
	for _, r := range runs {
		t.Run(r.name, func(t *testing.T) {
			denied, notJudged := map[string]bool{}, 0
			for _, f := range r.read.Findings {
				if f.Action == "deny" {
					denied[readable(f.Message)] = true
				}
			}
			for _, g := range r.read.NotJudged {
				notJudged += max(1, len(g.Constraints))
			}
			errored := 0
			for _, c := range cases(t, r) {
				switch c.Status {
				case junit.StatusError:
					errored++
				case junit.StatusFailed:
					whole := readable(c.Error.Error() + "\n" + c.Message)
					for message := range denied {
						if strings.Contains(whole, message) {
							delete(denied, message)
						}
					}
				}
			}
			for message := range denied {
				t.Errorf("no failure says %q", message)
			}
			if errored != notJudged {
				t.Errorf("%d errors, want %d", errored, notJudged)
			}
		})
	}
}

// readable is a text as a reader of XML has it, up to white space: characters that XML
// does not have are replaced.
func readable(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' && !strings.ContainsRune("\t\r\n", r) || r == 0xfffe || r == 0xffff {
			return '\ufffd'
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// kubeconform has the XML schema of Jenkins among its fixtures.
const kubeconform = "github.com/yannh/kubeconform@v0.8.0"

// beyond is what memgate writes and Jenkins' schema from 2010 does not have: GitLab reads
// file, editors read line, Jenkins itself reads the message of a skipped test.
var beyond = map[string]bool{
	"Element 'testsuites', attribute 'skipped': The attribute 'skipped' is not allowed.": true,
	"Element 'testcase', attribute 'file': The attribute 'file' is not allowed.":         true,
	"Element 'testcase', attribute 'line': The attribute 'line' is not allowed.":         true,
	"Element 'skipped', attribute 'message': The attribute 'message' is not allowed.":    true,
}

// TestJenkinsSchema wants the XML to fit the schema of Jenkins, but for what is beyond it.
func TestJenkinsSchema(t *testing.T) {
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint (libxml2-utils) is not installed: JUnit's XML is not compared with Jenkins' schema")
	}
	out, err := exec.Command("go", "mod", "download", "-json", kubeconform).Output()
	if err != nil {
		t.Skipf("%s cannot be downloaded: %v: JUnit's XML is not compared with Jenkins' schema", kubeconform, err)
	}
	var module struct{ Dir string }
	decode(t, out, &module)
	violated := regexp.MustCompile(`(?m)^.*?: Schemas validity error : (.*)$`)
	for _, r := range runs {
		t.Run(r.name, func(t *testing.T) {
			command := exec.Command(xmllint, "--noout", "--huge", "--schema", filepath.Join(module.Dir, "fixtures/junit.xsd"), "-")
			command.Stdin = strings.NewReader(string(r.reports["junit"]))
			out, err := command.CombinedOutput()
			found := violated.FindAllStringSubmatch(string(out), -1)
			if err != nil && len(found) == 0 {
				t.Errorf("xmllint: %v\n%s", err, out)
			}
			for _, m := range found {
				if !beyond[m[1]] {
					t.Error(m[0])
				}
			}
		})
	}
}

// tapParser is the reader of node-tap.
const tapParser = "tap-parser@18.3.4"

// TestTAP wants the reader of node-tap to find the tests of JUnit, with their verdicts.
func TestTAP(t *testing.T) {
	parser := installTAP(t)
	verdicts := map[junit.Status]string{junit.StatusPassed: "ok", junit.StatusSkipped: "todo", junit.StatusFailed: "not ok", junit.StatusError: "not ok"}
	for _, r := range runs {
		t.Run(r.name, func(t *testing.T) {
			var want []string
			for i, c := range cases(t, r) {
				want = append(want, fmt.Sprintf("%d %s", i+1, verdicts[c.Status]))
			}
			command := exec.Command(parser, "--strict", "-j", "0")
			command.Stdin = strings.NewReader(string(r.reports["tap"]))
			out, err := command.Output()
			if len(out) == 0 {
				t.Fatalf("%s: %v", parser, err)
			}
			var events [][2]json.RawMessage
			decode(t, out, &events)
			var got []string
			for _, event := range events {
				switch kind := string(event[0]); kind {
				case `"assert"`:
					var a struct {
						OK       bool
						ID       int
						Todo     any
						Skip     any
						TapError any
						Diag     struct{ Messages any }
					}
					decode(t, event[1], &a)
					verdict := map[bool]string{true: "ok", false: "not ok"}[a.OK]
					if a.Todo != nil && a.Todo != false {
						verdict = "todo"
					}
					if a.TapError != nil || a.Skip != nil && a.Skip != false {
						t.Errorf("test %d: error %v, skip %v", a.ID, a.TapError, a.Skip)
					}
					if verdict != "ok" && a.Diag.Messages == nil {
						t.Errorf("test %d has no message", a.ID)
					}
					got = append(got, fmt.Sprintf("%d %s", a.ID, verdict))
				case `"bailout"`, `"extra"`, `"child"`:
					t.Errorf("%s: %.300s", kind, event[1])
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("tests are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// installTAP installs node-tap's reader, or skips the test.
func installTAP(t *testing.T) string {
	t.Helper()
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("npm is not installed: TAP is not read by node-tap's reader")
	}
	dir := t.TempDir()
	command := exec.Command(npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", "--prefix", dir, tapParser)
	if out, err := command.CombinedOutput(); err != nil {
		t.Skipf("%s cannot be installed: %v: TAP is not read by node-tap's reader\n%s", tapParser, err, out)
	}
	return filepath.Join(dir, "node_modules/.bin/tap-parser")
}

// TestProve wants Perl's harness to fail for exactly the tests that JUnit has as failed.
func TestProve(t *testing.T) {
	prove, err := exec.LookPath("prove")
	if err != nil {
		t.Skip("prove (perl) is not installed: TAP is not read by Perl's harness")
	}
	for _, r := range runs {
		t.Run(r.name, func(t *testing.T) {
			failed, all := 0, cases(t, r)
			for _, c := range all {
				if c.Status == junit.StatusFailed || c.Status == junit.StatusError {
					failed++
				}
			}
			file := filepath.Join(t.TempDir(), "report.tap")
			if err := os.WriteFile(file, r.reports["tap"], 0o644); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(prove, "--exec", "cat", file).CombinedOutput()
			if (err == nil) != (failed == 0) || strings.Contains(string(out), "Parse errors") {
				t.Errorf("prove: %v\n%s", err, out)
			}
			if want := fmt.Sprintf("Failed %d/%d subtests", failed, len(all)); failed > 0 && !strings.Contains(string(out), want) {
				t.Errorf("prove says\n%s\nwant %q", out, want)
			}
		})
	}
}
