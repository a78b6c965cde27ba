package manifest

import (
	"strconv"
	"unicode/utf8"
)

// quoted reads a scalar in quotes.
func (p *fastParser) quoted(quote byte) token {
	t := token{start: p.at}
	for i := p.at + 1; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == quote && (c == '"' || p.peek(i+1) != quote):
			t.end, t.text = i+1, p.text[t.start+1:i]
			p.at = t.end
			return t
		case c == quote, c == '\\' && quote == '"', c == '\n', c == '\r':
			p.at, p.said = t.start+1, p.said[:0]
			p.unquote(quote)
			t.end, t.text = p.at, p.said
			return t
		}
	}
	p.giveUp("a quote that is not closed")
	return t
}

// unquote reads the rest of a scalar in quotes whose text is not what it says.
func (p *fastParser) unquote(quote byte) {
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == quote && p.peek(p.at+1) == quote && quote == '\'':
			p.said = append(p.said, c)
			p.at += 2
		case c == quote:
			p.at++
			return
		case c == '\\' && quote == '"':
			p.at++
			p.escape()
		case blankByte(c):
			p.quotedSpace()
		default:
			p.said = append(p.said, c)
			p.at++
		}
	}
	p.giveUp("a quote that is not closed")
}

// quotedSpace reads white space in quotes: as it stands on a line, folded where
// there are line breaks.
func (p *fastParser) quotedSpace() {
	start := p.at
	if breaks := p.quotedBreaks(); breaks > 0 {
		p.said = appendFolded(p.said, breaks-1)
	} else {
		p.said = append(p.said, p.text[start:p.at]...)
	}
}

// quotedBreaks goes over white space and returns the number of its line breaks.
func (p *fastParser) quotedBreaks() (n int) {
	for {
		p.blanks()
		if p.at == len(p.text) || !p.lineBreak() {
			return n
		}
		p.noMarker()
		n++
	}
}

// escapes are what single characters mean behind a backslash.
var escapes = map[byte]string{
	'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", '\t': "\t", 'n': "\n", 'v': "\v", 'f': "\f", 'r': "\r", 'e': "\x1b",
	' ': " ", '"': `"`, '\'': "'", '\\': `\`, 'N': "\u0085", '_': "\u00a0", 'L': "\u2028", 'P': "\u2029",
}

// escape reads what follows a backslash.
func (p *fastParser) escape() {
	c := p.peek(p.at)
	digits := 0
	switch c {
	case '\n', '\r':
		p.lineBreak()
		p.noMarker()
		p.said = appendBreaks(p.said, p.quotedBreaks())
		return
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	}
	p.at++
	if digits == 0 {
		s, ok := escapes[c]
		if !ok {
			p.giveUp("an escape that YAML does not have")
		}
		p.said = append(p.said, s...)
		return
	}
	end := min(p.at+digits, len(p.text))
	r, err := strconv.ParseUint(string(p.text[p.at:end]), 16, 32)
	if err != nil || end-p.at < digits || !utf8.ValidRune(rune(r)) {
		p.giveUp("an escape that is no character")
		return
	}
	p.said = utf8.AppendRune(p.said, rune(r))
	p.at = end
}
