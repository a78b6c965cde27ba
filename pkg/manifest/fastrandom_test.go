package manifest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// Parts of random YAML. Many do not fit together; what matters is that both
// parsers think so.
var (
	randomKeys   = []string{"a", "b", "c", "key", "'q'", "\"q\"", "\"\\x41\"", "1", "0x1", "yes", "~", "<<", "a b", "a:b", "é", "-x", "a#b", "?a", "'it''s'"}
	randomValues = []string{
		"", "", "x", "x y", "1", "-1", "1.5", "1e3", "0x1F", "010", "1_000", "100m", "128Mi", "1.2.3", "true", "no", "null", "~", ".inf", "+.inf", "-", "- x", "<<",
		"'x'", "'it''s'", "\"x\"", "\"a\\n\\u00e9\"", "\"a\\\n  b\"", "'a\n\n  b'", "\"a \n b\"", "a: b", "a:b", "a #b", "a#b", "é 😀", "http://x/?y=z", "x:", ":x", "?x", "*x", "&x y", "!t z", "@x",
		"[]", "{}", "[a, b]", "[a,b,]", "{a: b}", "{a: b, c: [d, {e: f}]}", "{a: , b: }", "[a: b]", "{a}", "{\"a\":b}", "[a,\n  b]", "[a, # x\n b]", "{a: 'b', # x\n\nc: d}", "[a b, -1, -x, -]", "[a]b", "[,]", "[a\n b]",
		"|", ">", "|-", ">-", "|+", ">+", "|2", "|1-", "|-2", "|+9", "|22", "|--", ">2", "| # x", "|x",
		"2001-01-01", "12:30:45", "0b11", "0o7", "08", "+1", "1e400", "18446744073709551615", "\t", "x\t", "x\ty",
	}
	randomComments = []string{"", "", "", "", "", "", " # c", "  #c", "#c", "\t# c"}
	randomLines    = []string{"", "# c", "  # c", "    # c", "text", "  text", "   ", "\t", "---", "...", "    more # c", "      - x", "   x: y"}
)

// randomYAML returns a text of block collections that is YAML more often than
// not.
func randomYAML(r *rand.Rand) string {
	var b strings.Builder
	pick := func(of []string) string { return of[r.IntN(len(of))] }
	lineEnd := "\n"
	if r.IntN(10) == 0 {
		lineEnd = "\r\n"
	}
	var block func(column, depth int)
	value := func(column, depth int) {
		switch v := pick(randomValues); {
		case v != "" && (v[0] == '|' || v[0] == '>'):
			b.WriteString(v + pick(randomComments) + "\n")
			width := column + r.IntN(4)
			for range r.IntN(4) {
				b.WriteString(strings.Repeat(" ", max(0, width+max(0, r.IntN(8)-6))) + pick(randomValues) + "\n")
				if r.IntN(4) == 0 {
					b.WriteString(strings.Repeat(" ", r.IntN(8)) + "\n")
				}
			}
		case v != "" || depth > 3:
			b.WriteString(v + pick(randomComments) + "\n")
			if r.IntN(20) == 0 {
				b.WriteString(strings.Repeat(" ", r.IntN(8)) + pick(randomValues) + "\n")
			}
		default:
			b.WriteString(pick(randomComments) + "\n")
			if r.IntN(4) > 0 {
				block(column+r.IntN(3), depth+1)
			}
		}
	}
	block = func(column, depth int) {
		sequence := r.IntN(3) == 0
		indent := strings.Repeat(" ", column)
		for i := range 1 + r.IntN(4) {
			if r.IntN(12) == 0 {
				b.WriteString(pick(randomLines) + "\n")
			}
			if r.IntN(60) == 0 {
				b.WriteString(" ")
			}
			b.WriteString(indent)
			switch {
			case sequence && r.IntN(3) == 0: // a mapping in compact form
				b.WriteString("- k: ")
				value(column+2, depth)
				for range r.IntN(3) {
					b.WriteString(indent + "  " + pick(randomKeys) + ": ")
					value(column+2, depth)
				}
			case sequence:
				b.WriteString("-" + strings.Repeat(" ", 1+r.IntN(3)/2))
				value(column, depth)
			default:
				key := pick(randomKeys)
				if r.IntN(20) > 0 {
					key = fmt.Sprint("k", i)
				}
				b.WriteString(key + pick([]string{": ", ": ", ": ", ":  ", ":", " : "}))
				value(column, depth)
			}
		}
	}
	block(0, 0)
	return strings.ReplaceAll(b.String(), "\n", lineEnd)
}

func TestFastRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const n = 20000
	taken := 0
	for range n {
		if checkFast(t, []byte(randomYAML(r))) == "" {
			taken++
		}
	}
	if taken < n/5 {
		t.Errorf("parseFast takes %d of %d random texts, want %d", taken, n, n/5)
	}
}

// TestFastDamaged deletes, doubles and moves parts of a manifest.
func TestFastDamaged(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const n = 5000
	taken := 0
	for range n {
		text := bytes.TrimPrefix(deployments(1), []byte("---\n"))
		for range 1 + r.IntN(3) {
			from := r.IntN(len(text))
			to := min(len(text), from+1+r.IntN(1+r.IntN(40)))
			part := bytes.Clone(text[from:to])
			if r.IntN(2) == 0 {
				text = append(text[:from], text[to:]...)
			}
			if at := r.IntN(len(text)); r.IntN(2) == 0 {
				text = append(text[:at], append(part, text[at:]...)...)
			}
		}
		if checkFast(t, text) == "" {
			taken++
		}
	}
	if taken < n/5 {
		t.Errorf("parseFast takes %d of %d damaged manifests, want %d", taken, n, n/5)
	}
}
