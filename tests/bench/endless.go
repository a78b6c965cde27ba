package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// mostResident is the resident memory within which input of any length is to be checked.
const mostResident = 256 << 20

// endless measures how much memory memgate check takes at most for input through a pipe
// that is larger than that.
func endless(root string, rounds int) (string, error) {
	dir, err := os.MkdirTemp("", "memgate-bench-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // temporary
	m, err := newMeter(dir)
	if err != nil {
		return "", err
	}
	memgate := filepath.Join(root, "bin/memgate")
	objects := generated(1000, cleanChance)
	folder := filepath.Join(dir, "one")
	if err := writeTo(folder, objects[:1]); err != nil {
		return "", err
	}
	floor, err := m.byTurns(rounds, []string{memgate, "check", folder})
	if err != nil {
		return "", err
	}
	rows := []row{{"one manifest, the floor", mib(float64(floor[0].rss)), "", true}}
	for _, in := range []struct {
		name  string
		size  int
		made  func([]*unstructured.Unstructured, int) (io.Reader, error)
		flags []string
	}{
		{"a stream of YAML documents of 1 GB", 1e9, yamlStream, nil},
		{"250 MB of it with --stream -o json, the whole ledger", 250e6, yamlStream, []string{"--stream", "-o", "json"}},
		{"a JSON List of 256 MB", 256e6, jsonList, nil},
	} {
		command := slices.Concat([]string{memgate, "check"}, in.flags, []string{"-"})
		text, err := in.made(objects, in.size)
		if err != nil {
			return "", err
		}
		took, err := m.fed(text, command)
		if err != nil {
			return "", err
		}
		if took.status != 0 && took.status != 1 {
			return "", fmt.Errorf("%s: %s: exit status %d, want 0 or 1", in.name, strings.Join(command, " "), took.status)
		}
		rows = append(rows, row{
			fmt.Sprintf("%s, in %.0f s", in.name, took.wall.Seconds()),
			fmt.Sprintf("%s, %.1f × the floor", mib(float64(took.rss)), float64(took.rss)/float64(floor[0].rss)),
			mib(mostResident), took.rss <= mostResident,
		})
	}
	return "\n## Input without end\n\nThe resident memory of `memgate check -` at most, for generated manifests through a pipe.\n" + table(rows), nil
}

// yamlStream are objects as YAML documents, over and over, of size bytes in all or somewhat more.
func yamlStream(objects []*unstructured.Unstructured, size int) (io.Reader, error) {
	var b strings.Builder
	for _, o := range objects {
		text, err := yaml.Marshal(o.Object)
		if err != nil {
			return nil, err
		}
		b.WriteString("---\n")
		b.Write(text)
	}
	return repeated("", b.String(), "", "", size), nil
}

// jsonList are objects, over and over, as the List that kubectl writes of what it gets.
func jsonList(objects []*unstructured.Unstructured, size int) (io.Reader, error) {
	var items []string
	for _, o := range objects {
		text, err := json.MarshalIndent(o.Object, "        ", "    ")
		if err != nil {
			return nil, err
		}
		items = append(items, string(text))
	}
	const between = ",\n        "
	return repeated(`{
    "apiVersion": "v1",
    "items": [
        `, strings.Join(items, between), between, `
    ],
    "kind": "List",
    "metadata": {
        "resourceVersion": ""
    }
}
`, size), nil
}

// repeated is a body as often as it takes to be at least of a size, with head before it,
// tail after it, and something between one and the next.
func repeated(head, body, between, tail string, size int) io.Reader {
	all := []io.Reader{strings.NewReader(head), strings.NewReader(body)}
	for n := len(body); n < size; n += len(between) + len(body) {
		all = append(all, strings.NewReader(between), strings.NewReader(body))
	}
	return io.MultiReader(append(all, strings.NewReader(tail))...)
}
