// Package policy holds what a run judges by: ConstraintTemplates, their constraints,
// and the bundles built into the binary. It reads them, checks constraints against
// the schema of their template and fills in its defaults. It knows neither Rego nor
// the objects that are judged.
package policy
