package conformance

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/engine/driver"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
)

var update = flag.Bool("update", false, "rewrite testdata/*/want.txt")

var points = []string{policy.OfflinePoint, policy.WebhookPoint}

// TestFixtures compares the policies, objects and requests of each folder of testdata.
// want.txt holds the framework's own answers, so that a folder whose policies say
// nothing is seen.
func TestFixtures(t *testing.T) {
	folders, err := filepath.Glob("testdata/*/policies.yaml")
	if err != nil || len(folders) == 0 {
		t.Fatalf("testdata/*/policies.yaml: %d files, %v", len(folders), err)
	}
	for _, path := range folders {
		folder := filepath.Dir(path)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			policies := read(t, path)
			inventory := read(t, filepath.Join(folder, "inventory.yaml"))
			objects := append(read(t, filepath.Join(folder, "objects.yaml")), read(t, filepath.Join(folder, "requests.yaml"))...)
			var got strings.Builder
			for _, point := range points {
				c := newComparison(t, point, policies, inventory)
				c.run(t, objects)
				for _, o := range objects {
					s := c.subject(o)
					found, err := c.stock.review(s, point)
					fmt.Fprintf(&got, "# %s: %s\n%s\n", point, title(o), answer(found, err))
				}
			}
			golden(t, filepath.Join(folder, "want.txt"), got.String())
		})
	}
}

func title(o object) string {
	if o.isReview() {
		return fmt.Sprintf("request %v", o.request()["uid"])
	}
	return o.title()
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the framework's answers differ from %s; with -update they are rewritten:\n%s", path, got)
	}
}

// TestRejectedTemplates asks that what the framework does not take, memgate does not
// take either, in its driver as in its client.
func TestRejectedTemplates(t *testing.T) {
	for _, o := range read(t, "testdata/rejected/templates.yaml") {
		t.Run(o.own.Name(), func(t *testing.T) {
			if err := newPeer(t, stockDriver(t), policy.OfflinePoint).addTemplate(o); err == nil {
				t.Fatal("the framework takes the template")
			}
			if err := newPeer(t, driver.New(), policy.OfflinePoint).addTemplate(o); err == nil {
				t.Error("framework's client with driver.Driver: AddTemplate: got no error")
			}
			set, err := policy.NewSet([]*manifest.Object{o.own})
			if err == nil {
				_, err = engine.NewClient(set, engine.Options{Point: policy.OfflinePoint})
			}
			if err == nil {
				t.Error("policy.NewSet, engine.NewClient: got no error")
			}
			t.Log(err)
		})
	}
}
