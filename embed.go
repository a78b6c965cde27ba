// Package memgate holds the generated ConstraintTemplates for package policy, because
// no package can embed what stands above its folder. Nothing else imports it.
package memgate

import "embed"

// Templates is the folder templates/: one ConstraintTemplate per rule, <id>.yaml.
//
//go:embed templates/*.yaml
var Templates embed.FS
