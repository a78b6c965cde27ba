// Package rego compiles the Rego of ConstraintTemplates as the constraint framework's Rego
// driver does, and evaluates it with OPA's topdown. It knows neither constraints nor
// matching; package vm runs what it compiles from plans.
package rego
