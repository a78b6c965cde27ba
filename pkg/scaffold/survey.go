// Package scaffold makes the files by which a repository adopts memgate: its settings, the
// hook of pre-commit and a job of its CI. It knows what such files look like and what of a
// repository they depend on, not how manifests are judged.
package scaffold

import (
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/source"
)

// A Survey is what of a repository its files depend on. Names are slash-separated and
// relative to its root, lists are sorted.
type Survey struct {
	Paths    []string // directories of the first level that hold manifests; "." if the root does
	Exclude  []string // globs of Helm's templates, before they are rendered, and of vendored charts
	Context  []string // files of Namespaces and LimitRanges
	Policies []string // directories of ConstraintTemplates and constraints; none without a template
	Suites   bool     // there are tests of policies
	GitHub   bool     // it is hosted on, or has files for, GitHub
	GitLab   bool     // or GitLab
}

// Look surveys the repository at a directory whose remote is origin, an URL as git has
// them, or "". What git ignores does not count, nor does what cannot be read. The error is
// one of reading the directory itself.
func Look(root, origin string) (Survey, error) {
	found, err := source.Options{}.Find([]string{root}, nil)
	if err != nil {
		return Survey{}, err
	}
	host := hostOf(origin)
	s := Survey{
		GitHub: host == "github.com" || exists(root, ".github"),
		GitLab: strings.Contains(host, "gitlab") || exists(root, gitlabMain),
	}
	templates := false
	for _, file := range found.Files {
		name, err := filepath.Rel(root, filepath.FromSlash(file.Name))
		if err != nil {
			return Survey{}, err
		}
		name = filepath.ToSlash(name)
		if dir := unrendered(root, name); dir != "" {
			s.Exclude = append(s.Exclude, globOf(dir))
			continue
		}
		holds := look(file)
		if holds.manifests {
			s.Paths = append(s.Paths, top(name))
		}
		if holds.context {
			s.Context = append(s.Context, name)
		}
		if holds.policies {
			s.Policies = append(s.Policies, path.Dir(name))
		}
		templates = templates || holds.templates
		s.Suites = s.Suites || holds.suites
	}
	s.Paths, s.Exclude, s.Context, s.Policies = tops(s.Paths), tops(s.Exclude), tops(s.Context), tops(s.Policies)
	if !templates {
		s.Policies = nil
	}
	return s, nil
}

// unrendered is the directory of a Helm chart that a file stands in and that holds no
// manifests yet: its templates, or the charts that it vendors. "" means that there is none.
func unrendered(root, name string) (dir string) {
	for at := path.Dir(name); at != "."; at = path.Dir(at) {
		switch path.Base(at) {
		case "templates", "charts":
			if exists(root, path.Join(path.Dir(at), "Chart.yaml")) {
				dir = at // the outermost wins
			}
		}
	}
	return dir
}

func exists(root, name string) bool {
	_, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
	return err == nil
}

// globOf matches what is below a directory, and has a slash, so that it is not matched
// against directories of the same name elsewhere.
func globOf(dir string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "{", `\{`).Replace(dir) + "/**"
}

// holdings are what a file holds.
type holdings struct {
	manifests, context, policies, templates, suites bool
}

func look(file source.File) (holds holdings) {
	if file.Patch != "" {
		return holds
	}
	in, err := file.Open()
	if err != nil {
		return holds
	}
	defer in.Close() //nolint:errcheck // read only
	whole := true
	for reader := manifest.NewReader(file.Name, in, manifest.Options{}); ; {
		object, err := reader.Next()
		var syntax *manifest.SyntaxError
		var not *manifest.NotManifestError
		switch {
		case errors.Is(err, io.EOF):
			// A context that cannot be read is an error in every run.
			holds.context = holds.context && whole
			return holds
		case errors.As(err, &not):
			continue
		case errors.As(err, &syntax):
			whole = false
			continue
		case err != nil:
			return holdings{}
		}
		holds.add(object)
	}
}

func (h *holdings) add(object *manifest.Object) {
	h.manifests = true
	switch group, _, _ := strings.Cut(object.APIVersion(), "/"); {
	case group == "v1":
		context := object.Kind() == "Namespace" || object.Kind() == "LimitRange"
		h.context = h.context || context && object.Name() != ""
	case group == "test.gatekeeper.sh":
		h.suites = true
	case policy.IsPolicy(object):
		h.policies = true
		h.templates = h.templates || group == policy.TemplateGroup
	}
}

// top is the directory of the first level that a file is below, "." for one at the root.
func top(name string) string {
	dir, _, below := strings.Cut(name, "/")
	if !below {
		return "."
	}
	return dir
}

// tops are the names without repetitions and without those below others, sorted.
func tops(names []string) []string {
	slices.Sort(names)
	names = slices.Compact(names)
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.ContainsFunc(names, func(other string) bool {
			return other != name && (other == "." || strings.HasPrefix(name, other+"/"))
		})
	})
}

// hostOf is the host of an URL as git has them: https://HOST/..., ssh://git@HOST:22/... or
// git@HOST:... .
func hostOf(url string) string {
	if _, rest, ok := strings.Cut(url, "://"); ok {
		url = rest
	}
	host, _, _ := strings.Cut(url, "/")
	host = host[strings.LastIndex(host, "@")+1:] // a password may have one, too
	host, _, _ = strings.Cut(host, ":")
	return strings.ToLower(host)
}
