// Package engine evaluates ConstraintTemplates. Driver is a drivers.Driver of the
// constraint framework and gives its results literally; Client matches constraints to
// reviews itself and tells violations from what could not be judged. Both run the
// same compiled programs on OPA's topdown evaluator. The package knows neither files,
// formats nor HTTP.
package engine
