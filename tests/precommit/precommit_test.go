// Package precommit commits with the hooks of this repository, as pre-commit installs and
// runs them.
package precommit

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

const root = "../.."

var enabled = flag.Bool("precommit", false, "install the hooks by pre-commit and commit with them; installs pre-commit itself by apt-get if it is missing")

const (
	workflow   = "on: push\njobs: {}\n"
	service    = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {ports: [{port: 80}]}\n"
	deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: registry.example/web:1
        resources: {requests: {memory: 64Mi}, limits: {memory: 64Mi}}
        volumeMounts: [{name: shm, mountPath: /dev/shm}]
      volumes:
      - name: shm
        emptyDir: {medium: Memory, sizeLimit: %s}
`
)

var (
	good = fmt.Sprintf(deployment, "16Mi")
	bad  = fmt.Sprintf(deployment, "128Mi") // more than the memory limit
)

// TestHooks tags what stands here, lets pre-commit install each hook at that tag, with
// the Go that is there and nothing that go.mod does not say, and commits.
func TestHooks(t *testing.T) {
	if !*enabled {
		t.Skip("no -precommit: pre-commit does not install the hooks (minutes)")
	}
	install(t)
	hooks := tagged(t)
	t.Setenv("PRE_COMMIT_HOME", t.TempDir())
	t.Setenv("GOTOOLCHAIN", "local")
	t.Setenv("GOFLAGS", "")
	// pre-commit makes its directory the GOPATH; the modules of this machine stay in reach.
	t.Setenv("GOMODCACHE", output(t, ".", "go", "env", "GOMODCACHE"))

	user := configured(t, hooks, "memgate-check")
	start := time.Now()
	commit(t, user, true, map[string]string{".github/workflows/x.yaml": workflow})
	t.Logf("first commit, with the installation of the hook: %.1f s", time.Since(start).Seconds())
	commit(t, user, true, map[string]string{"service.yaml": service})
	commit(t, user, true, map[string]string{"good.yaml": good, "README.md": "# text\n"})
	out := commit(t, user, false, map[string]string{"deploy/bad.yaml": bad})
	if finding := regexp.MustCompile(`(?m)^deploy/bad\.yaml:16:36: deny: .* \[memory-emptydir-fits-memory-limit\]$`); !finding.MatchString(out) || !strings.Contains(out, "exit code: 1") {
		t.Errorf("the refused commit says\n%s\nwant exit code 1 and a line like %s", out, finding)
	}
	measure(t, user)

	t.Run("memgate-check-system", func(t *testing.T) {
		t.Setenv("PATH", filepath.Dir(installed(t))+string(os.PathListSeparator)+os.Getenv("PATH"))
		user := configured(t, hooks, "memgate-check-system")
		commit(t, user, true, map[string]string{"x.yaml": workflow})
		commit(t, user, false, map[string]string{"bad.yaml": bad})
	})
	t.Run("memgate-verify", func(t *testing.T) {
		text, err := os.ReadFile(filepath.Join(hooks, ".pre-commit-hooks.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(text, []byte("id: memgate-verify")) {
			t.Skip("there is no hook memgate-verify")
		}
		user := configured(t, hooks, "memgate-verify")
		commit(t, user, true, map[string]string{"policy/template.yaml": template, "policy/constraint.yaml": constraint, "policy/object.yaml": service, "policy/suite.yaml": fmt.Sprintf(suite, "yes")})
		commit(t, user, false, map[string]string{"policy/suite.yaml": fmt.Sprintf(suite, "no")})
	})
}

// A policy that denies everything, and a test of it.
const (
	template = `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: denied}
