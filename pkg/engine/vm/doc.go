// Package vm runs plans of OPA's intermediate representation (v1/ir) on plain Go
// values: the parsed manifest is the input, as it is. What it answers is what OPA's
// topdown evaluator would answer; what it does not know it declares, with an
// *Unsupported error, so that the caller asks topdown. It knows Rego's values and
// statements, and neither reviews nor constraints.
//
// Plan asks OPA for a plan, Encode writes it as bytes that can be kept, Load makes a
// Program of these; Compile is both. Program.Eval and Rule.Eval run it: a function of the
// policy becomes Go functions when it is called first, so that a program of many rules
// costs no more than what is used of it. Functions are evaluated once for the same
// arguments; a Memo keeps what they gave for all evaluations on the same review.
//
// Two answers are not topdown's: where numbers are equal and have different texts, such
// as 1 and 1.0, a comprehension that topdown indexes may give back either; and a program
// on which topdown itself fails, with an internal error, has its result here.
package vm
