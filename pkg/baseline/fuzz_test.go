package baseline_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/baseline"
)

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"", "~", "findings: []", file,
		"version: 1\nfindings:\n- &a {fingerprint: '1', rule: \"\\x00\\u2028\\x85\", object: 'a ''b', count: 3, expires: 2027-01-31}\n- fingerprint: |2-\n     a\n    b\n  rule: !!binary YQ==\n  object: >+\n    c\n\n    d\n\n",
		"version: 1\nfindings: [*a, {<<: {rule: r}}]\n---\na", "\xff\xfev\x00", "\ufeff%YAML 1.1\n---\nversion: 1\n...\n",
		"a: &a [*a, *a]\nb: [[[[{{", "version: 1\nfindings:\n- fingerprint: \" a\"\n  rule: \"b \"\n  object: \"\\n\\n c\\n\\t\"\n  field: '- d'\n  owner: '# e'\n  reason: ' '\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, err := baseline.Read("b.yaml", bytes.NewReader(text))
		if err != nil {
			if entries != nil || !strings.HasPrefix(err.Error(), "b.yaml:") || strings.Contains(err.Error(), "yaml: line") {
				t.Errorf("Read(%q) = %v, %v, want nothing and an error with a place", text, entries, err)
			}
			return
		}
		written := write(t, entries)
		again, err := baseline.Read("b.yaml", strings.NewReader(written))
		if err != nil || !reflect.DeepEqual(bare(again), bare(entries)) {
			t.Errorf("Read(%q) = %+v, %v, want %+v as Read(%q)", written, again, err, entries, text)
		}
		if rewritten := write(t, again); rewritten != written {
			t.Errorf("Write(%+v) writes %q, want %q", again, rewritten, written)
		}
	})
}
