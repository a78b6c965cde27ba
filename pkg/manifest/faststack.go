package manifest

// A collection is one that has begun: what was pushed since are its children.
type collection struct {
	node          node
	nodes, values int // heights of the stack
}

// begin begins a collection, unless it is nested too deep.
func (p *fastParser) begin(n node) (c collection, ok bool) {
	if p.depth++; p.depth >= maxDepth {
		p.giveUp("deep nesting")
		return c, false
	}
	return collection{n, len(p.open), len(p.values)}, true
}

// end ends a collection and pushes it.
func (p *fastParser) end(c collection) {
	p.depth--
	if p.reason != "" {
		return
	}
	p.wrap(c.node, c.nodes)
	var v any
	if c.node.kind == sequence {
		v = p.list(c.values)
	} else {
		m, ok := p.members(c.values)
		if !ok {
			p.giveUp("a duplicate key")
		}
		v = m
	}
	p.values = append(p.values, v)
}

// push pushes a scalar.
func (p *fastParser) push(t token) {
	var v any
	if s := p.string(t.text); t.plain {
		v = p.plain(s)
	} else {
		v = s
	}
	p.open = append(p.open, node{start: int32(t.start), end: int32(t.end)})
	p.values = append(p.values, v)
}

func (p *fastParser) plain(s string) any {
	v, special := meaning(s)
	if !special {
		if s == "<<" {
			p.giveUp("a merge")
		}
		return s
	}
	v, err := normal(v)
	if err != nil {
		p.giveUp("a number that JSON does not have")
	}
	return v
}

// pushKey pushes a key, which has no value.
func (p *fastParser) pushKey(t token) {
	s := p.string(t.text)
	if t.plain {
		if s == "<<" {
			p.giveUp("a merge")
		}
		if v, special := meaning(s); special {
			var err error
			if s, err = keyText(v); err != nil {
				p.giveUp("a key that is no string")
			}
		}
	}
	n := node{start: int32(t.start), end: int32(t.end)}
	p.name(&n, s)
	p.open = append(p.open, n)
	p.keys = append(p.keys, s)
}

// pushNull pushes a null that is not written.
func (p *fastParser) pushNull(start, end int) {
	p.open = append(p.open, node{start: int32(start), end: int32(end)})
	p.values = append(p.values, nil)
}
