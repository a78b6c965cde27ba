package manifest

// block reads the block node whose first character stands at a column, and goes
// to the token behind it. indent is the column of the collection around it, -1
// at the root.
func (p *fastParser) block(column, indent int) {
	switch p.peek(p.at) {
	case '|', '>', '[', '{':
		p.inline(indent)
		return
	}
	if p.dash() {
		p.sequence(column)
		return
	}
	t := p.token(inBlock)
	if p.colon(t, inBlock) {
		p.mapping(t, column)
	} else {
		p.scalar(t, indent)
	}
}

// inline reads a value on the line of its key: a scalar or a flow collection.
func (p *fastParser) inline(indent int) {
	switch p.peek(p.at) {
	case '|', '>':
		p.blockScalar(indent)
	case '[', '{':
		p.flow()
		p.endLine()
	default:
		p.scalar(p.token(inBlock), indent)
	}
}

// scalar pushes a token that is a value, with its further lines if it is plain,
// and goes to the token behind it.
func (p *fastParser) scalar(t token, indent int) {
	if t.plain {
		p.moreLines(&t, indent)
	}
	p.push(t)
	p.endLine()
}

// dash reports whether an element of a block sequence begins here.
func (p *fastParser) dash() bool { return p.peek(p.at) == '-' && p.blank(p.at+1) }

// mapping reads a block mapping from behind the ":" of its first key.
func (p *fastParser) mapping(key token, column int) {
	c, ok := p.begin(node{kind: mapping, start: int32(key.start), end: int32(key.end)})
	if !ok {
		return
	}
	for {
		p.pushKey(key)
		p.member(column)
		if p.column != column {
			break
		}
		key = p.token(inBlock)
		if !p.colon(key, inBlock) {
			p.giveUp("a line without a key")
			return
		}
	}
	if p.column > column {
		p.giveUp("indentation")
	}
	p.end(c)
}

// member reads the value of a key in a block mapping from behind the ":".
func (p *fastParser) member(column int) {
	colon := p.at
	p.blanks()
	if !p.lineDone() {
		p.inline(column)
		return
	}
	p.endLine()
	switch {
	case p.column > column:
		p.block(p.column, column)
	case p.column == column && p.dash():
		p.sequence(column)
	default:
		p.pushNull(colon, colon)
	}
}

// sequence reads a block sequence from its first "-". One that stands at the
// column of the mapping around it ends where that goes on.
func (p *fastParser) sequence(column int) {
	c, ok := p.begin(node{kind: sequence, start: int32(p.at), end: int32(p.at) + 1})
	if !ok {
		return
	}
	for {
		p.element(column)
		if p.column != column || !p.dash() {
			break
		}
	}
	if p.column > column {
		p.giveUp("indentation")
	}
	p.end(c)
}

// element reads an element of a block sequence from its "-". A value behind it
// on the line may be a collection, whose column is that of its first character.
func (p *fastParser) element(column int) {
	dash := p.at
	for p.at++; p.peek(p.at) == ' '; p.at++ {
	}
	if p.peek(p.at) == '\t' {
		p.giveUp("a tab in indentation")
	}
	if !p.lineDone() {
		p.block(column+p.at-dash, column)
		return
	}
	p.endLine()
	if p.column > column {
		p.block(p.column, column)
	} else {
		p.pushNull(dash, dash+1)
	}
}
