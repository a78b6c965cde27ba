package manifest

import "strings"

// longestLine is the length of a line, in bytes, up to which it is worth showing.
const longestLine = 1000

// Lines are the lines around a place of the object, without their ends, and the number
// of the first: the one where it starts, and up to around before and after that. There
// are none if the place is not in the object's document, or if one of them is too long
// to be read.
func (o *Object) Lines(p Place, around int) (first int, lines []string) {
	if o.origin != nil {
		return o.origin.Lines(p, around)
	}
	s := o.src
	s.position(0) // knows the lines from now on
	at := p.Start.Line - s.line
	if p.Start.File != s.file || at < 0 || at >= len(s.lines) {
		return 0, nil
	}
	count := len(s.lines)
	if int(s.lines[count-1]) == len(s.text) { // behind the last break
		count--
	}
	from, to := max(at-around, 0), max(min(at+around+1, count), at+1)
	for i := from; i < to; i++ {
		end := len(s.text)
		if i+1 < len(s.lines) {
			end = int(s.lines[i+1]) - 1
		}
		if end-int(s.lines[i]) > longestLine {
			return 0, nil
		}
		lines = append(lines, strings.TrimSuffix(string(s.text[s.lines[i]:end]), "\r"))
	}
	return s.line + from, lines
}
