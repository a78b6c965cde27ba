package baseline

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const header = `# Findings that are accepted: "memgate check --baseline" reports what is not among them.
# Written by "memgate baseline", which drops entries whose findings are no more and keeps
# owner, reason and expires of the others. Other edits and comments do not survive it.
`

// Write writes entries as a file of version 1, sorted, one field a line and the fingerprint
// first, so that a diff shows whole entries.
func Write(w io.Writer, entries []Entry) error {
	head := header + "version: 1\nfindings:\n"
	if len(entries) == 0 {
		head = header + "version: 1\nfindings: []\n"
	}
	if _, err := io.WriteString(w, head); err != nil {
		return err
	}
	entries = slices.Clone(entries)
	sortEntries(entries)
	for part := range slices.Chunk(entries, 1000) { // a tree of all would be large
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for _, e := range part {
			list.Content = append(list.Content, e.node())
		}
		out := yaml.NewEncoder(w)
		out.SetIndent(2)
		if err := out.Encode(list); err != nil {
			return err
		}
	}
	return nil
}

func (e Entry) node() *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	add := func(key string, value *yaml.Node) { node.Content = append(node.Content, plain(key), value) }
	add("fingerprint", text(e.Fingerprint))
	add("rule", text(e.Rule))
	add("object", text(e.Object))
	if e.Field != "" {
		add("field", text(e.Field))
	}
	if e.Count > 1 {
		add("count", plain(strconv.Itoa(e.Count)))
	}
	if e.Owner != "" {
		add("owner", text(e.Owner))
	}
	if e.Reason != "" {
		add("reason", text(e.Reason))
	}
	if !e.Expires.IsZero() {
		add("expires", plain(e.Expires.Format(time.DateOnly)))
	}
	return node
}

// plain is a value that stands without quotes.
func plain(value string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: value} }

// text is a value on one line, in quotes if it needs them.
func text(value string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
	if strings.Contains(value, "\n") {
		node.Style = yaml.DoubleQuotedStyle
	}
	return node
}
