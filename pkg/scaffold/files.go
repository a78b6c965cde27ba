package scaffold

import (
	_ "embed"
	"strings"
)

// A File is one that a repository adopts memgate by.
type File struct {
	Name string // slash-separated, relative to the root
	Text string
	// Merge is what its user adds to a file of the name that is not memgate's, which is
	// never written over; "" means that the file is memgate's own.
	Merge string
	// Mark is what such a file contains where it has memgate already.
	Mark string
}

// Names of what is written.
const (
	settingsName = ".memgate.yaml"
	hooksName    = ".pre-commit-config.yaml"
	githubName   = ".github/workflows/memgate.yml"
	gitlabMain   = ".gitlab-ci.yml"
	gitlabName   = ".gitlab/memgate.gitlab-ci.yml"
)

// Unreleased is the revision that files name where there is no release: the branch.
const Unreleased = "main"

//go:embed github.yml
var github string

//go:embed gitlab-ci.yml
var gitlab string

// Files are those that a repository adopts memgate by, of a revision of memgate. The fault
// is why its policies do not load together, nil if they do.
func (s Survey) Files(revision string, fault error) []File {
	// The texts name the branch with what to take in its place.
	at := func(text string) string {
		if revision == Unreleased {
			return text
		}
		for _, note := range []string{" # better a release", " # better the hash of a commit"} {
			text = strings.ReplaceAll(text, Unreleased+note, revision)
		}
		return text
	}
	hook := at(hookEntry)
	if s.Suites {
		hook += "      - id: memgate-verify\n"
	}
	files := []File{
		{Name: settingsName, Text: s.settings(fault)},
		{Name: hooksName, Text: "# https://pre-commit.com: \"pre-commit install\" runs these hooks before each commit.\nrepos:\n" + hook, Merge: hook, Mark: "memgate/memgate"},
	}
	if s.GitHub {
		files = append(files, File{Name: githubName, Text: at(github)})
	}
	if s.GitLab {
		include := "include:\n  - local: " + gitlabName + "\n"
		files = append(files,
			File{Name: gitlabName, Text: at(gitlab)},
			File{Name: gitlabMain, Text: include, Merge: include, Mark: gitlabName})
	}
	return files
}

const hookEntry = `  - repo: https://github.com/memgate/memgate
    rev: main # better a release
    hooks:
      - id: memgate-check
`
