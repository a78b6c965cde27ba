package manifest

// flow reads the collection in brackets that begins here, on one line or
// several. Indentation means nothing inside of it.
func (p *fastParser) flow() {
	n := node{kind: sequence, start: int32(p.at), end: int32(p.at) + 1}
	closing := byte(']')
	if p.peek(p.at) == '{' {
		n.kind, closing = mapping, '}'
	}
	c, ok := p.begin(n)
	if !ok {
		return
	}
	for next := byte(','); next == ','; next = p.peek(p.at) {
		p.at++
		p.flowSpace()
		if p.peek(p.at) == closing {
			break
		}
		if n.kind == mapping {
			p.flowMember()
		} else {
			p.flowValue()
		}
		p.flowSpace()
	}
	if p.peek(p.at) != closing {
		p.giveUp("odd flow style")
		return
	}
	p.at++
	p.end(c)
}

// flowMember reads a key, which must have a ":", and its value, which may be
// missing.
func (p *fastParser) flowMember() {
	key := p.token(inFlow)
	if !p.colon(key, inFlow) {
		p.giveUp("odd flow style")
		return
	}
	p.pushKey(key)
	p.flowSpace()
	if c := p.peek(p.at); c == ',' || c == '}' {
		p.pushNull(p.at, p.at)
	} else {
		p.flowValue()
	}
}

func (p *fastParser) flowValue() {
	if c := p.peek(p.at); c == '[' || c == '{' {
		p.flow()
	} else {
		p.push(p.token(inFlow))
	}
}

// flowSpace goes over white space, line breaks and comments.
func (p *fastParser) flowSpace() {
	for {
		p.blanks()
		p.comment()
		if p.at == len(p.text) || !p.lineBreak() {
			return
		}
		p.noMarker()
	}
}
