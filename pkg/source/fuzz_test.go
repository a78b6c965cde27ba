package source

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
)

// FuzzIndex wants any bytes to be read as an index or not, with names in order.
func FuzzIndex(f *testing.F) {
	entry := append(make([]byte, 60), 0, 1, 'a', 0, 0, 0, 0, 0, 0, 0, 0, 0)
	for version := range uint32(6) {
		header := binary.BigEndian.AppendUint32([]byte("DIRC"), version)
		header = binary.BigEndian.AppendUint32(header, 1)
		f.Add(slices.Concat(header, entry, make([]byte, 20)))
		f.Add(slices.Concat(header, entry, []byte("link\x00\x00\x00\x00"), make([]byte, 20)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		names, ok := parseIndex(text, sha1Size)
		if ok && !slices.IsSorted(names) {
			t.Errorf("parseIndex(%q) = %q, out of order", text, names)
		}
	})
}

// FuzzPattern wants a pattern and a path to be matched or not, in bounded time.
func FuzzPattern(f *testing.F) {
	for _, line := range []string{"", "!a/", "**/a*b?/[!a-c[:alpha:]]", `\!\`, "[", "a/**/b/**", "*a*a*a*a*a*a*a*a*b"} {
		f.Add(line, "a/b/"+strings.Repeat("a", 200))
	}
	f.Fuzz(func(t *testing.T, line, path string) {
		p, ok := parsePattern(line)
		if !ok {
			return
		}
		names := strings.Split(path, "/")
		p.match(names)
		if len(p.parts) == 0 {
			t.Errorf("parsePattern(%q) matches nothing and is a pattern", line)
		}
	})
}
