// Package gator compares memgate's verdicts with those of Gatekeeper's own command line
// tool, process against process. It is a module of its own that requires Gatekeeper and
// nothing else, so that gator is built with the OPA that Gatekeeper releases with; it
// holds tests only.
package gator
