package manifest

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// splitAll returns all chunks of r, without what was read from them.
func splitAll(t *testing.T, r io.Reader, maxBytes int64) []string {
	t.Helper()
	var all []string
	for s := newSplitter(r, maxBytes); ; {
		c, err := s.next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%d at %d:%d cut=%t trailing=%t json=%t %q", c.index, c.line, c.column, c.cut, c.trailing, c.json != nil, c.text))
	}
}

// What a document is does not depend on how much of it is in the buffer.
func TestSplitInPieces(t *testing.T) {
	texts := append([]string{
		"a: b\n%c\nd: e\n---\nf: g\n",
		"a: b\n# c\n%d\n# e\n---\nf: g\n",
		"%YAML 1.1\na: b\n---\nc: d\n",
		"{ a: b,\nc: d }\n{e: f}\n---\n[g,\n h]\n[i]\n",
		"a: b\n....\n...\nc: d\n----\n--- e\n...f\n--- {}\n",
		strings.Repeat("a: b\n", bufferSize/5) + "---\nc: d\n" + strings.Repeat("# e\n", bufferSize/4) + "---\nf: " + strings.Repeat("g", bufferSize) + "\n---\nh: i",
	}, seeds...)
	r := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		texts = append(texts, randomYAML(r)+randomLines[r.IntN(len(randomLines))]+"\n"+randomYAML(r))
	}
	for _, text := range texts {
		for _, limit := range []int64{DefaultMaxDocument, 20} {
			got := splitAll(t, strings.NewReader(text), limit)
			want := splitAll(t, iotest.OneByteReader(bytes.NewReader([]byte(text))), limit)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("documents of %.2000q up to %d bytes are\n%.4000q, want as byte by byte\n%.4000q", text, limit, got, want)
			}
		}
	}
}
