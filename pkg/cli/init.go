package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/scaffold"
)

type initFlags struct {
	dryRun bool
	force  bool
}

func newInitCommand() *cobra.Command {
	var f initFlags
	cmd := &cobra.Command{
		Use:   "init [flags] [DIR]",
		Short: "Write the settings, the hook and the CI job by which a repository adopts memgate",
		Long: `Look at the repository at DIR, or at the current directory, and write what it needs to
run memgate:

  .memgate.yaml                  settings: where its manifests are, what is left out
  .pre-commit-config.yaml        the hook for pre-commit
  .github/workflows/memgate.yml  the job for GitHub, if the repository is hosted there
  .gitlab/memgate.gitlab-ci.yml  the job for GitLab, likewise

Nothing that is there is written over. What belongs in a file of your own is printed.`,
		Example: `  memgate init --dry-run
  memgate init && memgate check`,
		Args: cobra.MaximumNArgs(1),
	}
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "print the files and write none")
	cmd.Flags().BoolVar(&f.force, "force", false, "write memgate's own files over those that are there")
	cmd.ValidArgsFunction = cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return runInit(cmd.Context(), cmd.OutOrStdout(), f, append(args, ".")[0])
	}
	return cmd
}

func runInit(ctx context.Context, out io.Writer, f initFlags, root string) error {
	if info, err := os.Stat(root); err != nil {
		return inWords(err)
	} else if !info.IsDir() {
		return fmt.Errorf("%s: got a file, want the directory of a repository", root)
	}
	if up := git(ctx, root, "rev-parse", "--show-cdup"); up != "" {
		return fmt.Errorf("%s: got a directory below the top of a repository, want its top, %s", root, filepath.Join(root, up))
	}
	survey, err := scaffold.Look(root, git(ctx, root, "config", "--get", "remote.origin.url"))
	if err != nil {
		return err
	}
	fault := loads(root, survey.Policies)
	for _, file := range survey.Files(revision(built().Number), fault) {
		if err := f.write(out, root, file); err != nil {
			return err
		}
	}
	if !survey.GitHub && !survey.GitLab {
		fmt.Fprintln(out, "no CI job: there is no .github, no .gitlab-ci.yml, and no origin at one of them")
	}
	if len(survey.Paths) == 0 {
		fmt.Fprintln(out, "there is no manifest yet")
	}
	_, err = io.WriteString(out, `
Next:
  memgate check          judge the manifests by the settings
  memgate baseline       accept what is found today; set "baseline" in .memgate.yaml then
  pre-commit install     judge every commit
`)
	return err
}

// git is what git answers in a directory, "" if it has no answer.
func git(ctx context.Context, dir string, args ...string) string {
	text, err := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// loads tells why the policies at paths below root cannot be used together with the default
// bundle, with the names that they have there.
func loads(root string, paths []string) error {
	if len(paths) == 0 {
		return nil
	}
	var cmd cobra.Command
	var f policyFlags
	f.register(&cmd)
	if err := cmd.Flags().Set("bundle", defaultBundle); err != nil {
		return err
	}
	for _, path := range paths {
		f.paths = append(f.paths, filepath.Join(root, filepath.FromSlash(path)))
	}
	_, _, err := f.client(engine.Options{Point: policy.OfflinePoint})
	if root = filepath.ToSlash(filepath.Clean(root)); err == nil || root == "." {
		return err
	}
	return errors.New(strings.ReplaceAll(err.Error(), strings.TrimSuffix(root, "/")+"/", ""))
}

// revision is what files name to get memgate of a version: its tag, if it is a release.
func revision(version string) string {
	if release, err := regexp.MatchString(`^v[0-9]+\.[0-9]+\.[0-9]+$`, version); err == nil && release {
		return version
	}
	return scaffold.Unreleased
}

// write writes a file, or says why it does not.
func (f initFlags) write(out io.Writer, root string, file scaffold.File) error {
	name := filepath.Join(root, filepath.FromSlash(file.Name))
	there, err := os.ReadFile(name)
	missing := errors.Is(err, fs.ErrNotExist)
	own := file.Merge == ""
	switch {
	case err != nil && !missing:
		return inWords(err)
	case !missing && !own && !strings.Contains(string(there), file.Mark):
		_, err = fmt.Fprintf(out, "%s is yours; add to it\n\n%s\n", name, file.Merge)
		return err
	case !missing && !(own && f.force):
		_, err = fmt.Fprintf(out, "%s is there already\n", name)
		return err
	case f.dryRun:
		_, err = fmt.Fprintf(out, "would write %s\n\n%s\n", name, file.Text)
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return inWords(err)
	}
	how := os.O_WRONLY | os.O_CREATE | os.O_EXCL // nor through a link to elsewhere
	if !missing {
		how = os.O_WRONLY | os.O_TRUNC
	}
	to, err := os.OpenFile(name, how, 0o666)
	if err != nil {
		return inWords(err)
	}
	_, err = io.WriteString(to, file.Text)
	if err := errors.Join(err, to.Close()); err != nil {
		return inWords(err)
	}
	_, err = fmt.Fprintf(out, "wrote %s\n", name)
	return err
}
