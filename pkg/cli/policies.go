package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
)

const defaultBundle = "baseline"

// policyFlags say which policies a command judges by, and how they are evaluated.
type policyFlags struct {
	command *cobra.Command
	bundles []string
	paths   []string
	engine  string
}

func (f *policyFlags) register(cmd *cobra.Command) {
	f.command = cmd
	flags := cmd.Flags()
	flags.StringSliceVar(&f.bundles, "bundle", []string{defaultBundle}, "built-in bundle to judge by; repeatable")
	flags.StringArrayVar(&f.paths, "policy", nil, "file or directory of templates and constraints, in place of the default bundle; repeatable")
	flags.StringVar(&f.engine, "engine", engine.Topdown, "evaluator: topdown (OPA's), vm (faster, the same verdicts) or verify (both; a difference is an error)")
}

// client loads and compiles the policies. The error joins one for each that does not
// load.
func (f *policyFlags) client(point string, refdataLimit int64) (*engine.Client, error) {
	set, err := f.load()
	if err != nil {
		return nil, err
	}
	client, err := engine.NewClient(set, engine.Options{Point: point, RefdataLimit: refdataLimit, Engine: f.engine})
	if err != nil {
		return nil, located(err)
	}
	set.Forget()
	return client, nil
}

// load is the union of the policies at --policy and of the bundles. The default bundle
// is left out where --policy is given without --bundle.
func (f *policyFlags) load() (*policy.Set, error) {
	var (
		sets []*policy.Set
		errs []error
	)
	if len(f.paths) > 0 {
		set, err := policy.Load(f.paths)
		sets, errs = append(sets, set), append(errs, err)
	}
	if len(f.paths) == 0 || f.command.Flags().Changed("bundle") {
		for _, name := range f.bundles {
			set, err := policy.Bundle(name)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			sets = append(sets, set)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return policy.Merge(sets...)
}

// located puts the place in the file before the compile errors of templates.
func located(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var errs []error
		for _, part := range joined.Unwrap() {
			errs = append(errs, located(part))
		}
		return errors.Join(errs...)
	}
	var template *engine.TemplateError
	if !errors.As(err, &template) {
		return err
	}
	var errs []error
	for _, fault := range compileErrors(template.Err) {
		place := template.Template.Source.Place(template.Template.CodeAt(fault.Lib))
		// The lines of a block scalar begin below its key.
		at := place.Start
		if place.End.Line > at.Line && fault.Line > 0 {
			at.Line, at.Column = at.Line+fault.Line, 0
		}
		errs = append(errs, &policy.Error{Position: at, Text: "template " + template.Template.Kind + ": " + fault.Error()})
	}
	return errors.Join(errs...)
}

func compileErrors(err error) []*engine.CompileError {
	var found []*engine.CompileError
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, part := range joined.Unwrap() {
			found = append(found, compileErrors(part)...)
		}
		return found
	}
	var fault *engine.CompileError
	if !errors.As(err, &fault) {
		fault = &engine.CompileError{Lib: -1, Text: err.Error()}
	}
	return append(found, fault)
}
