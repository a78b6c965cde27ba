package conformance

import (
	"errors"
	"io"
	"os"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/review"
	"github.com/memgate/memgate/pkg/source"
)

// corpusVar is the environment variable that names a folder of manifests.
const corpusVar = "MEMGATE_CORPUS"

// corpusShare is which part of the corpus is compared: one object of so many, or all of
// them with MEMGATE_CORPUS_ALL, which takes half an hour.
const corpusShare = 150

// TestCorpus reviews real manifests by all rules.
func TestCorpus(t *testing.T) {
	dir := os.Getenv(corpusVar)
	if dir == "" {
		t.Skipf("%s is not set: no real manifests are compared", corpusVar)
	}
	policies, _ := rules(t)
	t.Chdir(dir)
	c := newComparison(t, policy.OfflinePoint, policies, nil)
	objects := corpus(t)
	c.run(t, objects)
	if len(objects) < 150 {
		t.Errorf("%d objects of %s, want more", len(objects), corpusVar)
	}
}

// corpus are the objects of the corpus, those in lists included, as far as they can be
// read.
func corpus(t *testing.T) []object {
	t.Helper()
	files, _, err := source.Find([]string{"."}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var found []object
	seen, all := 0, os.Getenv("MEMGATE_CORPUS_ALL") != ""
	for _, file := range files {
		in, err := file.Open()
		if err != nil {
			continue
		}
		var syntax *manifest.SyntaxError
		var none *manifest.NotManifestError
		for reader := manifest.NewReader(file.Name, in, manifest.Options{}); ; {
			list, err := reader.Next()
			if errors.Is(err, io.EOF) || err != nil && !errors.As(err, &syntax) && !errors.As(err, &none) {
				break
			}
			if err != nil {
				continue
			}
			items, _ := review.Items(list)
			for _, item := range items {
				if seen++; all || seen%corpusShare == 0 {
					found = append(found, object{&unstructured.Unstructured{Object: clone(t, item.Value)}, item})
				}
			}
		}
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return found
}
