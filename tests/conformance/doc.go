// Package conformance compares memgate's engine with the constraint framework and
// Gatekeeper's target, in one process and on one OPA: engine.Driver literally,
// engine.Client after mapping errors one to one, and review.Match with Gatekeeper's
// matcher. It holds tests only, in a module of its own, because the peers must not
// become dependencies of the root module.
package conformance
