// Package memgate holds the generated templates and pages of the rules for package
// policy, because no package can embed what stands above its folder. Nothing else
// imports it.
package memgate

import "embed"

// Templates is the folder templates/: one ConstraintTemplate per rule, <id>.yaml.
//
//go:embed templates/*.yaml
var Templates embed.FS

// Pages are policies/<group>/<rule>/README.md: one page per rule.
//
//go:embed policies/*/*/README.md
var Pages embed.FS
