package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/memgate/memgate/pkg/cache"
	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/policy/pack"
)

const defaultBundle = "baseline"

// policyFlags say which policies a command judges by, and how they are evaluated.
type policyFlags struct {
	command *cobra.Command
	bundles []string
	paths   []string
	engine  string
	caches  bool // the command keeps plans between runs
	noCache bool
	steps   int64
	memory  size
}

func (f *policyFlags) register(cmd *cobra.Command) {
	f.command = cmd
	flags := cmd.Flags()
	flags.StringSliceVar(&f.bundles, "bundle", []string{defaultBundle}, "built-in bundle to judge by; repeatable")
	flags.StringArrayVar(&f.paths, "policy", nil, "file or directory of templates and constraints, in place of the default bundle; repeatable")
	registerEngine(cmd, &f.engine)
	complete(cmd, "bundle", policy.Bundles)
	f.memory = engine.DefaultBytes
	flags.Int64Var(&f.steps, "review-steps", engine.DefaultSteps, "steps of evaluation that judging one object may take; -1 means no limit")
	flags.Var(&f.memory, "review-memory", "memory that judging one object may take, roughly; 0 means no limit")
}

func registerEngine(cmd *cobra.Command, value *string) {
	cmd.Flags().StringVar(value, "engine", engine.VM, "evaluator: vm, topdown (OPA's, slower, the same verdicts) or verify (both; a difference is an error)")
	mustComplete(cmd, "engine", engine.VM, engine.Topdown, engine.Verify)
}

// registerCache adds the flag of commands that keep plans between runs.
func (f *policyFlags) registerCache(cmd *cobra.Command) {
	f.caches = true
	cmd.Flags().BoolVar(&f.noCache, "no-cache", false, "neither read nor write the user's cache of compiled policies; built-in bundles need none")
}

// client loads and compiles the policies. The error joins one for each that does not
// load. The options are completed by the flags.
func (f *policyFlags) client(options engine.Options) (*engine.Client, *policy.Set, error) {
	set, err := f.load()
	if err != nil {
		return nil, nil, err
	}
	client, err := engine.NewClient(set, f.complete(options))
	if err != nil {
		return nil, nil, located(err)
	}
	set.Forget()
	return client, set, nil
}

// complete are the options with those of the flags.
func (f *policyFlags) complete(options engine.Options) engine.Options {
	options.Engine, options.Plans, options.Steps, options.Bytes = f.engine, pack.Plans, f.steps, int64(f.memory)
	if options.Bytes == 0 {
		options.Bytes = -1
	}
	if f.caches && !f.noCache {
		if dir, err := cache.Open(); err == nil { // else every run compiles
			options.Cache = dir
		}
	}
	return options
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
	for _, fault := range template.Faults() {
		place := template.Template.Source().Place(fault.Path)
		// The lines of a block scalar begin below its key.
		at := place.Start
		if place.End.Line > at.Line && fault.Line > 0 {
			at.Line, at.Column = at.Line+fault.Line, 0
		}
		errs = append(errs, &policy.Error{Position: at, Text: "template " + template.Template.Kind + ": " + fault.Text})
	}
	return errors.Join(errs...)
}
