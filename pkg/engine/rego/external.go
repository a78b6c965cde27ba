package rego

import (
	"context"
	"errors"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/types"
)

// ExternalData answers a call of Gatekeeper's built-in function external_data: request has
// the fields provider and keys, the response the fields responses, errors, status_code and
// system_error, as plain values. It is called by several goroutines at once.
type ExternalData func(ctx context.Context, request map[string]any) (response map[string]any, err error)

// ErrExternalData means that a template asked for external data, and no provider could be
// asked.
var ErrExternalData = errors.New("external data")

const externalName = "external_data"

// externalBuiltin is the declaration of the function, as the framework registers it.
var externalBuiltin = &ast.Builtin{
	Name:             externalName,
	Decl:             types.NewFunction(types.Args(types.A), types.A),
	Nondeterministic: true,
}

// external is the function for one evaluation. Its error ends the evaluation: that of a
// built-in would only be undefined.
func external(ctx context.Context, ask ExternalData) map[string]*topdown.Builtin {
	call := func(_ topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
		value, err := ast.JSON(operands[0].Value)
		if err != nil {
			return topdown.Halt{Err: fmt.Errorf("%w: %w", ErrExternalData, err)}
		}
		request, ok := value.(map[string]any)
		if !ok {
			return topdown.Halt{Err: fmt.Errorf("%w: got %v, want an object with provider and keys", ErrExternalData, operands[0])}
		}
		if ask == nil {
			return topdown.Halt{Err: fmt.Errorf("%w: provider %q cannot be asked here", ErrExternalData, request["provider"])}
		}
		response, err := ask(ctx, request)
		if err != nil {
			return topdown.Halt{Err: fmt.Errorf("%w: provider %q: %w", ErrExternalData, request["provider"], err)}
		}
		answer, err := ast.InterfaceToValue(response)
		if err != nil {
			return topdown.Halt{Err: fmt.Errorf("%w: provider %q: %w", ErrExternalData, request["provider"], err)}
		}
		return iter(ast.NewTerm(answer))
	}
	return map[string]*topdown.Builtin{externalName: {Decl: externalBuiltin, Func: call}}
}
