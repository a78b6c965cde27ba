// Package engine evaluates ConstraintTemplates. Driver is a drivers.Driver of the
// constraint framework and gives its results literally; Client matches constraints to
// reviews itself and tells violations from what could not be judged. Both run the same
// compiled programs: Driver on OPA's topdown evaluator, Client on that, on the plans of
// package vm, or on both. The package knows neither files, formats nor HTTP.
package engine
