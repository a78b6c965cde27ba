package manifest

import "bytes"

// blockScalar reads a literal or folded scalar from its "|" or ">", and goes to
// the token behind it. indent is the column of the collection around it.
func (p *fastParser) blockScalar(indent int) {
	t := token{start: p.at}
	folded := p.text[p.at] == '>'
	chomp, width := p.indicators()
	t.end = p.at
	p.blanks()
	p.comment()
	if !p.lineBreak() || folded && width > 0 {
		p.giveUp("an odd block scalar")
		return
	}
	if width > 0 {
		width += indent
	} else {
		width = p.blockWidth(indent)
	}
	p.said = p.said[:0]
	empty, broken := 0, false    // empty lines since the last one with text, and whether that ended in a break
	first, spaced := true, false // whether there was none yet, and whether it began with a blank
	for p.blockLine(width) {
		if p.lineBreakHere() {
			p.lineBreak()
			empty++
			continue
		}
		line := p.text[p.at:p.lineEnd(p.at)]
		blank := line[0] == ' ' || line[0] == '\t'
		switch {
		case first:
			p.said = appendBreaks(p.said, empty)
		case folded && !spaced && !blank:
			p.said = appendFolded(p.said, empty)
		default:
			p.said = appendBreaks(p.said, empty+1)
		}
		p.said = append(p.said, line...)
		p.at += len(line)
		if len(bytes.TrimLeft(line, " \t")) > 0 {
			t.end = p.at
		}
		broken = p.at < len(p.text)
		p.lineBreak()
		empty, first, spaced = 0, false, blank
	}
	if broken && chomp != '-' {
		p.said = append(p.said, '\n')
	}
	if chomp == '+' {
		p.said = appendBreaks(p.said, empty)
	}
	t.text = p.said
	p.push(t)
	p.nextLine()
}

// indicators goes over the header of a block scalar. It returns the chomping
// indicator and the indentation that is written there, or 0.
func (p *fastParser) indicators() (chomp byte, width int) {
	for p.at++; ; p.at++ {
		switch c := p.peek(p.at); {
		case (c == '+' || c == '-') && chomp == 0:
			chomp = c
		case c >= '1' && c <= '9' && width == 0:
			width = int(c - '0')
		default:
			return chomp, width
		}
	}
}

// blockLine goes over the indentation of a line in a block scalar. It reports
// false at the beginning of the first line that is not part of it.
func (p *fastParser) blockLine(width int) bool {
	start := p.at
	for p.at-start < width && p.peek(p.at) == ' ' {
		p.at++
	}
	switch c := p.peek(p.at); {
	case c == '\n' || c == '\r':
		return true
	case c == 0 || p.at-start == width:
		return c != 0
	case c == '\t':
		p.giveUp("a tab in indentation")
		return false
	}
	p.at = start
	return false
}

// blockWidth returns the indentation of the block scalar whose lines begin
// here: that of its first line with text, or of an empty one before it that is
// longer, but more than that of the collection around it.
func (p *fastParser) blockWidth(indent int) int {
	first := p.at
	width := indent + 1
	for p.at < len(p.text) {
		start := p.at
		for p.peek(p.at) == ' ' {
			p.at++
		}
		width = max(width, p.at-start)
		if !p.lineBreakHere() {
			break
		}
		p.lineBreak()
	}
	if p.peek(p.at) == '\t' {
		p.giveUp("a tab in indentation")
		return width
	}
	p.at = first
	return width
}
