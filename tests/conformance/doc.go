// Package conformance compares memgate's engine with the constraint framework and
// Gatekeeper's target, in one process and on one OPA: driver.Driver literally,
// engine.Client after mapping errors one to one, and review.Match with Gatekeeper's
// matcher. It also holds the verdicts of both on what public charts render and on the
// manifests of upstream incidents, in testdata/charts, controls and incidents: a line of
// which something is reported says so in a comment. It holds tests only, in a module of
// its own, because the peers must not become dependencies of the root module.
package conformance
