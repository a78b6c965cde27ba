package manifest

import "bytes"

// A token is a scalar in plain style or in quotes.
type token struct {
	start, end int
	text       []byte // what it says; valid until the next token
	plain      bool
}

// What ends plain text depends on where it stands.
type where uint8

const (
	inBlock where = 1 << iota
	inFlow
)

// ends tells for each byte where it may end plain text.
var ends = func() (m [256]where) {
	for _, c := range ":#\n\r" {
		m[c] = inBlock | inFlow
	}
	for _, c := range ",?[]{}" {
		m[c] = inFlow
	}
	return m
}()

// token reads a scalar. A plain one is read to the end of its line, and the
// blanks behind it are passed over.
func (p *fastParser) token(in where) token {
	switch c := p.peek(p.at); c {
	case '"', '\'':
		return p.quoted(c)
	case ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '%', '@', '`', '\n', '\r', '\t', ' ', 0:
		p.giveUp("a value that begins with an indicator")
	case '?', ':':
		if in == inFlow || p.blank(p.at+1) {
			p.giveUp("a complex key")
		}
	case '-':
		if p.blank(p.at + 1) {
			p.giveUp("a list where no list can be")
		}
	}
	start := p.at
	end := p.plainEnd(in)
	return token{start: start, end: end, text: p.text[start:end], plain: true}
}

// plainEnd goes to where plain text ends on this line and returns the end of
// its last word.
func (p *fastParser) plainEnd(in where) int {
	start, i := p.at, p.at
	for ; i < len(p.text); i++ {
		c := p.text[i]
		if ends[c]&in != 0 && (c != ':' || p.blank(i+1)) && (c != '#' || blankByte(p.text[i-1])) {
			break
		}
	}
	p.at = i
	for i > start && (p.text[i-1] == ' ' || p.text[i-1] == '\t') {
		i--
	}
	return i
}

// moreLines adds the following lines to plain text that ends its line, if they
// are indented further than the collection around it.
func (p *fastParser) moreLines(t *token, indent int) {
	for first := true; p.lineBreakHere(); first = false {
		end := p.at
		empty, column := p.emptyLines()
		if c := p.peek(p.at); column <= indent || c == '#' || c == '\t' || c == 0 {
			p.at = end
			return
		}
		if first {
			p.said = append(p.said[:0], t.text...)
		}
		p.said = appendFolded(p.said, empty)
		start := p.at
		t.end = p.plainEnd(inBlock)
		p.said = append(p.said, p.text[start:t.end]...)
		t.text = p.said
	}
}

// emptyLines goes over a line break and what follows of white space. It returns
// the number of lines that are empty and the column of what comes then.
func (p *fastParser) emptyLines() (n, column int) {
	for n = -1; p.lineBreakHere() && p.at < len(p.text); n++ {
		p.lineBreak()
		start := p.at
		for p.peek(p.at) == ' ' {
			p.at++
		}
		column = p.at - start
	}
	return n, column
}

// appendFolded appends what a line break means that empty lines follow.
func appendFolded(text []byte, empty int) []byte {
	if empty == 0 {
		return append(text, ' ')
	}
	return appendBreaks(text, empty)
}

func appendBreaks(text []byte, n int) []byte {
	for range n {
		text = append(text, '\n')
	}
	return text
}

// maxKey is the number of characters from the start of a key within which
// yaml.v3 looks for the ":".
const maxKey = 1024

// colon reports whether a token is a key, and goes over its ":".
func (p *fastParser) colon(key token, in where) bool {
	p.blanks()
	if p.peek(p.at) != ':' || !p.blank(p.at+1) && (key.plain || in == inBlock) {
		return false
	}
	if p.at-key.start > maxKey || bytes.IndexByte(p.text[key.start:p.at], '\n') >= 0 {
		p.giveUp("a key that is long or on several lines")
		return false
	}
	p.at++
	return true
}
