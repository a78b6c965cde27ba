package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// gitlabFiles are the files of GitLab CI that users include.
var gitlabFiles = []string{"pkg/scaffold/gitlab-ci.yml", "docs/integrations/gitlab-gate.yml"}

// A gitlabJob is what a file of GitLab CI says of a job.
type gitlabJob struct {
	Variables map[string]string
	Before    []string `json:"before_script"`
	Script    []string
	Artifacts struct {
		When    string
		Expire  string `json:"expire_in"`
		Reports map[string]string
	}
	Rules []struct{ If string }
}

func readJobs(t *testing.T, file string) map[string]gitlabJob {
	t.Helper()
	var jobs map[string]gitlabJob
	decode(t, filepath.Join(root, file), &jobs)
	return jobs
}

// run runs the scripts of a job as a runner with a shell does: all lines by one bash, until
// one fails.
func (j gitlabJob) run(t *testing.T, dir string, env ...string) (string, int) {
	t.Helper()
	cmd := exec.Command("bash", "-eo", "pipefail", "-c", strings.Join(append(j.Before, j.Script...), "\n"))
	cmd.Dir = dir
	cmd.Env = os.Environ()
	for name, value := range j.Variables {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Env = append(cmd.Env, env...)
	return combined(t, cmd)
}

// reports wants the reports of a job to be where its artifacts say.
func (j gitlabJob) reports(t *testing.T, dir string) {
	t.Helper()
	if j.Artifacts.When != "always" || j.Artifacts.Expire == "" || j.Artifacts.Reports["codequality"] == "" {
		t.Errorf("artifacts: got %+v, want a Code Quality report, always, that expires", j.Artifacts)
	}
	for kind, name := range j.Artifacts.Reports {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("the %s report %s: %v", kind, name, err)
		}
	}
}

func TestGitLabJob(t *testing.T) {
	job := readJobs(t, gitlabFiles[0])["memgate"]
	for _, tc := range []struct {
		name  string
		files map[string]string
		env   []string
		want  int
	}{
		{"clean", map[string]string{"pod.yaml": goodPod}, nil, 0},
		{"denied", map[string]string{"pod.yaml": badPod}, nil, 1},
		{"not judged", map[string]string{"pod.yaml": brokenPod}, nil, 3},
		{"arguments", map[string]string{"pod.yaml": badPod}, []string{"MEMGATE_ARGS=--bundle shm --allow-no-manifests"}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, tc.files)
			if out, got := job.run(t, dir, tc.env...); got != tc.want {
				t.Errorf("exit status %d, want %d\n%s", got, tc.want, out)
			}
			job.reports(t, dir)
		})
	}
	if len(job.Rules) != 2 {
		t.Errorf("%d rules, want one for merge requests and one for the default branch", len(job.Rules))
	}
}

// TestGitLabGate wants the settings and the baseline of the target branch to count, whatever
// a merge request does to its own.
func TestGitLabGate(t *testing.T) {
	job := readJobs(t, gitlabFiles[1])["memgate-gate"]
	origin, dir := t.TempDir(), t.TempDir()
	accepted := strings.Replace(badPod, "name: web", "name: old", 1)
	write(t, origin, map[string]string{"old.yaml": accepted})
	run(t, origin, "memgate", "baseline")
	write(t, origin, map[string]string{".memgate.yaml": "paths: [.]\n"})
	commit(t, origin, "base")
	branch := strings.TrimSpace(run(t, origin, "git", "branch", "--show-current"))
	run(t, dir, "git", "clone", "-q", origin, ".")
	target := "CI_MERGE_REQUEST_TARGET_BRANCH_NAME=" + branch

	if out, got := job.run(t, dir, target); got != 0 {
		t.Errorf("nothing is new: exit status %d, want 0\n%s", got, out)
	}
	job.reports(t, dir)
	write(t, dir, map[string]string{"new.yaml": badPod, ".memgate.yaml": "paths: [old.yaml]\nenforcement-point: none.example.org\n"})
	run(t, dir, "memgate", "baseline", "--config", os.DevNull)
	out, got := job.run(t, dir, target)
	if got != 1 || !strings.Contains(out, "new.yaml:4:") || strings.Contains(out, "old.yaml:4:") {
		t.Errorf("a denied object with settings and a baseline that hide it: exit status %d, want 1 for new.yaml alone\n%s", got, out)
	}
}

// TestGitHubFiles wants the workflows to give the action inputs that it has.
func TestGitHubFiles(t *testing.T) {
	inputs := readAction(t).Inputs
	for _, file := range []string{"pkg/scaffold/github.yml", "docs/integrations/github-gate.yml"} {
		var workflow struct {
			Permissions map[string]string
			Jobs        map[string]struct {
				Steps []struct {
					Uses string
					With map[string]any
				}
			}
		}
		decode(t, filepath.Join(root, file), &workflow)
		runs := 0
		for _, job := range workflow.Jobs {
			for _, step := range job.Steps {
				if !strings.HasPrefix(step.Uses, "memgate/memgate@") {
					continue
				}
				runs++
				for name := range step.With {
					if _, ok := inputs[name]; !ok {
						t.Errorf("%s: the action has no input %q", file, name)
					}
				}
				if upload := step.With["upload-sarif"]; (upload == true) != (workflow.Permissions["security-events"] == "write") {
					t.Errorf("%s: upload-sarif is %v, permissions are %v", file, upload, workflow.Permissions)
				}
			}
		}
		if runs != 1 || workflow.Permissions["contents"] != "read" {
			t.Errorf("%s: memgate is used %d times with permissions %v, want once with the right to read", file, runs, workflow.Permissions)
		}
	}
}
