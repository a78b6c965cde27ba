package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/memgate/memgate/pkg/check"
	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/source"
)

// inputFlags say what is judged, and what is known beside it.
type inputFlags struct {
	namespace    string
	context      []string
	stream       bool
	point        string
	maxDocument  size
	refdataLimit size

	written []output // what is written is not read
}

func (f *inputFlags) register(cmd *cobra.Command) {
	f.maxDocument, f.refdataLimit = 32<<20, 256<<20
	flags := cmd.Flags()
	flags.StringVarP(&f.namespace, "namespace", "n", "", "namespace of objects that name none")
	flags.StringArrayVar(&f.context, "context", nil, "file or directory of objects that policies may read, such as Namespaces and LimitRanges, and that are not judged; repeatable")
	flags.StringArrayVar(&f.context, "namespaces", nil, "the same as --context")
	flags.BoolVar(&f.stream, "stream", false, "read the input once, in constant memory, and report each finding at once (json: an object a line); policies may read --context and earlier documents")
	flags.StringVar(&f.point, "enforcement-point", policy.OfflinePoint, "enforcement point at which constraints are judged")
	flags.Var(&f.maxDocument, "max-document", "size of the largest document that is read")
	flags.Var(&f.refdataLimit, "refdata-limit", "bytes of reference data that are kept; 0 means no limit")
}

// find finds the input.
func (f *inputFlags) find(paths []string, in io.Reader) ([]source.File, []*source.PathError, error) {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	files, faults, err := source.Find(paths, in)
	if err != nil {
		return nil, nil, err
	}
	files, err = unwritten(files, f.written, paths)
	return files, faults, err
}

// collect reads the context.
func (f *inputFlags) collect(ctx context.Context, client *engine.Client) error {
	files, faults, err := source.Find(f.context, nil)
	if err == nil {
		err = check.Collect(ctx, files, check.Options{Client: client, Namespace: f.namespace, MaxDocument: int64(f.maxDocument)})
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
	err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the flag is defined by whoever calls
	}
}
