package positions

import (
	"regexp"
	"strings"
)

// A spot is where a plant can be put so that the rest keeps its meaning.
type spot struct {
	offset        int
	document      int // of those in the text, counted by their markers
	list          bool
	indent        int    // of the lines of the plant
	before, after string // the text around the plant
	style         style
}

// put is the text with plants in it, the last of them first.
func put(text string, spots []spot, plants []plant) string {
	for i := len(spots) - 1; i >= 0; i-- {
		s, p := spots[i], plants[i]
		indent := s.indent
		if s.style == block && s.list {
			p = p.within("- ", "")
			indent += 2
		}
		text = text[:s.offset] + s.before + p.at(indent) + s.after + text[s.offset:]
	}
	return text
}

var (
	// keyLine is a line of a block mapping: indent, dashes, key and what follows it.
	keyLine = regexp.MustCompile(`^( *)((?:- +)*)((?:[A-Za-z0-9_][^\s:#'"{}\[\],&*!|>]*|"[^"\\]*"|'[^']*'):)(?:[ \t]+(.*))?$`)
	// dashLine is a line of a block list.
	dashLine = regexp.MustCompile(`^( *)-(?: +(.*))?$`)
	// header is that of a block scalar, at the end of a line.
	header = regexp.MustCompile(`(?:^|[ \t])[|>][-+0-9]*[ \t]*(?:#.*)?$`)
	marker = regexp.MustCompile(`^(?:---|\.\.\.)(?:\s|$)`)
)

// A line is one that is neither blank, nor a comment, nor inside of a scalar.
type line struct {
	offset, end int // with its break
	document    int
	indent      int    // of its first character
	dashes      string // and the blanks after them
	key         string // with its colon, "" if there is none
	value       string // what follows the key or the dash
	continued   bool   // the next line goes on with the value
	valueOffset int
	isElement   bool
}

// column is that of the key.
func (l line) column() int { return l.indent + len(l.dashes) }

// blockLines finds the lines of block mappings and lists by their indentation.
func blockLines(text string) []line {
	var (
		lines    []line
		offset   int
		document int
		skipping = -1 // lines that are deeper belong to a scalar
		behind   int  // offset of the end of a flow collection
	)
	for raw := range strings.Lines(text) {
		start := offset
		offset += len(raw)
		row := strings.TrimRight(raw, "\r\n")
		body := strings.TrimLeft(row, " ")
		indent := len(row) - len(body)
		if marker.MatchString(row) {
			document++
			skipping = -1
			continue
		}
		if strings.TrimSpace(body) == "" || skipping >= 0 && indent > skipping || start < behind {
			continue
		}
		skipping = -1
		if n := len(lines); n > 0 && document == lines[n-1].document && indent > lines[n-1].column() && plain(lines[n-1].value) {
			lines[n-1].continued = true
		}
		if body[0] == '#' {
			continue
		}
		l := line{offset: start, end: offset, document: document, indent: indent}
		if m := keyLine.FindStringSubmatch(row); m != nil {
			l.dashes, l.key, l.value = m[2], m[3], m[4]
			l.isElement = l.dashes != ""
		} else if m := dashLine.FindStringSubmatch(row); m != nil {
			l.isElement, l.value = true, m[2]
		} else {
			continue
		}
		l.valueOffset = start + len(row) - len(l.value)
		lines = append(lines, l)
		if strings.HasPrefix(l.value, "{") || strings.HasPrefix(l.value, "[") {
			_, behind = bracketSpots(text, l.valueOffset, flow)
		}
		if header.MatchString(l.value) || openQuote(l.value) {
			skipping = l.column()
			if l.key == "" {
				skipping = l.indent
			}
		}
	}
	return lines
}

// openQuote reports whether a value begins a quoted scalar that does not end on its line.
func openQuote(value string) bool {
	if value == "" || value[0] != '"' && value[0] != '\'' {
		return false
	}
	return closing(value, 0) < 0
}

