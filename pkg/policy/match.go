package policy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

// A Match is spec.match of a constraint. Its selectors are parsed; a nil selector
// matches everything. Immutable.
type Match struct {
	Source             string     `json:"source"` // All, Generated, Original or ""
	Kinds              []Kinds    `json:"kinds"`
	Scope              string     `json:"scope"` // "*", Cluster, Namespaced or ""
	Namespaces         []Wildcard `json:"namespaces"`
	ExcludedNamespaces []Wildcard `json:"excludedNamespaces"`
	Name               Wildcard   `json:"name"`

	Labels          labels.Selector `json:"-"`
	NamespaceLabels labels.Selector `json:"-"`
}

// Kinds is one entry of spec.match.kinds; an empty list or "*" stands for all.
type Kinds struct {
	APIGroups []string `json:"apiGroups"`
	Kinds     []string `json:"kinds"`
}

// A Wildcard is a name that may begin or end with "*".
type Wildcard string

// Matches reports whether the wildcard matches a name.
func (w Wildcard) Matches(name string) bool {
	front, rear := strings.HasPrefix(string(w), "*"), strings.HasSuffix(string(w), "*")
	middle := strings.TrimSuffix(strings.TrimPrefix(string(w), "*"), "*")
	switch {
	case front && rear:
		return strings.Contains(name, middle)
	case front:
		return strings.HasSuffix(name, middle)
	case rear:
		return strings.HasPrefix(name, middle)
	}
	return string(w) == name
}

// MatchesPrefix is Matches for a name of which only the beginning is known, as with
// metadata.generateName.
func (w Wildcard) MatchesPrefix(prefix string) bool {
	return strings.HasSuffix(string(w), "*") && w.Matches(prefix)
}

// NewMatch reads spec.match. A field that Gatekeeper's schema does not have is an
// error: a misspelt one would widen the match in silence.
func NewMatch(value map[string]any) (*Match, error) {
	var read struct {
		Match
		LabelSelector     *labelSelector `json:"labelSelector"`
		NamespaceSelector *labelSelector `json:"namespaceSelector"`
	}
	if err := decode(value, &read); err != nil {
		return nil, err
	}
	m := read.Match
	switch m.Source {
	case "", "All", "Generated", "Original":
	default:
		return nil, fmt.Errorf("source: got %q, want All, Generated or Original", m.Source)
	}
	switch m.Scope {
	case "", "*", "Cluster", "Namespaced":
	default:
		return nil, fmt.Errorf("scope: got %q, want *, Cluster or Namespaced", m.Scope)
	}
	for _, list := range []struct {
		field     string
		wildcards []Wildcard
	}{{"namespaces", m.Namespaces}, {"excludedNamespaces", m.ExcludedNamespaces}, {"name", []Wildcard{m.Name}}} {
		if err := checkWildcards(list.field, list.wildcards); err != nil {
			return nil, err
		}
	}
	var err error
	if m.Labels, err = read.LabelSelector.parse(); err != nil {
		return nil, fmt.Errorf("labelSelector: %w", err)
	}
	if m.NamespaceLabels, err = read.NamespaceSelector.parse(); err != nil {
		return nil, fmt.Errorf("namespaceSelector: %w", err)
	}
	return &m, nil
}

// wildcardPattern is the pattern of Gatekeeper's schema.
var wildcardPattern = regexp.MustCompile(`^\*?[-:a-z0-9]*\*?$`)

func checkWildcards(field string, wildcards []Wildcard) error {
	for _, w := range wildcards {
		if !wildcardPattern.MatchString(string(w)) {
			return fmt.Errorf("%s: got %q, want a name in lower case that may begin or end with *", field, string(w))
		}
	}
	return nil
}

// labelSelector is a LabelSelector of Kubernetes, whose own type would link all of
// k8s.io/apimachinery/pkg/apis/meta/v1.
type labelSelector struct {
	MatchLabels      map[string]string `json:"matchLabels"`
	MatchExpressions []struct {
		Key      string   `json:"key"`
		Operator string   `json:"operator"`
		Values   []string `json:"values"`
	} `json:"matchExpressions"`
}

var operators = map[string]selection.Operator{
	"In": selection.In, "NotIn": selection.NotIn, "Exists": selection.Exists, "DoesNotExist": selection.DoesNotExist,
}

// parse gives nil for no selector; one that is empty matches everything.
func (s *labelSelector) parse() (labels.Selector, error) {
	if s == nil {
		return nil, nil
	}
	parsed := labels.NewSelector()
	add := func(key string, operator selection.Operator, values []string) error {
		requirement, err := labels.NewRequirement(key, operator, values)
		if err == nil {
			parsed = parsed.Add(*requirement)
		}
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(s.MatchLabels)) {
		if err := add(key, selection.Equals, []string{s.MatchLabels[key]}); err != nil {
			return nil, err
		}
	}
	for _, e := range s.MatchExpressions {
		operator, found := operators[e.Operator]
		if !found {
			return nil, fmt.Errorf("operator: got %q, want In, NotIn, Exists or DoesNotExist", e.Operator)
		}
		if err := add(e.Key, operator, e.Values); err != nil {
			return nil, err
		}
	}
	return parsed, nil
}
