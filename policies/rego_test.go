package policies

import "testing"

// TestRego runs the Rego tests of every rule and of the libs. They reach every line.
func TestRego(t *testing.T) {
	t.Run("lib", func(t *testing.T) {
		lines := coverage{}
		results, err := run(parse(t, libs(t, true)...), lines)
		if err != nil {
			t.Fatal(err)
		}
		report(t, results)
		for _, file := range libs(t, false) {
			lines.check(t, file)
		}
	})
	for _, r := range rules(t) {
		t.Run(r.dir(), func(t *testing.T) {
			lines := coverage{}
			results, err := run(parse(t, append(libs(t, false), r.code(), r.test())...), lines)
			if err != nil {
				t.Fatal(err)
			}
			report(t, results)
			lines.check(t, r.code())
		})
	}
}
