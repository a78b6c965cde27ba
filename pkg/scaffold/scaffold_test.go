package scaffold_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/memgate/memgate/pkg/scaffold"
)

const (
	pod        = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
	namespace  = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n"
	limits     = "apiVersion: v1\nkind: LimitRange\nmetadata: {name: a}\n"
	template   = "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata: {name: a}\n"
	constraint = "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: A\nmetadata: {name: a}\n"
	suite      = "apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\n"
	chart      = "apiVersion: v2\nname: a\nversion: 1.0.0\n"
	unrendered = "kind: {{ .Values.kind }}\n"
)

func TestLook(t *testing.T) {
	for _, tc := range []struct {
		name   string
		files  map[string]string
		origin string
		want   scaffold.Survey
	}{
		{name: "nothing"},
		{
			name:  "directories of the first level, without those of other YAML",
			files: map[string]string{"deploy/prod/a.yaml": pod, "deploy/b.YML": pod, "test/data/c.json": `{"apiVersion": "v1", "kind": "Pod"}`, "conf/values.yaml": "a: b\n", "README.md": pod},
			want:  scaffold.Survey{Paths: []string{"deploy", "test"}},
		},
		{
			name:  "all, if there is a manifest at the root",
			files: map[string]string{"a.yaml": pod, "deploy/b.yaml": pod},
			want:  scaffold.Survey{Paths: []string{"."}},
		},
		{
			name: "charts: templates and what is vendored, not what else is called so",
			files: map[string]string{
				"app/Chart.yaml": chart, "app/templates/a.yaml": unrendered, "app/templates/sub/b.yaml": unrendered,
				"app/charts/db/Chart.yaml": chart, "app/charts/db/templates/c.yaml": unrendered, "app/crds/d.yaml": pod,
				"templates/e.yaml": pod,
			},
			want: scaffold.Survey{Paths: []string{"app", "templates"}, Exclude: []string{"app/charts/**", "app/templates/**"}},
		},
		{
			name:  "a chart at the root",
			files: map[string]string{"Chart.yaml": chart, "templates/a.yaml": unrendered},
			want:  scaffold.Survey{Exclude: []string{"templates/**"}},
		},
		{
			name:  "a name that is a glob",
			files: map[string]string{"a[1]*/Chart.yaml": chart, "a[1]*/templates/a.yaml": unrendered},
			want:  scaffold.Survey{Exclude: []string{`a\[1]\*/templates/**`}},
		},
		{
			name: "context, but for files that cannot be read whole",
			files: map[string]string{
				"k8s/ns.yaml": namespace, "k8s/more.yaml": pod + "---\n" + limits, "k8s/broken.yaml": namespace + "---\n" + pod + "spec: [\n",
				"k8s/nameless.yaml": "apiVersion: v1\nkind: LimitRange\nmetadata: {}\n",
				"k8s/other.yaml":    strings.Replace(namespace, "v1", "example.com/v1", 1),
			},
			want: scaffold.Survey{Paths: []string{"k8s"}, Context: []string{"k8s/more.yaml", "k8s/ns.yaml"}},
		},
		{
			name: "patches of a kustomization are no manifests",
			files: map[string]string{
				"k8s/kustomization.yaml": "patches: [{path: patch/limits.yaml}]\n", "k8s/patch/limits.yaml": limits,
			},
		},
		{
			name:  "policies, by the directories above them, and their tests",
			files: map[string]string{"policies/t.yaml": template, "policies/a/c.yaml": constraint, "x/y/c.yaml": constraint, "policies/suite.yaml": suite},
			want:  scaffold.Survey{Paths: []string{"policies", "x"}, Policies: []string{"policies", "x/y"}, Suites: true},
		},
		{
			name:  "constraints without a template are of no use",
			files: map[string]string{"policies/c.yaml": constraint},
			want:  scaffold.Survey{Paths: []string{"policies"}},
		},
		{name: "GitHub by ssh", origin: "git@github.com:a/b.git", want: scaffold.Survey{GitHub: true}},
		{name: "GitHub by https", origin: "https://token@GitHub.com/a/b", want: scaffold.Survey{GitHub: true}},
		{name: "GitHub with a password, and an @ in the path", origin: "https://a:b@c@github.com/a/b@c", want: scaffold.Survey{GitHub: true}},
		{name: "GitLab by ssh with a port", origin: "ssh://git@gitlab.example.com:22/a/b.git", want: scaffold.Survey{GitLab: true}},
		{name: "the name of a repository is no host", origin: "https://example.com/github.com/gitlab.git"},
		{
			name:  "files say more than the origin",
			files: map[string]string{".github/CODEOWNERS": "* @a\n", ".gitlab-ci.yml": "a: {script: [b]}\n"},
			want:  scaffold.Survey{GitHub: true, GitLab: true},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range tc.files {
				path := filepath.Join(dir, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, err := scaffold.Look(dir, tc.origin)
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", tc.want) { // nil and empty lists are the same
				t.Errorf("Look() = %+v\nwant %+v", got, tc.want)
			}
		})
	}
}

