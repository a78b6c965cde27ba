// Package engine judges reviews by sets of policies. Client matches constraints to
// reviews and tells violations from what could not be judged. It evaluates Rego on the
// plans of package vm, on OPA's topdown (package rego), or on both; and CEL where a
// template has no Rego (package cel). The package knows neither files, formats nor HTTP.
package engine
