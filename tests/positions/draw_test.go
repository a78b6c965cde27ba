package positions

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A drawing draws cases at random from files. The same seed and files give the same.
type drawing struct {
	*rand.Rand
	files []string
}

func (d *drawing) oneIn(n int) bool { return d.IntN(n) == 0 }

func pick[T any](d *drawing, from []T) T { return from[d.IntN(len(from))] }

// A manifest is a file whose documents are all manifests, or empty.
type manifest struct {
	origin    string
	text      string
	json      bool
	documents []any
}

// manifests are the files below directories that could be one. Large ones say no more.
func manifests(t *testing.T, dirs ...string) []string {
	t.Helper()
	var files []string
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			switch filepath.Ext(name) {
			case ".yaml", ".yml", ".json":
				if info, err := entry.Info(); err == nil && info.Size() < 64<<10 {
					files = append(files, name)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// manifest draws a file that can be read, has no aliases of its own (what is behind them is
// in more than one place) and no requests, of which the object alone is judged.
func (d *drawing) manifest(t *testing.T) manifest {
	t.Helper()
	for {
		file := pick(d, d.files)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := manifest{origin: file, text: strings.TrimPrefix(string(text), "\ufeff"), json: filepath.Ext(file) == ".json"}
		if m.documents, err = read(m.text, m.json); err != nil || !manifestsOnly(m.documents) || strings.Contains(m.text, ": *") || strings.Contains(m.text, "- *") || strings.Contains(m.text, "AdmissionReview") {
			continue
		}
		return m
	}
}

// read decodes the documents of a text, by readers that are not memgate's. Empty ones
// are nil.
func read(text string, isJSON bool) ([]any, error) {
	next := yaml.NewDecoder(strings.NewReader(text)).Decode
	if isJSON {
		next = json.NewDecoder(strings.NewReader(text)).Decode
	}
	var documents []any
	for {
		var document any
		switch err := next(&document); {
		case errors.Is(err, io.EOF):
			return documents, nil
		case err != nil:
			return nil, err
		}
		documents = append(documents, document)
	}
}

func manifestsOnly(documents []any) bool {
	some := false
	for _, document := range documents {
		if document == nil {
			continue
		}
		object, ok := document.(map[string]any)
		if !ok || !hasKind(object) {
			return false
		}
		some = true
	}
	return some
}

func hasKind(object map[string]any) bool {
	version, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	return version != "" && kind != ""
}

// plants are the paths of the plants in a document.
func plants(v any, path []any) [][]any {
	var found [][]any
	add := func(step, v any) {
		inner := append(path[:len(path):len(path)], step)
		key, _ := step.(string)
		text, _ := v.(string)
		if strings.HasPrefix(key, name) || strings.HasPrefix(text, name) {
			found = append(found, inner)
		}
		found = append(found, plants(v, inner)...)
	}
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			add(k, e)
		}
	case map[any]any:
		for k, e := range v {
			add(k, e)
		}
	case []any:
		for i, e := range v {
			add(i, e)
		}
	}
	return found
}

// judged reports whether a path is inside of an object that is judged: of a list these
// are its items.
func judged(document any, path []any) bool {
	object, ok := document.(map[string]any)
	if !ok {
		return false
	}
	kind, _ := object["kind"].(string)
	items, ok := object["items"].([]any)
	if !ok || !strings.HasSuffix(kind, "List") {
		return len(path) > 0
	}
	return len(path) > 2 && path[0] == "items" && judged(items[path[1].(int)], path[2:])
}

// A count is of the cases of a shape.
type count struct{ cases, discarded int }

func (c count) share() float64 { return 100 * float64(c.discarded) / float64(c.cases+c.discarded) }

// cases draws n cases of a shape and hands them to use. Those are discarded that are no
// longer what they should be for a reader that is not memgate's.
func (d *drawing) cases(t *testing.T, s shape, n int, use func(i int, p planted)) count {
	t.Helper()
	var c count
	for tries := 0; c.cases < n; tries++ {
		if tries > 100*n {
			t.Fatalf("%s: only %d cases in %d files", s.name, c.cases, len(d.files))
		}
		m := d.manifest(t)
		p, ok := s.plant(d, m)
		if !ok { // there is no spot
			continue
		}
		p.origin = m.origin
		documents, err := read(strings.TrimPrefix(p.text, "\ufeff"), p.json)
		found, outside := 0, false
		for _, document := range documents {
			for _, path := range plants(document, nil) {
				found++
				outside = outside || !judged(document, path)
			}
		}
		switch {
		case err != nil || found != len(p.places):
			if *verbose {
				t.Logf("%s: discarded, of %s: %v, %d plants of %d\n%s", s.name, m.origin, err, found, len(p.places), p.excerpt())
			}
			c.discarded++
		case outside:
		default:
			use(c.cases, p)
			c.cases++
		}
	}
	return c
}

// asJSON are the documents of a manifest in JSON, one after the other.
func (d *drawing) asJSON(m manifest) ([]string, error) {
	var texts []string
	for _, document := range m.documents {
		if document == nil {
			continue
		}
		var b bytes.Buffer
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", pick(d, []string{"", "  ", "    ", "\t"}))
		if err := encoder.Encode(document); err != nil {
			return nil, err
		}
		texts = append(texts, strings.TrimSuffix(b.String(), "\n"))
	}
	return texts, nil
}

// asFlow are the documents of a manifest in YAML's flow style.
func asFlow(m manifest) (string, error) {
	var b strings.Builder
	for i, document := range m.documents {
		if document == nil {
			continue
		}
		var node yaml.Node
		if err := node.Encode(document); err != nil {
			return "", err
		}
		node.Style = yaml.FlowStyle
		text, err := yaml.Marshal(&node)
		if err != nil {
			return "", err
		}
		if i > 0 {
			b.WriteString("---\n")
		}
		b.Write(text)
	}
	return b.String(), nil
}

// yamlText is the manifest as YAML, in block style unless it was written otherwise.
func yamlText(m manifest) (string, error) {
	if !m.json {
		return strings.TrimRight(m.text, "\n") + "\n", nil
	}
	var b strings.Builder
	for i, document := range m.documents {
		text, err := yaml.Marshal(document)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%s%s", map[bool]string{true: "---\n"}[i > 0], text)
	}
	return b.String(), nil
}
