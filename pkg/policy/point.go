package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Enforcement points of Gatekeeper: what a scoped constraint can be enforced by. The
// webhook and the offline tool take the place of the first two.
const (
	WebhookPoint = "validation.gatekeeper.sh"
	OfflinePoint = "gator.gatekeeper.sh"
	AuditPoint   = "audit.gatekeeper.sh"
	VAPPoint     = "vap.k8s.io"
	AnyPoint     = "*" // all of them
)

// Points are the enforcement points that Gatekeeper knows (v3.23 pkg/util), but for
// AnyPoint.
func Points() []string { return []string{WebhookPoint, AuditPoint, OfflinePoint, VAPPoint} }

// CheckPoint is an error for what is no enforcement point. AnyPoint is one.
func CheckPoint(name string) error {
	if name == AnyPoint || slices.Contains(Points(), name) {
		return nil
	}
	return fmt.Errorf("enforcement point %q not found; have %s, %s", name, strings.Join(Points(), ", "), AnyPoint)
}

// ProcessOf is the process of Gatekeeper by which its Config excludes namespaces from an
// enforcement point: all but the audit go by the webhook's.
func ProcessOf(point string) string {
	if point == AuditPoint {
		return AuditProcess
	}
	return WebhookProcess
}
