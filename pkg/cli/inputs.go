package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/memgate/memgate/pkg/check"
	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/expansion"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/report"
	"github.com/memgate/memgate/pkg/source"
)

// inputFlags say what is judged, and what is known beside it.
type inputFlags struct {
	exclude      []string
	noIgnore     bool
	noKustomize  bool
	namespace    string
	context      []string
	namespaces   []string // more of it
	stream       bool
	expand       bool
	noDefaults   bool
	point        string
	maxDocument  size
	refdataLimit size

	build   Builder
	written []output // what is written is not read
}

func (f *inputFlags) register(cmd *cobra.Command) {
	f.maxDocument, f.refdataLimit = 32<<20, 256<<20
	flags := cmd.Flags()
	flags.StringArrayVar(&f.exclude, "exclude", nil, "glob of files and directories that are left out, such as vendor or charts/**/tests; repeatable")
	flags.BoolVar(&f.noIgnore, "no-ignore", false, "judge what git ignores, too")
	flags.BoolVar(&f.noKustomize, "no-kustomize", false, "judge the files of kustomizations as they are written, not what they build")
	flags.StringVarP(&f.namespace, "namespace", "n", "", "namespace of objects that name none")
	flags.StringArrayVar(&f.context, "context", nil, "file or directory of objects that policies may read, such as Namespaces and LimitRanges, and that are not judged; repeatable")
	flags.StringArrayVar(&f.namespaces, "namespaces", nil, "the same as --context")
	flags.BoolVar(&f.stream, "stream", false, "read the input once, in constant memory, and report each finding at once (json: an object a line); policies may read --context and earlier documents")
	flags.StringVar(&f.point, "enforcement-point", policy.OfflinePoint, "enforcement point at which constraints are judged")
	flags.BoolVar(&f.expand, "expand", false, "judge the Pods of all built-in workloads, too, as ExpansionTemplates among the policies have it for some")
	flags.BoolVar(&f.noDefaults, "no-defaults", false, "judge Pods as they are written, without the requests and limits that an API server fills in")
	mustComplete(cmd, "enforcement-point", append(policy.Points(), policy.AnyPoint)...)
	flags.Var(&f.maxDocument, "max-document", "size of the largest document that is read")
	flags.Var(&f.refdataLimit, "refdata-limit", "bytes of reference data that are kept; 0 means no limit")
}

func (f *inputFlags) validate() error {
	if err := policy.CheckPoint(f.point); err != nil {
		return fmt.Errorf("--enforcement-point: %w", err)
	}
	return nil
}

// orHere is the current directory where no path is named.
func orHere(paths []string) []string {
	if len(paths) == 0 {
		return []string{"."}
	}
	return paths
}

// find finds the input.
func (f *inputFlags) find(paths []string, in io.Reader) (source.Found, error) {
	paths = orHere(paths)
	found, err := f.source().Find(paths, in)
	if err == nil {
		found.Files, err = unwritten(found.Files, f.written, paths)
	}
	return found, err
}

func (f *inputFlags) source() source.Options {
	return source.Options{Exclude: f.exclude, NoIgnore: f.noIgnore, Kustomize: !f.noKustomize}
}

// builder builds kustomizations, if that is wanted.
func (f *inputFlags) builder() Builder {
	if f.noKustomize {
		return nil
	}
	return f.build
}

// keep are the kinds that are read beside those of policies.
func (f *inputFlags) keep() []engine.Kind {
	if f.noDefaults {
		return nil
	}
	return []engine.Kind{check.LimitRange}
}

// parity sets what a cluster does beside judging.
func (f *inputFlags) parity(options *check.Options, set *policy.Set) error {
	system, err := expansion.New(set.Expansions)
	if err != nil {
		return err
	}
	if f.expand {
		system = system.WithBuiltIn()
	}
	options.Expansion, options.Defaults = system, !f.noDefaults
	options.Exclusions, options.Process = set.Exclusions, policy.ProcessOf(f.point)
	for _, mutator := range set.Mutators {
		options.Notes = append(options.Notes, report.Note{Kind: report.NoteAssumed, Text: "mutator " + mutator + " is not applied"})
	}
	return nil
}

// collect reads the context.
func (f *inputFlags) collect(ctx context.Context, options *check.Options) error {
	files, faults, err := source.Find(slices.Concat(f.context, f.namespaces), nil)
	if err == nil {
		options.Known, err = check.Know(ctx, files, *options)
	}
	for _, fault := range faults {
		err = errors.Join(err, fault)
	}
	if err != nil {
		return fmt.Errorf("--context: %w", err)
	}
	return nil
}

func mustComplete(cmd *cobra.Command, flag string, values ...string) {
	complete(cmd, flag, func() []string { return values })
}

// complete has a shell offer values, which are asked for when it does.
func complete(cmd *cobra.Command, flag string, values func() []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values(), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // the flag is defined by whoever calls
	}
}