spec:
  crd: {spec: {names: {kind: Denied}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package denied
      violation[{"msg": "denied"}] { true }
`
	constraint = "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: Denied\nmetadata: {name: all}\n"
	suite      = `apiVersion: test.gatekeeper.sh/v1alpha1
kind: Suite
tests:
- name: denied
  template: template.yaml
  constraint: constraint.yaml
  cases:
  - name: service
    object: object.yaml
    assertions: [{violations: %s}]
`
)

// install installs pre-commit, or skips the test.
func install(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("pre-commit"); err == nil {
		return
	}
	out, err := exec.Command("apt-get", "install", "-y", "--no-install-recommends", "pre-commit").CombinedOutput()
	if err != nil {
		t.Skipf("pre-commit is missing and cannot be installed: apt-get: %v\n%s", err, out)
	}
}

// tagged is a repository with the files that stand here, at the tag v0.0.1.
func tagged(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name := range strings.SplitSeq(output(t, root, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"), "\x00") {
		text, err := os.ReadFile(filepath.Join(root, name))
		if name == "" || os.IsNotExist(err) { // deleted and not committed yet
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		write(t, dir, name, string(text))
	}
	repository(t, dir)
	output(t, dir, "git", "add", "--all")
	output(t, dir, "git", "commit", "--quiet", "--message", "all")
	output(t, dir, "git", "tag", "v0.0.1")
	return dir
}

// configured is a repository of a user that has one hook installed.
func configured(t *testing.T, hooks, id string) string {
	t.Helper()
	dir := t.TempDir()
	repository(t, dir)
	config, err := yaml.Marshal(map[string]any{"repos": []any{map[string]any{
		"repo": hooks, "rev": "v0.0.1", "hooks": []any{map[string]any{"id": id}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, ".pre-commit-config.yaml", string(config))
	output(t, dir, "git", "add", "--all")
	output(t, dir, "git", "commit", "--quiet", "--message", "begin")
	output(t, dir, "pre-commit", "install")
	return dir
}

func repository(t *testing.T, dir string) {
	t.Helper()
	output(t, dir, "git", "init", "--quiet")
	output(t, dir, "git", "config", "user.name", "somebody")
	output(t, dir, "git", "config", "user.email", "somebody@example.org")
}

// commit commits files and wants the commit to be there, or not. It returns what git and
// the hook said.
func commit(t *testing.T, dir string, passes bool, files map[string]string) string {
	t.Helper()
	before := output(t, dir, "git", "rev-parse", "HEAD")
	for name, text := range files {
		write(t, dir, name, text)
		output(t, dir, "git", "add", name)
	}
	out, err := command(dir, "git", "commit", "--message", "change").CombinedOutput()
	if done := output(t, dir, "git", "rev-parse", "HEAD") != before; done != passes || (err == nil) != passes {
		t.Errorf("commit of %d files: it is there: %t, error %v; want it there: %t\n%s", len(files), done, err, passes, out)
	}
	if err != nil {
		output(t, dir, "git", "reset", "--quiet", "--hard")
	}
	return string(out)
}

// measure prints the time that the hook takes for 20 changed manifests: in a run of
// pre-commit over what is staged, and alone.
func measure(t *testing.T, dir string) {
	t.Helper()
	arguments := []string{"check", "--allow-no-manifests"}
	for i := range 20 {
		name := fmt.Sprintf("many/%d.yaml", i)
		write(t, dir, name, good)
		arguments = append(arguments, name)
	}
	output(t, dir, "git", "add", "--all")
	fastest := func(name string, arguments ...string) float64 {
		var times []time.Duration
		for range 5 {
			start := time.Now()
			output(t, dir, name, arguments...)
			times = append(times, time.Since(start))
		}
		return slices.Min(times).Seconds()
	}
	t.Logf("20 files: pre-commit run %.2f s, of which memgate %.3f s, the best of 5", fastest("pre-commit", "run"), fastest(installed(t), arguments...))
}

// installed is the memgate that pre-commit built.
func installed(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(os.Getenv("PRE_COMMIT_HOME"), "*/golangenv-*/bin/memgate"))
	if err != nil || len(found) != 1 {
		t.Fatalf("memgate is at %q below PRE_COMMIT_HOME, want one: %v", found, err)
	}
	return found[0]
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// command is without the variables that git sets for a hook that this test runs in.
func command(dir, name string, arguments ...string) *exec.Cmd {
	c := exec.Command(name, arguments...)
	c.Dir = dir
	c.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GIT_") })
	return c
}

func output(t *testing.T, dir, name string, arguments ...string) string {
	t.Helper()
	c := command(dir, name, arguments...)
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", c, err, out, errs.String())
	}
	return strings.TrimSpace(string(out))
}
