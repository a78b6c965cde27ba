package policy

import (
	"fmt"
	"strings"

	"github.com/memgate/memgate"
	"github.com/memgate/memgate/pkg/policy/pack"
)

// Page is the page of a built-in rule, as Markdown.
func Page(id string) (string, error) {
	for _, rule := range pack.Rules {
		if rule.ID != id {
			continue
		}
		text, err := memgate.Pages.ReadFile("policies/" + rule.Group + "/" + strings.ReplaceAll(id, "-", "_") + "/README.md")
		if err != nil {
			return "", err
		}
		_, page, _ := strings.Cut(string(text), "\n\n") // without the line that says it is generated
		return page, nil
	}
	return "", fmt.Errorf("rule %q not found; memgate rules lists them", id)
}
