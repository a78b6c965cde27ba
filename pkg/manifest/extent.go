package manifest

import (
	"bytes"
	"sort"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// yaml.v3 tells where a node starts, counted in its own lines, and nothing
// else. Here offsets are made of that, and the end of a scalar is found in the
// text.

// breaks returns the offsets of the lines of text as YAML 1.1 counts them.
func breaks(text []byte) []int {
	lines := []int{0}
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '\n':
			i++
		case c == '\r':
			i++
			if i < len(text) && text[i] == '\n' {
				i++
			}
		case c == 0xc2 && i+1 < len(text) && text[i+1] == 0x85: // NEL
			i += 2
		case c == 0xe2 && i+2 < len(text) && text[i+1] == 0x80 && (text[i+2] == 0xa8 || text[i+2] == 0xa9): // LS, PS
			i += 3
		default:
			i++
			continue
		}
		lines = append(lines, i)
	}
	return lines
}

// A cursor translates lines and columns of yaml.v3 to offsets. Nodes come in
// the order of the text, so it goes on from the last one: a long line is not
// counted again for each of its nodes.
type cursor struct {
	text         []byte
	lines        []int
	line, column int // of the last node, from 1
	at           int // its offset
}

func (c *cursor) offset(line, column int) int {
	if line < 1 || line > len(c.lines) {
		return len(c.text)
	}
	if line != c.line || column < c.column {
		c.line, c.column, c.at = line, 1, c.lines[line-1]
	}
	for ; c.column < column && c.at < len(c.text); c.column++ {
		if c.text[c.at] < utf8.RuneSelf {
			c.at++
			continue
		}
		_, size := utf8.DecodeRune(c.text[c.at:])
		c.at += size
	}
	return c.at
}

// properties skips the anchor and the tag of a node and returns the offset of
// what follows, that of the end of the properties, and whether there is the
// tag "!", which yaml.v3 drops.
func (c *cursor) properties(start int) (content, end int, bang bool) {
	at := start
	end = start
	for at < len(c.text) && (c.text[at] == '&' || c.text[at] == '!') {
		from := at
		if c.text[at] == '&' {
			for at++; at < len(c.text) && anchorByte(c.text[at]); at++ {
			}
		} else {
			for at < len(c.text) && !blankByte(c.text[at]) && c.text[at] < utf8.RuneSelf { // NEL, LS or PS
				at++
			}
			tag := string(c.text[from:at])
			bang = bang || tag == "!" || tag == "!<!>"
		}
		end = at
		at = c.skip(at)
	}
	return at, end, bang
}

// skip goes over white space, line breaks and comments.
func (c *cursor) skip(at int) int {
	for at < len(c.text) {
		r, size := utf8.DecodeRune(c.text[at:])
		switch {
		case space(r):
			at += size
		case r == '#':
			i := sort.SearchInts(c.lines, at+1)
			if i == len(c.lines) {
				return len(c.text)
			}
			at = c.lines[i]
		default:
			return at
		}
	}
	return at
}

// end returns where the scalar y ends that starts at content.
func (c *cursor) end(y *yaml.Node, content int) int {
	rest := c.text[content:]
	switch {
	case y.Style&yaml.DoubleQuotedStyle != 0:
		for i := 1; i < len(rest); i++ {
			switch rest[i] {
			case '\\':
				i++
			case '"':
				return content + i + 1
			}
		}
		return len(c.text)
	case y.Style&yaml.SingleQuotedStyle != 0:
		for i := 1; i < len(rest); i++ {
			if rest[i] == '\'' {
				if i+1 == len(rest) || rest[i+1] != '\'' {
					return content + i + 1
				}
				i++
			}
		}
		return len(c.text)
	case y.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return c.blockEnd(y, content)
	}
	if bytes.HasPrefix(rest, []byte(y.Value)) { // on one line
		return content + len(y.Value)
	}
	// A plain scalar on several lines: the same characters with other white
	// space between them.
	at := content
	for _, r := range y.Value {
		if space(r) {
			continue
		}
		for at < len(c.text) {
			s, size := utf8.DecodeRune(c.text[at:])
			at += size
			if s == r {
				break
			}
		}
	}
	return at
}

// blockEnd returns the end of the last line of a block scalar that has more
// than white space, or of its header.
func (c *cursor) blockEnd(y *yaml.Node, content int) int {
	header := content + 1
	explicit := false
	for header < len(c.text) && strings.IndexByte("+-0123456789", c.text[header]) >= 0 {
		explicit = explicit || c.text[header] != '+' && c.text[header] != '-'
		header++
	}
	value := strings.TrimRightFunc(y.Value, space)
	if value == "" {
		return header
	}
	first := sort.SearchInts(c.lines, content+1) // the line after the header
	last := first
	if y.Style&yaml.LiteralStyle != 0 {
		for _, r := range value {
			if breakRune(r) {
				last++
			}
		}
		return c.lineEnd(last)
	}
	indent := -1
	for i := first; i < len(c.lines); i++ {
		line := c.text[c.lines[i]:c.lineEnd(i)]
		body := bytes.TrimLeft(line, " ")
		if len(bytes.TrimLeft(body, " \t")) == 0 {
			continue
		}
		n := len(line) - len(body)
		if indent < 0 {
			indent = n
			if explicit {
				// The first line may be indented further than the scalar is; the
				// first word of its value tells by how much.
				indent = max(0, n-(len(value)-len(strings.TrimLeft(strings.TrimLeftFunc(value, breakRune), " "))))
			}
		}
		if n < indent {
			break
		}
		last = i
	}
	return c.lineEnd(last)
}

// lineEnd returns the offset of the break that ends line i.
func (c *cursor) lineEnd(i int) int {
	if i >= len(c.lines) {
		return len(c.text)
	}
	end := len(c.text)
	if i+1 < len(c.lines) {
		end = c.lines[i+1]
	}
	return c.lines[i] + len(bytes.TrimRightFunc(c.text[c.lines[i]:end], breakRune))
}

func breakRune(r rune) bool {
	return r == '\n' || r == '\r' || r == 0x85 || r == 0x2028 || r == 0x2029
}

func space(r rune) bool { return r == ' ' || r == '\t' || breakRune(r) }

func blankByte(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

func anchorByte(b byte) bool {
	return b == '-' || b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}
