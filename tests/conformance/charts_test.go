package conformance

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestCharts judges what public charts and operators render (testdata/charts), and the
// manifests that a naive rule gets wrong (testdata/controls), by all rules of memgate
// with their defaults. Each file says itself what is reported, and nothing else may be.
func TestCharts(t *testing.T) {
	for _, folder := range []string{"charts", "controls"} {
		paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.yaml"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("testdata/%s/*.yaml: %d files, %v", folder, len(paths), err)
		}
		for _, path := range paths {
			t.Run(folder+"/"+strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
				objects, wanted := expectations(t, path)
				ownLibrary(t).check(t, path, objects, wanted)
			})
		}
	}
}
