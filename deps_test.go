package memgate_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/memgate/memgate"

// direct are the direct dependencies of the root module. docs/dependencies.md has the
// reason for each.
var direct = []string{
	"github.com/bmatcuk/doublestar/v4",
	"github.com/google/cel-go",
	"github.com/open-policy-agent/frameworks/constraint",
	"github.com/open-policy-agent/opa",
	"github.com/rogpeppe/go-internal",
	"github.com/spf13/cobra",
	"github.com/spf13/pflag",
	"go.yaml.in/yaml/v3",
	"k8s.io/api",
	"k8s.io/apiextensions-apiserver",
	"k8s.io/apimachinery",
	"sigs.k8s.io/kustomize/api",
	"sigs.k8s.io/kustomize/kyaml",
	"sigs.k8s.io/yaml",
}

// forbidden are packages, with all below them, that no binary may link: they cost
// start-up time and megabytes.
var forbidden = []string{
	"github.com/memgate/memgate/pkg/engine/driver", // for who links the framework anyway
	"github.com/open-policy-agent/frameworks/constraint/pkg/apis",
	"github.com/open-policy-agent/frameworks/constraint/pkg/client",
	"github.com/open-policy-agent/frameworks/constraint/pkg/core",
	"github.com/open-policy-agent/frameworks/constraint/pkg/externaldata",
	"github.com/open-policy-agent/frameworks/constraint/pkg/handler",
	"google.golang.org/grpc",
	"k8s.io/api",
	"k8s.io/apiextensions-apiserver",
	"k8s.io/apimachinery/pkg/apis",
	"k8s.io/apimachinery/pkg/runtime/serializer/json",
	"k8s.io/apiserver",
	"k8s.io/client-go",
	"sigs.k8s.io/controller-runtime",
	"testing",
}

// edges are the imports among the packages of this module. A new one is a decision.
var edges = map[string][]string{
	"":                    nil,
	"cmd/memgate":         {"pkg/cli", "pkg/kustomize"},
	"cmd/memgate-webhook": {"pkg/cli"},
	"pkg/admission":       {"pkg/engine", "pkg/policy", "pkg/review"},
	"pkg/baseline":        {"pkg/manifest"},
	"pkg/blame":           {"pkg/engine"},
	"pkg/cache":           nil,
	"pkg/changes":         {"pkg/manifest"},
	"pkg/check":           {"pkg/baseline", "pkg/blame", "pkg/changes", "pkg/defaults", "pkg/engine", "pkg/expansion", "pkg/manifest", "pkg/policy", "pkg/report", "pkg/review", "pkg/source", "pkg/suppress", "pkg/workload"},
	"pkg/cli":             {"pkg/admission", "pkg/baseline", "pkg/cache", "pkg/changes", "pkg/check", "pkg/engine", "pkg/expansion", "pkg/gator", "pkg/generate", "pkg/manifest", "pkg/policy", "pkg/policy/pack", "pkg/report", "pkg/review", "pkg/scaffold", "pkg/source", "pkg/verify", "pkg/version"},
	"pkg/defaults":        {"pkg/quantity"},
	"pkg/engine":          {"pkg/engine/cel", "pkg/engine/rego", "pkg/engine/vm", "pkg/policy", "pkg/refdata", "pkg/review"},
	"pkg/engine/cel":      {"pkg/quantity"},
	"pkg/engine/driver":   {"pkg/engine/rego", "pkg/policy", "pkg/refdata", "pkg/review"},
	"pkg/engine/rego":     {"pkg/policy"},
	"pkg/engine/vm":       nil,
	"pkg/expansion":       {"pkg/manifest", "pkg/policy"},
	"pkg/gator":           {"pkg/engine", "pkg/engine/cel", "pkg/expansion", "pkg/manifest", "pkg/policy", "pkg/report", "pkg/review", "pkg/source"},
	"pkg/generate":        {"pkg/engine", "pkg/manifest", "pkg/policy"},
	"pkg/kustomize":       {"pkg/manifest"},
	"pkg/manifest":        nil,
	"pkg/policy":          {"pkg/manifest", "pkg/policy/pack", "pkg/source"},
	"pkg/policy/pack":     nil,
	"pkg/quantity":        nil,
	"pkg/refdata":         nil,
	"pkg/report":          {"pkg/manifest", "pkg/workload"},
	"pkg/review":          {"pkg/manifest", "pkg/policy"},
	"pkg/scaffold":        {"pkg/manifest", "pkg/policy", "pkg/source"},
	"pkg/source":          nil,
	"pkg/suppress":        {"pkg/manifest"},
	"pkg/verify":          {"pkg/engine", "pkg/expansion", "pkg/manifest", "pkg/policy", "pkg/review", "pkg/source"},
	"pkg/version":         {"pkg/policy/pack"},
	"pkg/workload":        {"pkg/manifest", "pkg/quantity", "pkg/review"},
	"policies":            nil,
	"tests/corpus":        nil,
	"tests/e2e":           nil,
	"tests/mutate":        nil,
	"tests/positions":     nil,
	"tests/precommit":     nil,
}

func TestDirectDependencies(t *testing.T) {
	var read struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(run(t, "mod", "edit", "-json"), &read); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range read.Require {
		if !r.Indirect {
			got = append(got, r.Path)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, direct) {
		t.Errorf("direct dependencies of go.mod: got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(direct, "\n"))
	}
	page, err := os.ReadFile("docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range got {
		if !strings.Contains(string(page), "`"+path+"`") {
			t.Errorf("docs/dependencies.md: %s has no reason there", path)
		}
	}
}

func TestForbiddenPackages(t *testing.T) {
	for _, binary := range []string{"./cmd/memgate", "./cmd/memgate-webhook"} {
		forbidden := forbidden
		if binary == "./cmd/memgate-webhook" {
			forbidden = append(slices.Clone(forbidden), "sigs.k8s.io/kustomize")
		}
		for linked := range strings.FieldsSeq(string(run(t, "list", "-deps", binary))) {
			for _, path := range forbidden {
				if linked == path || strings.HasPrefix(linked, path+"/") {
					t.Errorf("%s links %s, which is forbidden", binary, linked)
				}
			}
		}
	}
}

func TestImportEdges(t *testing.T) {
	packages := map[string]bool{}
	list := string(run(t, "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./..."))
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		from, ok := local(fields[0])
		if !ok {
			t.Fatalf("package %s is not in module %s", fields[0], module)
		}
		packages[from] = true
		allowed, known := edges[from]
		if !known {
			t.Errorf("package %q is not in the list of edges", from)
		}
		for _, path := range fields[1:] {
			if to, ok := local(path); ok && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s, which the list of edges does not allow", from, to)
			}
		}
	}
	for from := range edges {
		if !packages[from] {
			t.Errorf("package %q is in the list of edges and does not exist", from)
		}
	}
}

// local is the path of a package in this module.
func local(path string) (string, bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}

func run(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, stderr(err))
	}
	return out
}

func stderr(err error) []byte {
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.Stderr
	}
	return nil
}
