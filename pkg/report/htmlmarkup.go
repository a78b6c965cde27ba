package report

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// markup is HTML that stands in this package's source. A string constant becomes one by
// itself, a string that was read somewhere never does.
type markup string

// A fragment is a part of a page.
type fragment struct{ bytes.Buffer }

// put writes markup, with a value in place of each {}. Numbers are written as they are, and
// so is a fragment; a string is escaped, so that it is text between tags or in the quotes of
// an attribute, whatever it holds.
func (f *fragment) put(m markup, values ...any) {
	rest := string(m)
	for _, value := range values {
		before, after, found := strings.Cut(rest, "{}")
		if !found {
			panic("more values than places in " + rest)
		}
		f.WriteString(before)
		switch value := value.(type) {
		case string:
			f.text(value)
		case int:
			f.WriteString(strconv.Itoa(value))
		case int64:
			f.WriteString(strconv.FormatInt(value, 10))
		case percent:
			f.WriteString(strconv.FormatFloat(float64(value), 'f', 3, 64) + "%")
		case *fragment:
			f.Write(value.Bytes())
		default:
			panic(fmt.Sprintf("no place for a %T", value))
		}
		rest = after
	}
	f.WriteString(rest)
}

// A percent is a length as a part of another.
type percent float64

// text writes a text. What a reader would not see is written by its number.
func (f *fragment) text(s string) {
	for _, r := range s {
		switch {
		case r == '&':
			f.WriteString("&amp;")
		case r == '<':
			f.WriteString("&lt;")
		case r == '>':
			f.WriteString("&gt;")
		case r == '"':
			f.WriteString("&#34;")
		case r == '\'':
			f.WriteString("&#39;")
		case r != '\n' && isUnseen(r):
			fmt.Fprintf(f, "[%U]", r)
		default:
			f.WriteRune(r) // what is no UTF-8 is the replacement character
		}
	}
}

// inline is what is rendered of the Markdown within a paragraph: code and links.
var inline = regexp.MustCompile("`([^`]+)`|\\[([^\\]]+)\\]\\((https://[^)\\s]+)\\)")

// prose writes the paragraphs of a text of a rule, and its lists as lines of their own.
func (f *fragment) prose(text string) {
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if paragraph = strings.TrimSpace(paragraph); paragraph == "" {
			continue
		}
		f.put("<p>")
		for i, line := range strings.Split(paragraph, "\n") {
			switch {
			case i > 0 && strings.HasPrefix(line, "- "):
				f.put("<br>")
			case i > 0:
				f.put("\n")
			}
			end := 0
			for _, m := range inline.FindAllStringSubmatchIndex(line, -1) {
				f.text(line[end:m[0]])
				if m[2] >= 0 {
					f.put("<code>{}</code>", line[m[2]:m[3]])
				} else {
					f.put(`<a href="{}">{}</a>`, line[m[6]:m[7]], line[m[4]:m[5]])
				}
				end = m[1]
			}
			f.text(line[end:])
		}
		f.put("</p>\n")
	}
}