// closing is the offset after the quoted scalar at an offset, -1 if it has no end.
func closing(text string, at int) int {
	quote := text[at]
	for i := at + 1; i < len(text); i++ {
		switch {
		case quote == '"' && text[i] == '\\':
			i++
		case text[i] != quote:
		case quote == '\'' && i+1 < len(text) && text[i+1] == quote:
			i++
		default:
			return i + 1
		}
	}
	return -1
}

// plain reports whether a value is a scalar on one line.
func plain(value string) bool {
	if value == "" || strings.ContainsAny(value[:1], "|>&*!{[#%@`?") {
		return false
	}
	return !openQuote(value)
}

// blockSpots are before and after the fields of block mappings, and before the elements
// of block lists.
func blockSpots(text string) []spot {
	var spots []spot
	lines := blockLines(text)
	for i, l := range lines {
		if l.key != "" {
			column := l.column()
			spots = append(spots, spot{
				offset: l.offset + column, document: l.document, indent: column,
				after: "\n" + strings.Repeat(" ", column),
			})
			ends := i+1 == len(lines) || lines[i+1].document != l.document || lines[i+1].indent <= column
			if plain(l.value) && ends && !l.continued && l.end > 0 && text[l.end-1] == '\n' {
				spots = append(spots, spot{
					offset: l.end, document: l.document, indent: column,
					before: strings.Repeat(" ", column), after: "\n",
				})
			}
		}
		if l.isElement {
			spots = append(spots, spot{
				offset: l.offset + l.indent, document: l.document, indent: l.indent, list: true,
				after: "\n" + strings.Repeat(" ", l.indent),
			})
		}
	}
	return spots
}

// flowSpots are in the flow collections of a text in YAML.
func flowSpots(text string) []spot {
	var spots []spot
	from := 0
	for _, l := range blockLines(text) {
		if l.valueOffset < from || l.value == "" || l.value[0] != '{' && l.value[0] != '[' {
			continue
		}
		inside, end := bracketSpots(text, l.valueOffset, flow)
		if end < 0 {
			continue
		}
		for i := range inside {
			inside[i].document = l.document
		}
		spots = append(spots, inside...)
		from = end
	}
	return spots
}

// bracketSpots are in the collection at an offset and those in it: after what opens it,
// after a comma, and before what closes it. The end is -1 if it has none.
func bracketSpots(text string, at int, s style) ([]spot, int) {
	var (
		spots []spot
		open  []byte
		prior byte = ' ' // the last character that is not blank
	)
	add := func(offset int, before, after string) {
		spots = append(spots, spot{offset: offset, list: open[len(open)-1] == '[', style: s, before: before, after: after})
	}
	for i := at; i < len(text); i++ {
		c := text[i]
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		case '"', '\'':
			if strings.IndexByte("{[,: ", prior) >= 0 || blank(text[i-1]) {
				end := closing(text, i)
				if end < 0 {
					return nil, -1
				}
				i = end - 1
			}
		case '#':
			if blank(text[i-1]) {
				i += strings.IndexByte(text[i:]+"\n", '\n')
				continue
			}
		case '{', '[':
			open = append(open, c)
			next := strings.TrimLeft(text[i+1:], " \t\r\n")
			if strings.HasPrefix(next, "}") || strings.HasPrefix(next, "]") {
				add(i+1, "", "")
			} else {
				add(i+1, "", ", ")
				add(i+1, " ", " ,")
			}
		case ',':
			if len(open) > 0 {
				add(i+1, " ", ",")
			}
		case '}', ']':
			if len(open) == 0 {
				return nil, -1
			}
			if prior != '{' && prior != '[' && prior != ',' {
				add(i, ", ", "")
			}
			if open = open[:len(open)-1]; len(open) == 0 {
				return spots, i + 1
			}
		}
		prior = c
	}
	return nil, -1
}

// allBrackets are the spots in all documents of a text that begin with a brace.
func allBrackets(text string, s style) []spot {
	var spots []spot
	for at := 0; ; {
		i := strings.IndexByte(text[at:], '{')
		if i < 0 {
			return spots
		}
		inside, end := bracketSpots(text, at+i, s)
		if end < 0 {
			return nil
		}
		spots = append(spots, inside...)
		at = end
	}
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
