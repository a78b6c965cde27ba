package cli_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// An action is what action.yml says.
type action struct {
	Inputs map[string]struct {
		Description string
		Default     *string
	}
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []actionStep
	}
}

type actionStep struct {
	ID, Name, Uses, Run, Shell, If string
	With, Env                      map[string]any
}

func readAction(t *testing.T) action {
	t.Helper()
	var a action
	decode(t, filepath.Join(root, "action.yml"), &a)
	return a
}

// step is the step of an action that has a name.
func (a action) step(t *testing.T, name string) actionStep {
	t.Helper()
	i := slices.IndexFunc(a.Runs.Steps, func(s actionStep) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("action.yml has no step %q", name)
	}
	return a.Runs.Steps[i]
}

var inputUse = regexp.MustCompile(`\binputs\.([A-Za-z0-9_-]+)`)

// TestActionInputs wants every input to be described, to have a default and a use, and none
// to be pasted into a script, where it could be more than a value.
func TestActionInputs(t *testing.T) {
	a := readAction(t)
	text, err := os.ReadFile(filepath.Join(root, "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, use := range inputUse.FindAllStringSubmatch(string(text), -1) {
		used[use[1]] = true
	}
	declared := map[string]bool{}
	for name, input := range a.Inputs {
		declared[name] = true
		if input.Description == "" || input.Default == nil {
			t.Errorf("input %s: description %q, default %v, want both", name, input.Description, input.Default)
		}
	}
	if !maps.Equal(used, declared) {
		t.Errorf("inputs that are used %v, that are declared %v", slices.Sorted(maps.Keys(used)), slices.Sorted(maps.Keys(declared)))
	}
	if a.Runs.Using != "composite" {
		t.Errorf("runs.using = %q, want composite", a.Runs.Using)
	}
	for _, step := range a.Runs.Steps {
		if strings.Contains(step.Run, "${{") {
			t.Errorf("step %q pastes an expression into its script", step.Name)
		}
		if step.Run != "" && step.Shell != "bash" {
			t.Errorf("step %q: shell %q, want bash: a composite action has no default", step.Name, step.Shell)
		}
		if step.Uses != "" && !regexp.MustCompile(`@v[0-9]+$`).MatchString(step.Uses) {
			t.Errorf("step uses %q, want a major version", step.Uses)
		}
	}
}

// TestActionGo wants the action to install the Go that this module is for.
func TestActionGo(t *testing.T) {
	version := strings.TrimSpace(run(t, root, "go", "list", "-m", "-f", "{{.GoVersion}}"))
	want := strings.Join(strings.Split(version, ".")[:2], ".") + ".x"
	if got := readAction(t).Runs.Steps[0].With["go-version"]; got != want {
		t.Errorf("action.yml installs Go %v, want %s as go.mod says %s", got, want, version)
	}
}

// A runner is a machine on which steps of an action are run: directories and files of the
// names that GitHub gives.
type runner struct{ work, temp, output, summary string }

func newRunner(t *testing.T, files map[string]string) runner {
	t.Helper()
	dir := t.TempDir()
	r := runner{filepath.Join(dir, "work"), filepath.Join(dir, "temp"), filepath.Join(dir, "output"), filepath.Join(dir, "summary")}
	write(t, r.work, files)
	for _, dir := range []string{r.work, r.temp} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, dir, map[string]string{"output": "", "summary": ""})
	return r
}

// bash runs a script as a step with shell: bash.
func (r runner) bash(t *testing.T, script string, env map[string]string) (string, int) {
	t.Helper()
	cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
	cmd.Dir = r.work
	cmd.Env = append(os.Environ(), "RUNNER_TEMP="+r.temp, "GITHUB_OUTPUT="+r.output, "GITHUB_STEP_SUMMARY="+r.summary, "GITHUB_WORKSPACE="+r.work)
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return combined(t, cmd)
}

