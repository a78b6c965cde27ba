package manifest

import "strconv"

// A Position is a place in a manifest. The zero Position means "unknown".
//
// Lines end with LF or CRLF, as an editor counts them. The line breaks that
// YAML 1.1 knows besides (a lone CR, NEL, LS, PS) are characters like others.
type Position struct {
	File   string // slash-separated, as the caller named it; "-" is standard input
	Line   int    // from 1; 0 if unknown
	Column int    // from 1, in code points; 0 if unknown
}

// String returns file:line:column without the parts that are unknown.
func (p Position) String() string {
	s := p.File
	if s == "" {
		s = "-"
	}
	if p.Line <= 0 {
		return s
	}
	s += ":" + strconv.Itoa(p.Line)
	if p.Column <= 0 {
		return s
	}
	return s + ":" + strconv.Itoa(p.Column)
}

// A Place is a stretch of a manifest. It starts at the key of a field, or at
// the first character of a list element, and ends with the value if that is a
// scalar or an alias, else with the key.
type Place struct {
	Start   Position
	End     Position  // exclusive: the column after the last character
	Related []Related // what else the reader of a finding must see, in the order of the path
	Derived bool      // the value was not written as it is: this is the nearest place
}

// A Related position explains a Place: the anchor of an alias, or the "<<" of
// a merge.
type Related struct {
	Position Position
	Note     string // for example "anchor &defaults"
}
