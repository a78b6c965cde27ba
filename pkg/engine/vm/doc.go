// Package vm runs plans of OPA's intermediate representation (v1/ir) on plain Go
// values: the parsed manifest is the input, as it is. What it answers is what OPA's
// topdown evaluator would answer; what it does not know it declares, with an
// *Unsupported error, so that the caller asks topdown. It knows Rego's values and
// statements, and neither reviews nor constraints.
package vm
