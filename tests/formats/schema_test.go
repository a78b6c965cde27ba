package formats

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// validate wants a document to fit a schema, formats such as uri included.
func validate(t *testing.T, schema, document string) {
	t.Helper()
	const name = "file:///schema.json"
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiler.AddResource(name, parsed); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(document))
	if err != nil {
		t.Error(err)
		return
	}
	if err := compiled.Validate(value); err != nil {
		t.Errorf("%v", err)
	}
}

// TestJSON wants the report to fit the schema that is published for it.
func TestJSON(t *testing.T) {
	schema, err := os.ReadFile(filepath.Join(root, "docs/schemas/report.schema.json"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("docs/schemas/report.schema.json is not there: the report is not validated")
	} else if err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		t.Run(r.name, func(t *testing.T) { validate(t, string(schema), string(r.reports["json"])) })
	}
}

// TestSARIF wants the log to fit the schema of SARIF 2.1.0 with its first errata, as
// OASIS published it, and a reader to find the findings and gaps in it, at their files.
func TestSARIF(t *testing.T) {
	schema := sarifSchema(t)
	for _, r := range runs {
		t.Run(r.name, func(t *testing.T) {
			validate(t, schema, string(r.reports["sarif"]))
			log, err := sarif.FromBytes(r.reports["sarif"], sarif.WithStrictValidation())
			if err != nil {
				t.Fatal(err)
			}
			if len(log.Runs) != 1 {
				t.Fatalf("%d runs, want 1", len(log.Runs))
			}
			results := log.Runs[0].Results
			if got, want := len(results), len(r.read.Findings); got != want {
				t.Fatalf("%d results, want %d", got, want)
			}
			for i, result := range results {
				want := r.read.Findings[i]
				location := result.Locations[0].PhysicalLocation
				if got := fileOf(t, *location.ArtifactLocation.URI); got != path.Clean(want.File) || *location.Region.StartLine != want.Line {
					t.Errorf("result %d is at %q line %d, want %q line %d", i, got, *location.Region.StartLine, want.File, want.Line)
				}
				if got := *result.Message.Text; !strings.Contains(got, strings.TrimSpace(strings.SplitN(want.Message, "\n", 2)[0])) {
					t.Errorf("result %d says %q, want %q in it", i, got, want.Message)
				}
			}
			invocation := log.Runs[0].Invocations[0]
			if got, want := len(invocation.ToolExecutionNotifications), len(r.read.NotJudged); got != want {
				t.Errorf("%d notifications, want %d", got, want)
			}
			if got, want := *invocation.ExecutionSuccessful, len(r.read.NotJudged) == 0; got != want {
				t.Errorf("executionSuccessful is %t, want %t", got, want)
			}
		})
	}
}

// fileOf is the file that a URI names, as JSON writes it: bytes that are no UTF-8 become
// U+FFFD there.
func fileOf(t *testing.T, uri string) string {
	t.Helper()
	parsed, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	return path.Clean(strings.ToValidUTF8(parsed.Path, "\ufffd"))
}

// sarifSchema is the schema that go-sarif holds, by the text of its source: the constant
// is not exported.
func sarifSchema(t *testing.T) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif").Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(string(bytes.TrimSpace(dir)), "schema.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	schema := ""
	ast.Inspect(file, func(n ast.Node) bool {
		if value, ok := n.(*ast.BasicLit); ok && value.Kind == token.STRING {
			schema, err = strconv.Unquote(value.Value)
		}
		return err == nil
	})
	if err != nil || !strings.Contains(schema, "errata01/os/schemas/sarif-schema-2.1.0.json") {
		t.Fatalf("schema of go-sarif: %v; it is not that of SARIF 2.1.0: %.200s", err, schema)
	}
	return schema
}

// gitlabSchema has what GitLab asks of a Code Quality report
// (https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format): these
// fields, a path from the root of the repository without "./", and no byte order mark.
const gitlabSchema = `{
	"type": "array",
	"items": {
		"type": "object",
		"required": ["description", "check_name", "fingerprint", "severity", "location"],
		"properties": {
			"description": {"type": "string", "minLength": 1},
			"check_name": {"type": "string", "minLength": 1},
			"fingerprint": {"type": "string", "minLength": 1},
			"severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
			"location": {
				"type": "object",
				"required": ["path", "lines"],
				"properties": {
					"path": {"type": "string", "minLength": 1, "not": {"pattern": "^\\.?/"}},
					"lines": {"type": "object", "required": ["begin"], "properties": {"begin": {"type": "integer", "minimum": 1}}}
				}
			}
		}
	}
}`

// TestGitLab wants the report to be what GitLab documents, with a fingerprint of its own
// for each issue.
func TestGitLab(t *testing.T) {
	for _, r := range runs {
		t.Run(r.name, func(t *testing.T) {
			validate(t, gitlabSchema, string(r.reports["gitlab"]))
			var issues []struct {
				Fingerprint string
				Location    struct{ Path string }
			}
			decode(t, r.reports["gitlab"], &issues)
			if got, want := len(issues), len(r.read.Findings)+len(r.read.NotJudged); got != want {
				t.Errorf("%d issues, want %d", got, want)
			}
			seen := map[string]bool{}
			for _, issue := range issues {
				if seen[issue.Fingerprint] {
					t.Errorf("%s: fingerprint %s is there twice", issue.Location.Path, issue.Fingerprint)
				}
				seen[issue.Fingerprint] = true
			}
		})
	}
}
