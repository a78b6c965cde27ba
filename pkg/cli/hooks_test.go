package cli_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// A hook is what .pre-commit-hooks.yaml says of one.
type hook struct {
	ID            string   `json:"id"`
	Entry         string   `json:"entry"`
	Language      string   `json:"language"`
	Types         []string `json:"types_or"`
	PassFilenames *bool    `json:"pass_filenames"`
	Serial        bool     `json:"require_serial"`
}

func readHooks(t *testing.T) []hook {
	t.Helper()
	var hooks []hook
	decode(t, filepath.Join(root, ".pre-commit-hooks.yaml"), &hooks)
	return hooks
}

// decode reads a file of YAML.
func decode(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// TestHookContract holds what users of the hooks name, and what they rely on: a change
// of it is one of the major version.
func TestHookContract(t *testing.T) {
	no, files := false, []string{"yaml", "json"}
	want := []hook{
		{"memgate-check", "memgate check --allow-no-manifests", "golang", files, nil, true},
		{"memgate-check-system", "memgate check --allow-no-manifests", "system", files, nil, true},
		{"memgate-verify", "memgate verify", "golang", files, &no, true},
		{"memgate-verify-system", "memgate verify", "system", files, &no, true},
	}
	if got := readHooks(t); !reflect.DeepEqual(got, want) {
		t.Errorf(".pre-commit-hooks.yaml: got\n%+v\nwant\n%+v", got, want)
	}
}

const (
	workflow   = "on: push\n"
	service    = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n"
	goodPod    = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: nginx, resources: {limits: {memory: 64Mi}}}]}\n"
	badPod     = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: nginx, resources: {limits: {memory: 4Mi}}}]}\n"
	brokenPod  = "apiVersion: v1\nkind: Pod\nmetadata: {name: web\n"
	alwaysTest = `kind: Suite
apiVersion: test.gatekeeper.sh/v1alpha1
tests:
  - name: always
    template: template.yaml
    constraint: constraint.yaml
    cases: [{name: any, object: pod.yaml, assertions: [{violations: yes}]}]
`
	alwaysTemplate = `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: k8salways}
spec:
  crd: {spec: {names: {kind: K8sAlways}}}
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package k8salways
        violation[{"msg": "always"}] { true }
`
	alwaysConstraint = "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sAlways\nmetadata: {name: here}\n"
)

// TestHookEntries runs the entries as pre-commit does (https://pre-commit.com/#new-hooks):
// with the names of the changed files after them, if they take some, at the root of the
// repository.
func TestHookEntries(t *testing.T) {
	for _, tc := range []struct {
		name    string
		files   map[string]string
		changed []string
		want    map[string]int // exit status by command
	}{
		{"a workflow", map[string]string{"ci.yaml": workflow}, []string{"ci.yaml"}, map[string]int{"check": 0}},
		{"a Service", map[string]string{"service.yaml": service}, []string{"service.yaml"}, map[string]int{"check": 0}},
		{"a good Pod among bad ones", map[string]string{"good.yaml": goodPod, "bad.yaml": badPod}, []string{"good.yaml"}, map[string]int{"check": 0}},
		{"a bad Pod", map[string]string{"bad.yaml": badPod, "ci.yaml": workflow}, []string{"ci.yaml", "bad.yaml"}, map[string]int{"check": 1}},
		{"a broken Pod", map[string]string{"broken.yaml": brokenPod}, []string{"broken.yaml"}, map[string]int{"check": 3}},
		{"a name like a flag's value", map[string]string{"a b=c.yaml": badPod}, []string{"a b=c.yaml"}, map[string]int{"check": 1}},
		{
			"tests of policies",
			map[string]string{"t/suite.yaml": alwaysTest, "t/template.yaml": alwaysTemplate, "t/constraint.yaml": alwaysConstraint, "t/pod.yaml": goodPod},
			[]string{"t/template.yaml"},
			map[string]int{"verify": 0},
		},
		{
			"tests of policies that fail",
			map[string]string{"t/suite.yaml": alwaysTest, "t/template.yaml": strings.Replace(alwaysTemplate, "{ true }", "{ false }", 1), "t/constraint.yaml": alwaysConstraint, "t/pod.yaml": goodPod},
			[]string{"t/template.yaml"},
			map[string]int{"verify": 1},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, tc.files)
			for _, hook := range readHooks(t) {
				words := strings.Fields(hook.Entry)
				want, ok := tc.want[words[1]]
				if !ok {
					continue
				}
				if hook.PassFilenames == nil {
					words = append(words, tc.changed...)
				}
				cmd := exec.Command(words[0], words[1:]...)
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "PRE_COMMIT=1")
				if out, got := combined(t, cmd); got != want {
					t.Errorf("%s: %s: exit status %d, want %d\n%s", hook.ID, strings.Join(words, " "), got, want, out)
				}
			}
		})
	}
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// commit makes of a directory a repository with one more commit.
func commit(t *testing.T, dir, message string) {
	t.Helper()
	run(t, dir, "git", "init", "-q", ".")
	run(t, dir, "git", "add", ".")
	if out, status := combined(t, gitCommit(dir, message)); status != 0 {
		t.Fatalf("git commit: exit status %d\n%s", status, out)
	}
}

func gitCommit(dir, message string) *exec.Cmd {
	cmd := exec.Command("git", "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "-m", message)
	cmd.Dir = dir
	return cmd
}

// run is what a command prints, which must succeed.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var faults strings.Builder
	cmd.Stderr = &faults
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, faults.String())
	}
	return string(out)
}

// combined is what a command prints, and its exit status.
func combined(t *testing.T, cmd *exec.Cmd) (string, int) {
	t.Helper()
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}
