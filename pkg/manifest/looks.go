package manifest

import (
	"fmt"
	"regexp"
)

// Keys in the text of a document. YAML ends lines at more than LF, and puts anchors and tags
// before keys.
const (
	properties = `(?:\?[ \t]+)?(?:[&!][^\s,]*[ \t]+)*`
	blockKey   = `(?:^|[\n\r\x{85}\x{2028}\x{2029}])[\t\f]*( *)` + properties + `["']?%s["']?[ \t]*:(?:\s|$)`
	flowKey    = `[{,]\s*` + properties + `["']?%s["']?\s*:`
)

var (
	blockVersion = regexp.MustCompile(fmt.Sprintf(blockKey, "apiVersion"))
	blockKind    = regexp.MustCompile(fmt.Sprintf(blockKey, "kind"))
	flowVersion  = regexp.MustCompile(fmt.Sprintf(flowKey, "apiVersion"))
	flowKind     = regexp.MustCompile(fmt.Sprintf(flowKey, "kind"))
	jsonVersion  = regexp.MustCompile(`"apiVersion"\s*:`)
	jsonKind     = regexp.MustCompile(`"kind"\s*:`)
)

// looksLikeManifest decides by its text whether a document would have been a
// manifest: it has apiVersion and kind at the start of a line, or of lines that
// are indented like its first, or as keys between braces.
func looksLikeManifest(text []byte, fault int) bool {
	return flowVersion.Match(text) && flowKind.Match(text) || atStart(blockVersion, text) && atStart(blockKind, text)
}

// hasQuotedKeys reports whether apiVersion and kind are keys somewhere in a JSON text.
func hasQuotedKeys(text []byte) bool { return jsonVersion.Match(text) && jsonKind.Match(text) }

// atStart reports whether a key stands at the indentation of the document: at
// column 1, or that of its first line with content.
func atStart(key *regexp.Regexp, text []byte) bool {
	indent := indentation(text)
	for _, m := range key.FindAllSubmatchIndex(text, -1) {
		if n := m[3] - m[2]; n == 0 || n == indent {
			return true
		}
	}
	return false
}

// indentation returns that of the first line of text that is neither blank nor
// a comment nor a marker.
func indentation(text []byte) int {
	n := 0
	comment := false
	for i, c := range text {
		switch {
		case c == '\n':
			n, comment = 0, false
		case comment:
		case c == ' ':
			n++
		case c == '#' || c == '%' && n == 0 || n == 0 && marker(text[i:], "---"):
			comment = true
		case c != '\r' && c != '\t':
			return n
		}
	}
	return 0
}