func TestLookFails(t *testing.T) {
	if got, err := scaffold.Look(filepath.Join(t.TempDir(), "gone"), ""); err == nil {
		t.Errorf("Look(gone) = %+v without an error", got)
	}
}

// TestSettings wants the settings to be YAML that says what the survey does.
func TestSettings(t *testing.T) {
	many := make([]string, 21)
	for i := range many {
		many[i] = fmt.Sprintf("ns/%02d.yaml", i)
	}
	for _, tc := range []struct {
		name   string
		survey scaffold.Survey
		fault  error
		want   map[string]any
		text   string // in it
	}{
		{
			name: "nothing was found",
			want: map[string]any{"paths": []any{"."}, "bundle": "baseline"},
		},
		{
			name: "all was found, with names that YAML would read otherwise",
			survey: scaffold.Survey{
				Paths: []string{"*", "a: b", "yes"}, Exclude: []string{"a/templates/**"}, Context: []string{"# c.yaml"}, Policies: []string{"[p]"},
			},
			want: map[string]any{
				"paths": []any{"*", "a: b", "yes"}, "exclude": []any{"a/templates/**"}, "context": []any{"# c.yaml"}, "policy": []any{"[p]"}, "bundle": "baseline",
			},
		},
		{
			name:   "policies that do not load are named, not used",
			survey: scaffold.Survey{Paths: []string{"a"}, Policies: []string{"p"}},
			fault:  errors.Join(errors.New("p/a.yaml:1:1: first"), errors.New("p/b.yaml:1:1: second")),
			want:   map[string]any{"paths": []any{"a"}, "bundle": "baseline"},
			text:   "# p/a.yaml:1:1: first\n# p/b.yaml:1:1: second\n# policy:\n#   - p\n",
		},
		{
			name:   "many files of context are left to the user",
			survey: scaffold.Survey{Context: many},
			want:   map[string]any{"paths": []any{"."}, "bundle": "baseline"},
			text:   "21 files have some",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			file := tc.survey.Files(scaffold.Unreleased, tc.fault)[0]
			var got map[string]any
			if err := yaml.Unmarshal([]byte(file.Text), &got); err != nil {
				t.Fatalf("%s: %v\n%s", file.Name, err, file.Text)
			}
			if !reflect.DeepEqual(got, tc.want) || !strings.Contains(file.Text, tc.text) {
				t.Errorf("%s says\n%v\nwant\n%v\nand in it\n%s\ngot\n%s", file.Name, got, tc.want, tc.text, file.Text)
			}
		})
	}
}

// FuzzSettings wants names and faults, whatever is in them, to be the values of their
// settings and comments.
func FuzzSettings(f *testing.F) {
	f.Add("deploy", "policies/a.yaml:1:1: no")
	f.Add("a\nbundle: strict", "x\rbundle: strict\u2028bundle: strict\u0085bundle: strict")
	f.Add("- *a # b", "\n\n\t")
	f.Fuzz(func(t *testing.T, name, fault string) {
		if !utf8.ValidString(name) || !utf8.ValidString(fault) || name == "" {
			t.Skip("no name of a file that YAML can hold")
		}
		s := scaffold.Survey{Paths: []string{name}, Policies: []string{name}}
		text := s.Files(scaffold.Unreleased, errors.New(fault))[0].Text
		var got map[string]any
		if err := yaml.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("name %q, fault %q: %v\n%s", name, fault, err, text)
		}
		if want := (map[string]any{"paths": []any{name}, "bundle": "baseline"}); !reflect.DeepEqual(got, want) {
			t.Errorf("name %q, fault %q: got %v, want %v\n%s", name, fault, got, want, text)
		}
	})
}

// TestFiles wants the files of a repository that has everything, and a release in all
// places that name a revision.
func TestFiles(t *testing.T) {
	survey := scaffold.Survey{GitHub: true, GitLab: true, Suites: true}
	var names []string
	for _, file := range survey.Files("v1.2.3", nil) {
		names = append(names, file.Name)
		if err := yaml.Unmarshal([]byte(file.Text), new(any)); err != nil {
			t.Errorf("%s: %v", file.Name, err)
		}
		if strings.Contains(file.Text, "better a") {
			t.Errorf("%s does not name the release:\n%s", file.Name, file.Text)
		}
		if file.Merge != "" && (!strings.Contains(file.Text, file.Merge) || !strings.Contains(file.Merge, file.Mark)) {
			t.Errorf("%s: the file\n%s\ndoes not hold what is merged\n%s\nor that does not hold its mark %q", file.Name, file.Text, file.Merge, file.Mark)
		}
	}
	want := []string{".memgate.yaml", ".pre-commit-config.yaml", ".github/workflows/memgate.yml", ".gitlab/memgate.gitlab-ci.yml", ".gitlab-ci.yml"}
	if !reflect.DeepEqual(names, want) {
		t.Errorf("Files() = %q, want %q", names, want)
	}
	hook := survey.Files("v1.2.3", nil)[1].Text
	for _, want := range []string{"rev: v1.2.3\n", "id: memgate-check\n", "id: memgate-verify\n"} {
		if !strings.Contains(hook, want) {
			t.Errorf("the hook has no %q:\n%s", want, hook)
		}
	}
}