// TestActionCheck runs the step that judges as a runner does, and wants its status, its
// outputs and its report.
func TestActionCheck(t *testing.T) {
	step := readAction(t).step(t, "Check")
	memgate, err := exec.LookPath("memgate")
	if err != nil {
		t.Fatal(err)
	}
	sarif := "sarif=$TEMP/memgate.sarif\n"
	for _, tc := range []struct {
		name   string
		files  map[string]string
		env    map[string]string
		output string // of the step; $TEMP and $WORK are directories
		log    string // in what is printed
	}{
		{"clean", map[string]string{"pod.yaml": goodPod}, nil, "exit-status=0\n" + sarif, "1 object,"},
		{"denied", map[string]string{"pod.yaml": badPod}, nil, "exit-status=1\n" + sarif, "\n::error file=pod.yaml,line=4,"},
		{"denied, for who reads the log", map[string]string{"::error::.yaml": badPod}, nil, "exit-status=1\n" + sarif, "\n::error::.yaml:4:"},
		{"not judged", map[string]string{"pod.yaml": brokenPod}, nil, "exit-status=3\n" + sarif, "not judged"},
		{"a wrong flag", map[string]string{"pod.yaml": badPod}, map[string]string{"BUNDLE": "strikt"}, "exit-status=2\n", `"strikt"`},
		{
			"each line a value, whatever is in it",
			map[string]string{"a b.yaml": goodPod, "$(touch hacked);.yaml": goodPod, "-n.yaml": goodPod, "bad.yaml": badPod},
			map[string]string{"PATHS": "a b.yaml\n\n$(touch hacked);.yaml\n-n.yaml\n", "BUNDLE": "runtime\nshm\n", "ARGS": "--allow-no-manifests\n--namespace=a b\n"},
			"exit-status=0\n" + sarif, "3 objects,",
		},
		{
			"what the inputs are",
			map[string]string{"pod.yaml": goodPod, "memgate.yaml": "fail-on: low\n", "policy.yaml": alwaysTemplate + "---\n" + alwaysConstraint, "accepted.yaml": ""},
			map[string]string{"CONFIG": "memgate.yaml", "POLICY": "policy.yaml", "FAIL_ON": "critical", "SARIF_FILE": "out/report.sarif", "PATHS": "pod.yaml"},
			"exit-status=1\nsarif=$WORK/out/report.sarif\n", "always",
		},
		{
			"a baseline",
			map[string]string{"pod.yaml": badPod},
			map[string]string{"BASELINE": "gone.yaml"},
			"exit-status=2\n", "--baseline: gone.yaml: no such file",
		},
		{
			"a revision",
			map[string]string{"pod.yaml": badPod},
			map[string]string{"SINCE": "v1"},
			"exit-status=2\n", "--since: ",
		},
		{"an output is not written into", nil, map[string]string{"SARIF_FILE": "a\nexit-status=0"}, "", "more than one line"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRunner(t, tc.files)
			write(t, r.work, map[string]string{"out/.keep": ""})
			if err := os.MkdirAll(filepath.Join(r.temp, "memgate-bin"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(memgate, filepath.Join(r.temp, "memgate-bin", "memgate")); err != nil {
				t.Fatal(err)
			}
			env := map[string]string{}
			for name := range step.Env {
				env[name] = ""
			}
			maps.Copy(env, tc.env)
			log, status := r.bash(t, step.Run, env)
			text, err := os.ReadFile(r.output)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.NewReplacer("$TEMP", r.temp, "$WORK", r.work).Replace(tc.output)
			if string(text) != want || !strings.Contains(log, tc.log) {
				t.Errorf("outputs %q, want %q; printed\n%s\nwant in it %q", text, want, log, tc.log)
			}
			if said, _, _ := strings.Cut(string(text)+"exit-status=2\n", "\n"); said != "exit-status="+string(rune('0'+status)) {
				t.Errorf("the step ended with %d, its outputs say %q", status, said)
			}
			_, file, written := strings.Cut(want, "sarif=")
			if !written {
				return
			}
			report, err := os.ReadFile(strings.TrimSpace(file))
			if err != nil || !strings.Contains(string(report), `"2.1.0"`) {
				t.Errorf("the report: %v\n%.200s", err, report)
			}
			if summary, err := os.ReadFile(r.summary); err != nil || len(summary) == 0 {
				t.Errorf("the summary of the step: %q, %v", summary, err)
			}
		})
	}
}

// TestActionInstall runs the step that builds memgate of the action's own files, with a go
// that tells how it was called.
func TestActionInstall(t *testing.T) {
	step := readAction(t).step(t, "Install memgate")
	for _, tc := range []struct{ version, want string }{
		{"", "$ACTION: $TEMP/memgate-bin install -trimpath ./cmd/memgate\n"},
		{"v1.2.3", "$TEMP: $TEMP/memgate-bin install -trimpath github.com/memgate/memgate/cmd/memgate@v1.2.3\n"},
		{"v1; touch hacked", "$TEMP: $TEMP/memgate-bin install -trimpath github.com/memgate/memgate/cmd/memgate@v1; touch hacked\n"},
	} {
		r := newRunner(t, map[string]string{"bin/go": "#!/bin/sh\necho \"$PWD: $GOBIN $*\"\n"})
		if err := os.Chmod(filepath.Join(r.work, "bin/go"), 0o755); err != nil {
			t.Fatal(err)
		}
		where := t.TempDir()
		got, status := r.bash(t, step.Run, map[string]string{
			"VERSION": tc.version, "GITHUB_ACTION_PATH": where, "PATH": filepath.Join(r.work, "bin") + ":" + os.Getenv("PATH"),
		})
		want := strings.NewReplacer("$TEMP", r.temp, "$ACTION", where).Replace(tc.want)
		if got != want || status != 0 {
			t.Errorf("version %q: exit status %d, go was called as\n%swant\n%s", tc.version, status, got, want)
		}
	}
}

// TestActionUpload wants findings to be uploaded when the check failed, unless it did not
// come to judge or the input says no.
func TestActionUpload(t *testing.T) {
	a := readAction(t)
	upload := a.Runs.Steps[len(a.Runs.Steps)-1]
	want := "always() && inputs.upload-sarif == 'true' && steps.check.outputs.sarif != ''"
	if upload.If != want || !strings.HasPrefix(upload.Uses, "github/codeql-action/upload-sarif@") || upload.With["sarif_file"] != "${{ steps.check.outputs.sarif }}" {
		t.Errorf("last step: got %+v, want an upload if %s", upload, want)
	}
	if step := a.step(t, "Check"); step.ID != "check" {
		t.Errorf("the step that checks has the id %q, want check", step.ID)
	}
	for name, output := range a.Outputs {
		if want := "${{ steps.check.outputs." + name + " }}"; output.Value != want {
			t.Errorf("output %s: value %s, want %s", name, output.Value, want)
		}
	}
}

// TestScriptsOfIntegrations wants shellcheck to find nothing in what others run.
func TestScriptsOfIntegrations(t *testing.T) {
	scripts := map[string]string{}
	for _, step := range readAction(t).Runs.Steps {
		if step.Run != "" {
			scripts["action.yml: "+step.Name] = "set -eo pipefail\n" + step.Run
		}
	}
	for _, file := range gitlabFiles {
		for name, job := range readJobs(t, file) {
			scripts[file+": "+name] = strings.Join(append(job.Before, job.Script...), "\n")
		}
	}
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skipf("%v", err)
	}
	for name, script := range scripts {
		// Arguments that are separated by spaces are meant to be split.
		cmd := exec.Command("shellcheck", "--shell=bash", "--exclude=SC2086", "-")
		cmd.Stdin = strings.NewReader(script)
		if out, status := combined(t, cmd); status != 0 {
			t.Errorf("%s: shellcheck says\n%s", name, out)
		}
	}
}
