package policy

import (
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/policy/pack"
)

func TestPage(t *testing.T) {
	for _, rule := range pack.Rules {
		page, err := Page(rule.ID)
		if err != nil {
			t.Errorf("Page(%q): %v", rule.ID, err)
			continue
		}
		if want := "# " + rule.Title + "\n"; !strings.HasPrefix(page, want) {
			t.Errorf("Page(%q) begins with %.60q, want %q", rule.ID, page, want)
		}
	}
	if _, err := Page("shm-volume"); err == nil || err.Error() != `rule "shm-volume" not found; memgate rules lists them` {
		t.Errorf("Page of no rule: error = %v", err)
	}
}
