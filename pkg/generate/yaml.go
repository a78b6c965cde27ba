package generate

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// flowWidth is up to how many characters a list or mapping stands on one line.
const flowWidth = 80

// encode writes a node as YAML, with an indentation of two.
func encode(node *yaml.Node) (string, error) {
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	if err := encoder.Encode(node); err != nil {
		return "", err
	}
	return text.String(), encoder.Close()
}

// mapping is a mapping of keys and values in turn; values are nodes or strings.
func mapping(pairs ...any) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, part := range pairs {
		node.Content = append(node.Content, nodeOf(part))
	}
	return node
}

// list is a list of nodes.
func list(items ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Content: items}
}

// literal is a text as a literal block scalar.
func literal(text string) *yaml.Node {
	node := &yaml.Node{}
	node.SetString(text)
	node.Style = yaml.LiteralStyle
	return node
}

// nodeOf is the node of a value as normal makes it, or of a node itself. Keys come in
// the order of schemaKeys. What is short stands on one line.
func nodeOf(value any) *yaml.Node {
	node := &yaml.Node{}
	switch value := value.(type) {
	case *yaml.Node:
		return value
	case map[string]any:
		node.Kind = yaml.MappingNode
		for _, key := range slices.SortedFunc(maps.Keys(value), compareKeys) {
			node.Content = append(node.Content, nodeOf(key), nodeOf(value[key]))
		}
	case []any:
		node.Kind = yaml.SequenceNode
		for _, item := range value {
			node.Content = append(node.Content, nodeOf(item))
		}
	case string:
		node.SetString(value)
		if strings.Contains(value, "\n") {
			node.Style = yaml.LiteralStyle
		}
	case json.Number:
		node.Kind, node.Value = yaml.ScalarNode, value.String()
	default:
		_ = node.Encode(value)
	}
	return node
}

// schemaNode is the node of an OpenAPI schema: what nests further is a block, lists of
// values and item types stand on one line if they are short.
func schemaNode(schema map[string]any) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, key := range slices.SortedFunc(maps.Keys(schema), compareKeys) {
		var value *yaml.Node
		inner, nested := schema[key].(map[string]any)
		switch {
		case key == "properties" && nested:
			value = &yaml.Node{Kind: yaml.MappingNode}
			for _, name := range slices.Sorted(maps.Keys(inner)) {
				property, _ := inner[name].(map[string]any)
				value.Content = append(value.Content, nodeOf(name), schemaNode(property))
			}
		case nested && inner["properties"] != nil:
			value = schemaNode(inner)
		default:
			value = flow(nodeOf(schema[key]))
		}
		node.Content = append(node.Content, nodeOf(key), value)
	}
	return node
}

// flow puts a list or mapping on one line if that is short.
func flow(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.ScalarNode {
		return node
	}
	style := node.Style
	node.Style |= yaml.FlowStyle
	if text, err := encode(node); err != nil || len(text) > flowWidth {
		node.Style = style
		for _, part := range node.Content {
			flow(part)
		}
	}
	return node
}

var schemaKeys = []string{"type", "description", "nullable", "enum", "default", "items", "required", "additionalProperties", "properties"}

func compareKeys(a, b string) int {
	i, j := slices.Index(schemaKeys, a), slices.Index(schemaKeys, b)
	switch {
	case i >= 0 && j >= 0:
		return i - j
	case i >= 0:
		return -1
	case j >= 0:
		return 1
	}
	return strings.Compare(a, b)
}
