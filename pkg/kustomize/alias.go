package kustomize

import (
	"bytes"
	"errors"

	"go.yaml.in/yaml/v3"
)

const (
	// maxAliased is how many values the aliases of all files of a build may add, as many as
	// package manifest takes in one document. Kustomize writes each of them out, and looks
	// neither for an end nor for an anchor that contains itself.
	maxAliased = 1_000_000

	// maxTexts is how deep YAML is looked for in texts of YAML: a kustomization may have a
	// transformer as a text, and that its patch.
	maxTexts = 3
)

var errAliases = errors.New("aliases stand for too many values or for themselves, want fewer or smaller anchors")

// unalias counts what the aliases in a text add, as far as it is YAML.
func (d *disk) unalias(text []byte, depth int) error {
	if depth > maxTexts || bytes.IndexByte(text, '&') < 0 || bytes.IndexByte(text, '*') < 0 {
		return nil
	}
	for decoder := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var document yaml.Node
		if err := decoder.Decode(&document); err != nil {
			return nil // its end, or no YAML: kustomize has the words
		}
		a := aliases{sizes: map[*yaml.Node]int{}, text: func(text string) error { return d.unalias([]byte(text), depth+1) }}
		size := a.size(&document)
		if d.aliased += size - a.nodes; a.err == nil && d.aliased > maxAliased {
			a.err = errAliases
		}
		if a.err != nil {
			return a.err
		}
	}
}

// aliases are those of one document.
type aliases struct {
	sizes map[*yaml.Node]int // of nodes with an anchor; 0 on the way through them
	nodes int                // that were met
	text  func(string) error // is told the scalars
	err   error              // the first
}

// size is how many nodes a node is with its aliases written out, the number of those met
// and at most maxAliased more.
func (a *aliases) size(node *yaml.Node) int {
	a.nodes++
	if node.Kind == yaml.AliasNode {
		size := a.sizes[node.Alias]
		if size == 0 && a.err == nil {
			a.err = errAliases
		}
		return size
	}
	if node.Kind == yaml.ScalarNode && a.err == nil {
		a.err = a.text(node.Value)
	}
	if node.Anchor != "" {
		a.sizes[node] = 0
	}
	size := 1
	for _, child := range node.Content {
		size = min(size+a.size(child), a.nodes+maxAliased+1)
	}
	if node.Anchor != "" {
		a.sizes[node] = size
	}
	return size
}
