package baseline

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/memgate/memgate/pkg/manifest"
)

// maxFile is the size in bytes of the largest file that is read: some 200,000 entries.
const maxFile = 64 << 20

// Read returns the entries of the file name, sorted. A file without content has none. The
// error is that of r, or the first thing that is wrong with the file, with its place.
func Read(name string, r io.Reader) ([]Entry, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s: larger than %d MiB, want a baseline for each of several parts", name, maxFile>>20)
	}
	in := reader{name: name, seen: map[string]int{}}
	root, err := in.parse(text)
	if root == nil || err != nil {
		return nil, err
	}
	if err := in.file(root); err != nil {
		return nil, err
	}
	sortEntries(in.entries)
	return in.entries, nil
}

type reader struct {
	name    string
	entries []Entry
	seen    map[string]int // line, by fingerprint
}

// parse is the root of the one document of text, nil if it has none.
func (r *reader) parse(text []byte) (root *yaml.Node, err error) {
	defer func() {
		if p := recover(); p != nil { // yaml.v3 panics for some texts that it should refuse
			root, err = nil, fmt.Errorf("%s: found a text that the YAML parser cannot handle, want simpler YAML", r.name)
		}
	}()
	in := yaml.NewDecoder(bytes.NewReader(text))
	var document, second yaml.Node
	switch err := in.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, r.syntax(err)
	}
	switch err := in.Decode(&second); {
	case err == nil:
		return nil, r.fail(&second, "found a second document, want one")
	case !errors.Is(err, io.EOF):
		return nil, r.syntax(err)
	}
	root = document.Content[0]
	if isNothing(root) {
		return nil, nil
	}
	return root, nil
}

var syntaxError = regexp.MustCompile(`^yaml: (?:line ([0-9]+): )?(.*)`)

// syntax gives an error of the YAML parser its place. The line is that of the enclosing
// list or mapping where the parser knows no better.
func (r *reader) syntax(err error) error {
	match := syntaxError.FindStringSubmatch(err.Error())
	if match == nil {
		return fmt.Errorf("%s: found no YAML: %w", r.name, err)
	}
	line, _ := strconv.Atoi(match[1])
	return fmt.Errorf("%s: found no YAML: %s", manifest.Position{File: r.name, Line: line}, match[2])
}

func (r *reader) position(node *yaml.Node) manifest.Position {
	return manifest.Position{File: r.name, Line: node.Line, Column: node.Column}
}

func (r *reader) fail(at *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s: "+format, append([]any{r.position(at)}, args...)...)
}

// file reads the whole file into entries.
func (r *reader) file(root *yaml.Node) error {
	version := false
	err := r.fields(root, []string{"version", "findings"}, func(key string, value *yaml.Node) error {
		if key == "version" {
			version = true
			if value.Kind != yaml.ScalarNode || value.Value != "1" {
				return r.fail(value, "version: got %s, want 1, the only one that this memgate knows", describe(value))
			}
			return nil
		}
		if isNothing(value) {
			return nil
		}
		if value.Kind != yaml.SequenceNode {
			return r.fail(value, "findings: got %s, want a list", describe(value))
		}
		for _, item := range value.Content {
			if err := r.entry(item); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && !version && len(r.entries) > 0 {
		err = r.fail(root, `no version, want "version: 1"`)
	}
	return err
}

var (
	entryKeys = []string{"fingerprint", "rule", "object", "field", "count", "owner", "reason", "expires"}
	required  = entryKeys[:3]
)

// entry reads one entry of the list.
func (r *reader) entry(node *yaml.Node) error {
	e := Entry{Count: 1}
	texts := map[string]*string{
		"fingerprint": &e.Fingerprint, "rule": &e.Rule, "object": &e.Object,
		"field": &e.Field, "owner": &e.Owner, "reason": &e.Reason,
	}
	err := r.fields(node, entryKeys, func(key string, value *yaml.Node) error {
		var bad error
		want := "a text"
		switch key {
		case "count":
			e.Count, bad = strconv.Atoi(value.Value)
			if want = "a number from 1"; e.Count < 1 {
				bad = strconv.ErrRange
			}
		case "expires":
			e.Expires, bad = time.Parse(time.DateOnly, value.Value)
			if want = "a date such as 2027-01-31"; e.Expires.IsZero() {
				bad = strconv.ErrRange
			}
		case "fingerprint":
			e.Position = r.position(value)
			fallthrough
		default:
			*texts[key] = value.Value
		}
		if bad != nil || value.Kind != yaml.ScalarNode || isNothing(value) {
			return r.fail(value, "%s: got %s, want %s", key, describe(value), want)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, key := range required {
		if *texts[key] == "" {
			return r.fail(node, "an entry without %s, want %s", key, list(required, "and"))
		}
	}
	if line, found := r.seen[e.Fingerprint]; found {
		return fmt.Errorf("%s: duplicate fingerprint %q, first at line %d; want one entry with a count", e.Position, e.Fingerprint, line)
	}
	r.seen[e.Fingerprint] = e.Position.Line
	r.entries = append(r.entries, e)
	return nil
}

// fields hands the fields of a mapping to set. A key that is not among keys, or that comes
// twice, is an error.
func (r *reader) fields(node *yaml.Node, keys []string, set func(key string, value *yaml.Node) error) error {
	if node.Kind != yaml.MappingNode {
		return r.fail(node, "got %s, want a mapping with %s", describe(node), list(keys, "or"))
	}
	first := map[string]int{}
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind != yaml.ScalarNode || !slices.Contains(keys, key.Value) {
			return r.fail(key, "unknown key %s, want %s", describe(key), list(keys, "or"))
		}
		if line, found := first[key.Value]; found {
			return r.fail(key, "duplicate key %q, first at line %d", key.Value, line)
		}
		first[key.Value] = key.Line
		if err := set(key.Value, value); err != nil {
			return err
		}
	}
	return nil
}

// isNothing reports whether a value is null or the empty text.
func isNothing(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && (node.Value == "" || node.ShortTag() == "!!null")
}

// describe is what an error says was found.
func describe(node *yaml.Node) string {
	switch {
	case node.Kind == yaml.MappingNode:
		return "a mapping"
	case node.Kind == yaml.SequenceNode:
		return "a list"
	case node.Kind == yaml.AliasNode:
		return "the alias *" + node.Value
	case isNothing(node):
		return "nothing"
	}
	return strconv.Quote(node.Value)
}

// list is words as a sentence has them.
func list(words []string, last string) string {
	n := len(words) - 1
	return strings.Join(words[:n], ", ") + " " + last + " " + words[n]
}
