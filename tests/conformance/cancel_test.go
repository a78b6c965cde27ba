package conformance

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/frameworks/constraint/pkg/client/reviews"

	"github.com/memgate/memgate/pkg/engine/driver"
	"github.com/memgate/memgate/pkg/policy"
)

// TestDeadline ends queries that would run for hours: what the framework reports of the
// end, memgate's driver reports too.
func TestDeadline(t *testing.T) {
	policies := read(t, "testdata/endless/templates.yaml")
	subject := subject{object: read(t, "testdata/scoped/objects.yaml")[0]}
	said := map[string]string{}
	for name, p := range map[string]peer{
		"the framework": newPeer(t, stockDriver(t), policy.OfflinePoint),
		"driver.Driver": newPeer(t, driver.New(), policy.OfflinePoint),
	} {
		if err := p.load(policies, nil); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		augmented, opts, err := subject.augmented()
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		responses, err := p.client.Review(ctx, augmented, append(opts, reviews.EnforcementPoint(policy.OfflinePoint))...)
		if err != nil {
			said[name] = err.Error()
			continue
		}
		var found []verdict
		for _, result := range responses.Results() {
			found = append(found, verdictOf(result))
		}
		said[name] = answer(sorted(found), nil)
	}
	if got, want := said["driver.Driver"], said["the framework"]; got != want || !strings.Contains(want, "deadline") {
		t.Errorf("driver.Driver says %s\nwant %s", got, want)
	}
}
