package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
)

// configName is the file of settings that is read where memgate runs.
const configName = ".memgate.yaml"

// configFlags say where a command finds its settings: a YAML mapping of the names of its
// flags, and of paths.
type configFlags struct {
	file string
}

// isSetting reports whether a flag is one: not what is about one run alone, or about
// gator's pipelines.
func isSetting(name string) bool {
	_, its := ofGator[name]
	return !its && !slices.Contains([]string{"config", "explain-match", "gator-compat", "help"}, name)
}

func (f *configFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "config", "", "file of settings, in place of "+configName+" where memgate runs; a flag wins over its setting")
}

// apply gives flags and paths the values of the file, but for those that the command line
// sets.
func (f *configFlags) apply(cmd *cobra.Command, paths *[]string) error {
	name := f.file
	if name == "" {
		if _, err := os.Stat(configName); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		name = configName
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("--config: %w", inWords(err))
	}
	set, err := readConfig(cmd, filepath.ToSlash(name), text, f.file == "")
	if len(*paths) == 0 {
		*paths = set
	}
	return err
}

// readConfig sets the flags that a text has settings for, and returns its paths. A file that
// was found, not named, may be somebody else's: what it has written stays below the current
// directory.
func readConfig(cmd *cobra.Command, name string, text []byte, found bool) (paths []string, err error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	at := func(node *yaml.Node, format string, args ...any) error {
		return fmt.Errorf("%s:%d:%d: %s", name, node.Line, node.Column, fmt.Sprintf(format, args...))
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, at(&document, "more than one document, want one mapping of settings")
	}
	root := document.Content[0]
	switch {
	case root.Kind == yaml.ScalarNode && root.Tag == "!!null":
		return nil, nil
	case root.Kind != yaml.MappingNode:
		return nil, at(root, "got %s, want a mapping of settings", nodeKinds[root.Kind])
	}
	var errs []error
	seen := map[string]bool{}
	for i := 0; i < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		flag := cmd.Flags().Lookup(key.Value)
		values, ok := scalars(value)
		switch {
		case seen[key.Value]:
			errs = append(errs, at(key, "setting %q stands twice", key.Value))
		case key.Value != "paths" && (flag == nil || !isSetting(key.Value)):
			errs = append(errs, at(key, "unknown setting %q, want a flag of the command without its dashes, or paths", key.Value))
		case !ok:
			errs = append(errs, at(value, "%s: got %s, want a value or a list of values", key.Value, nodeKinds[value.Kind]))
		case key.Value == "paths":
			paths = values
		case found && outside(key.Value, values) != "":
			errs = append(errs, at(value, "%s: %q is not below the current directory; --config may name such a path, or the flag", key.Value, outside(key.Value, values)))
		case !flag.Changed:
			if err := set(cmd, key.Value, value.Kind == yaml.SequenceNode, values); err != nil {
				errs = append(errs, at(value, "%s: %v", key.Value, err))
			}
		}
		seen[key.Value] = true
	}
	return paths, errors.Join(errs...)
}

// outside is a file that a setting has written outside of the current directory, "" if
// there is none.
func outside(setting string, values []string) string {
	for _, value := range values {
		file := value
		switch setting {
		case "output":
			_, file, _ = strings.Cut(value, "=")
		case "baseline":
		default:
			return ""
		}
		if file != "" && !filepath.IsLocal(file) {
			return file
		}
	}
	return ""
}

var nodeKinds = map[yaml.Kind]string{
	yaml.SequenceNode: "a list", yaml.MappingNode: "a mapping", yaml.ScalarNode: "a value", yaml.AliasNode: "an alias",
}

// scalars are the texts of a value or of a list of values.
func scalars(node *yaml.Node) ([]string, bool) {
	switch node.Kind {
	case yaml.ScalarNode:
		return []string{node.Value}, true
	case yaml.SequenceNode:
		values := []string{}
		for _, entry := range node.Content {
			if entry.Kind != yaml.ScalarNode {
				return nil, false
			}
			values = append(values, entry.Value)
		}
		return values, true
	}
	return nil, false
}

// set sets a flag. A list is for flags that may be repeated.
func set(cmd *cobra.Command, name string, list bool, values []string) error {
	flag := cmd.Flags().Lookup(name)
	repeatable, ok := flag.Value.(interface{ Replace(values []string) error })
	switch {
	case ok:
		flag.Changed = true
		return repeatable.Replace(values)
	case list:
		return fmt.Errorf("got a list, want one value, as --%s has", name)
	}
	if err := cmd.Flags().Set(name, values[0]); err != nil {
		return fmt.Errorf("got %q, want a value as --%s has: %s", values[0], name, flag.Usage)
	}
	return nil
}
