package manifest

import (
	"bytes"
	"slices"
	"sort"
	"strings"
)

// A search is what was found of a mark in the text of a document. It is kept, so that the
// text of a list is not searched again for each of its items.
type search struct {
	mark     string
	found    bool
	comments []Comment // with paths from the root of the document
	about    []Comment // those of them that are about something
	leading  *Comment  // the first that begins with the mark, nil if none does
}

// Mentions reports whether mark stands anywhere in the text of the object's document, or
// in the comments above it.
func (o *Object) Mentions(mark string) bool { return o.search(mark).found }

func (o *Object) search(mark string) search {
	src := o.src
	src.searching.Lock()
	defer src.searching.Unlock()
	for _, s := range src.searches {
		if s.mark == mark {
			return s
		}
	}
	s := search{mark: mark}
	if src.above != nil {
		s.look(src.above, nil, func(*cursor, int) (part, []any) {
			top := o.tree.top()
			return part{entry: top, from: top.start, to: top.start}, []any{}
		})
	}
	s.look(src, o.tree, o.tree.commented())
	src.searches = append(src.searches, s)
	return s
}

// look searches the text of src, whose tree is t, or nil if it is nothing but comments.
// What a comment is about is asked of about, by the offset of its "#".
func (s *search) look(src *source, t *tree, about func(*cursor, int) (part, []any)) {
	mark := []byte(s.mark)
	if !bytes.Contains(src.text, mark) {
		return
	}
	s.found = true
	c := &cursor{text: src.text, lines: breaks(src.text)}
	for at := bytes.Index(src.text, mark); at >= 0; {
		next := at + len(mark)
		if hash, ok := c.hash(at, t); ok {
			next = max(next, c.lineEnd(c.lineOf(at)))
			p, path := about(c, hash)
			s.add(Comment{
				Position: src.position(hash),
				Text:     strings.TrimSpace(string(src.text[hash+1 : next])),
				Path:     path,
				part:     p,
			})
		}
		i := bytes.Index(src.text[next:], mark)
		if i < 0 {
			return
		}
		at = next + i
	}
}

// add keeps a comment that comes after all that are kept.
func (s *search) add(comment Comment) {
	s.comments = append(s.comments, comment)
	if comment.Path != nil {
		s.about = append(s.about, comment)
	}
	if s.leading == nil && strings.HasPrefix(comment.Text, s.mark) {
		s.leading = &comment
	}
}

// within returns the comments about what starts from an offset up to another one: what
// comments are about is in their order.
func (s *search) within(from, to int32) []Comment {
	return s.about[s.before(from):s.before(to+1)]
}

// before is the number of comments about what starts before an offset.
func (s *search) before(offset int32) int {
	return sort.Search(len(s.about), func(i int) bool { return s.about[i].part.from >= offset })
}

// hash returns the "#" of the comment that has the offset at behind it.
func (c *cursor) hash(at int, t *tree) (int, bool) {
	from := c.lines[c.lineOf(at)]
	if t != nil {
		gap, ok := t.gap(c, at)
		if !ok {
			return 0, false
		}
		from = max(from, gap)
	}
	i := bytes.IndexByte(c.text[min(from, at):at], '#')
	return from + i, i >= 0
}

// lineOf returns the index of the line that has an offset.
func (c *cursor) lineOf(at int) int { return sort.SearchInts(c.lines, at+1) - 1 }

// gap returns where the text between two scalars begins that an offset stands in. It
// reports false for an offset in a scalar. In a gap, each "#" begins a comment: an anchor
// or a tag cannot have one.
func (t *tree) gap(c *cursor, at int) (int, bool) {
	n := t.top()
	if at < int(n.start) {
		return 0, true
	}
	for n.kind == mapping || n.kind == sequence {
		content := t.children(n)
		i := sort.Search(len(content), func(i int) bool { return int(content[i].start) > at })
		if i == 0 {
			return int(n.start), true
		}
		n = &content[i-1]
	}
	if at >= int(n.end) {
		return int(n.end), true
	}
	start, _, _ := c.properties(int(n.start))
	if at < start {
		return int(n.start), true
	}
	// The header of a block scalar may have a comment behind it.
	return start, (c.text[start] == '|' || c.text[start] == '>') && c.lineOf(at) == c.lineOf(start)
}

// commented returns a function that returns what the comment with the "#" at an offset is
// about, and the path of that from the root: nil if that is nothing. It is asked in the
// order of the text: comments that stand above one another are about the same, and the
// lines below them are looked at once.
func (t *tree) commented() func(c *cursor, hash int) (part, []any) {
	var (
		p           part
		path        []any
		first, last int // comments on the lines between these are about p
	)
	return func(c *cursor, hash int) (part, []any) {
		if line := c.lineOf(hash); line <= first || line >= last {
			first = line
			p, path, last = t.below(c, hash)
			path = slices.Clip(path)
		}
		return p, path
	}
}

// below returns what begins on the line of the comment with the "#" at an offset or, if
// nothing does, on the next line with content, its path from the root, which is nil if it
// is nothing, and the index of that line.
func (t *tree) below(c *cursor, hash int) (p part, path []any, line int) {
	line = c.lineOf(hash)
	for end := hash; line < len(c.lines); end = c.lineEnd(line) {
		from := c.lines[line]
		if p, path, ok := t.part(from, end); ok {
			return p, path, line
		}
		// "-" and "?" have what they begin on a line below, or it is a "---".
		rest := bytes.TrimLeft(c.text[from:max(from, end)], " \t-?")
		if len(rest) > 0 && rest[0] != '#' {
			break
		}
		line++
	}
	return part{}, nil, line
}
