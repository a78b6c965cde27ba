package manifest

import "bytes"

// peek returns the byte at an offset, 0 at the end of the text, which has none.
func (p *fastParser) peek(at int) byte {
	if at < len(p.text) {
		return p.text[at]
	}
	return 0
}

// blank reports whether white space or the end of the text stands at an
// offset.
func (p *fastParser) blank(at int) bool {
	c := p.peek(at)
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == 0
}

// blanks goes over spaces and tabs.
func (p *fastParser) blanks() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
}

// lineBreak goes over a line break. It reports true at the end of the text, too.
func (p *fastParser) lineBreak() bool {
	switch p.peek(p.at) {
	case '\r':
		p.at += 2
	case '\n':
		p.at++
	case 0:
	default:
		return false
	}
	return true
}

// lineBreakHere reports whether the line or the text ends here.
func (p *fastParser) lineBreakHere() bool {
	c := p.peek(p.at)
	return c == '\n' || c == '\r' || c == 0
}

// lineDone reports whether there is no more than a comment on this line.
func (p *fastParser) lineDone() bool { return p.lineBreakHere() || p.peek(p.at) == '#' }

// comment goes over a comment, if one stands here, up to the line break. After
// other text it needs a blank, though yaml.v3 takes some that have none.
func (p *fastParser) comment() {
	if p.peek(p.at) != '#' {
		return
	}
	if p.at > 0 && !p.blank(p.at-1) {
		p.giveUp("a comment without a blank before it")
		return
	}
	p.at = p.lineEnd(p.at)
}

// lineEnd returns the offset of the break that ends the line of an offset.
func (p *fastParser) lineEnd(at int) int {
	n := bytes.IndexByte(p.text[at:], '\n')
	if n < 0 {
		return len(p.text)
	}
	if n > 0 && p.text[at+n-1] == '\r' {
		n--
	}
	return at + n
}

// endLine ends a line after its last token and goes to the next token.
func (p *fastParser) endLine() {
	p.blanks()
	p.comment()
	if !p.lineBreak() {
		p.giveUp("text after a value")
		return
	}
	p.nextLine()
}

// nextLine goes over blank lines and comments from the beginning of a line to
// the next token.
func (p *fastParser) nextLine() {
	for p.at < len(p.text) {
		start := p.at
		for p.peek(p.at) == ' ' {
			p.at++
		}
		switch p.peek(p.at) {
		case '\t':
			p.giveUp("a tab in indentation")
			return
		case '#':
			p.at = p.lineEnd(p.at)
			p.lineBreak()
		case '\n', '\r':
			p.lineBreak()
		case 0:
		default:
			p.column = p.at - start
			if p.column == 0 {
				p.noMarker()
			}
			return
		}
	}
	p.column = -1
}

// noMarker gives up at the beginning of a line that is a document marker.
func (p *fastParser) noMarker() {
	if rest := p.text[p.at:]; len(rest) >= 3 && (marker(rest, "---") || marker(rest, "...")) {
		p.giveUp("a document marker")
	}
}
