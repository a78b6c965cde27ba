package manifest

import "bytes"

// parseFast reads what nearly all manifests are made of straight into a
// document: block mappings and sequences, flow collections, scalars of every
// style, comments. The result is the one of yaml.v3 and the builder, at a
// fraction of the cost.
//
// It reports false for a text that has anything else (anchors, tags, merges,
// directives, complex keys, tabs as indentation) or that might be wrong. It
// finds no faults: where it is not sure it gives up, and yaml.v3 decides.
func parseFast(text []byte) (*document, bool) {
	p := fastParser{stack: newStack(text)}
	defer p.release()
	d := p.document()
	return d, d != nil
}

// A fastParser pushes a node for each key and value, and the key or the value
// itself.
type fastParser struct {
	*stack
	at     int    // offset of what is read next
	column int    // of the first token of a line, where one has been found; -1 at the end of the text
	depth  int    // of collections that have not ended
	reason string // why the text is left to yaml.v3; parsing is over once it is set
}

// giveUp ends parsing: no loop goes on at the end of the text.
func (p *fastParser) giveUp(reason string) {
	if p.reason == "" {
		p.reason = reason
	}
	p.at, p.column = len(p.text), -1
}

// document reads the whole text. It returns nil if it gives up.
func (p *fastParser) document() *document {
	if oddBreaks(p.text) {
		p.giveUp("an odd line break")
	}
	p.nextLine()
	if p.column < 0 {
		p.giveUp("no content")
		return nil
	}
	p.block(p.column, -1)
	if p.column >= 0 {
		p.giveUp("indentation")
	}
	if p.reason != "" {
		return nil
	}
	if p.open[0].kind == scalar {
		p.giveUp("a document that is one scalar")
		return nil
	}
	return p.stack.document(p.values[0])
}

// oddBreaks reports whether text has a line break of YAML 1.1 that is neither
// LF nor CRLF, or a byte order mark, which yaml.v3 may skip.
func oddBreaks(text []byte) bool {
	for rest := text; ; {
		i := bytes.IndexByte(rest, '\r')
		if i < 0 {
			break
		}
		if rest = rest[i+1:]; len(rest) == 0 || rest[0] != '\n' {
			return true
		}
	}
	for _, odd := range []string{"\u0085", "\u2028", "\u2029", "\ufeff"} {
		if bytes.Contains(text, []byte(odd)) {
			return true
		}
	}
	return false
}
