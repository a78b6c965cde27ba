// Package policies is the folder of the rules. It holds no Go but the tests that all
// rules have to pass: their own in Rego, the same on their templates, and their examples.
package policies
