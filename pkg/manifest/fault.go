package manifest

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parseNode runs yaml.v3. It returns nil for a text without a document.
func parseNode(text []byte) (*yaml.Node, *fault) {
	y, more, err := decodeYAML(text)
	if err == nil && more != nil {
		// The splitter ends documents at line breaks that editors know; yaml.v3
		// knows others (a lone CR, NEL, LS, PS).
		c := cursor{text: text, lines: breaks(text)}
		return nil, &fault{
			offset:  c.offset(more.Line, more.Column),
			message: `found a second document, want a line "---" before it that begins after LF or CRLF`,
		}
	}
	if err != nil {
		return nil, locate(text, err)
	}
	return y, nil
}

// decodeYAML returns the first document of text and the start of a second one.
func decodeYAML(text []byte) (first, second *yaml.Node, err error) {
	defer func() {
		// yaml.v3 panics for some texts that it should refuse.
		if p := recover(); p != nil {
			first, second, err = nil, nil, errParser
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader(text))
	first = new(yaml.Node)
	if err := d.Decode(first); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil, nil
		}
		return nil, nil, err
	}
	second = new(yaml.Node)
	switch err := d.Decode(second); {
	case errors.Is(err, io.EOF):
		return first, nil, nil
	case err != nil:
		return nil, nil, err
	}
	return first, second, nil
}

var errParser = errors.New("found a text that the YAML parser cannot handle, want simpler YAML")

var atLine = regexp.MustCompile(`^(?:yaml: )?(?:line ([0-9]+): )?(.*)`)

// reasons gives the texts of yaml.v3 the form "found this, want that".
var reasons = map[string]string{
	"did not find expected key":                                    "found text that is not indented like the keys around it, want a key",
	"did not find expected '-' indicator":                          `found text at the indentation of a list, want "- "`,
	"did not find expected ',' or ']'":                             `found no "," or "]" in a list that was opened with "["`,
	"did not find expected ',' or '}'":                             `found no "," or "}" in a mapping that was opened with "{"`,
	"did not find expected node content":                           "found no value, want one",
	"did not find expected <document start>":                       `found text after the end of the document, want "---" before it`,
	"could not find expected ':'":                                  `found a line without ":", want "key: value"`,
	"mapping values are not allowed in this context":               `found a ":" where no key can be, want the value in quotes or on a line of its own`,
	"mapping keys are not allowed in this context":                 `found a "?" where no key can be, want the value in quotes`,
	"block sequence entries are not allowed in this context":       `found a "- " where no list can be, want it on a line of its own`,
	"found character that cannot start any token":                  "found a character that no value can start with, want the value in quotes",
	"found unexpected end of stream":                               "found a quoted string that does not end, want a closing quote",
	"found unexpected document indicator":                          `found "---" or "..." inside a quoted string, want a closing quote before it`,
	"found unknown escape character":                               "found an escape in double quotes that YAML does not have, want \\\\ for a backslash, or single quotes",
	"found invalid Unicode character escape code":                  "found an escape that is no character, want a code point that is no surrogate",
	"did not find expected hexdecimal number":                      "found an escape without its hexadecimal digits, want \\xXX, \\uXXXX or \\UXXXXXXXX",
	"did not find expected alphabetic or numeric character":        `found "&" or "*" without a name, want the value in quotes`,
	"found a tab character that violates indentation":              tabs,
	"found a tab character where an indentation space is expected": tabs,
	"did not find expected comment or line break":                  `found text after "|" or ">", want the block scalar on the next line`,
	"found an indentation indicator equal to 0":                    "found the indentation indicator 0, want 1 to 9",
	"found undefined tag handle":                                   "found a tag with a handle that no %TAG directive defines, want the value in quotes",
	"did not find expected whitespace or line break":               "found a tag, anchor or alias with no space after it, want one",
	"found incompatible YAML document":                             "found a %YAML directive of another version, want 1.1 or 1.2",
	"found unknown directive name":                                 `found a directive that is neither %YAML nor %TAG, want the value in quotes`,
}

const (
	tabs = "tab used for indentation, want spaces"

	// unrendered begins the message for a text that is a template.
	unrendered = "unrendered template: "
)

// locate turns an error of yaml.v3 into a fault with its place.
func locate(text []byte, err error) *fault {
	match := atLine.FindStringSubmatch(err.Error())
	line, _ := strconv.Atoi(match[1])
	reason := match[2]
	c := cursor{text: text, lines: breaks(text)}
	if f := template(text); f != nil {
		return f
	}
	if i := c.firstFailing(reason); i >= 0 {
		line = i + 1
	}
	line = max(1, min(line, len(c.lines)))
	if at := c.tab(line - 1); at >= 0 {
		return &fault{offset: at, message: tabs}
	}
	if name, ok := strings.CutPrefix(reason, "unknown anchor '"); ok {
		name = strings.TrimSuffix(name, "' referenced")
		at := bytes.Index(text[c.lines[line-1]:], []byte("*"+name))
		return &fault{offset: c.lines[line-1] + max(at, 0), message: "alias *" + name + " has no anchor, want &" + name + " before it, or the value in quotes"}
	}
	if strings.HasPrefix(reason, "exceeded max depth") {
		return &fault{offset: c.lines[line-1], message: "nested deeper than " + strconv.Itoa(maxDepth) + " levels"}
	}
	message := reasons[reason]
	if message == "" {
		message = reason
	}
	return &fault{offset: c.fault(line-1, reason), message: message}
}

// maxLocate bounds the text that is parsed again to find the line of an error.
const maxLocate = 256 << 10

// firstFailing returns the index of the line that a parser meets reason at:
// that of the shortest beginning of the text that has the same error. The line
// that yaml.v3 reports is mostly that of the enclosing collection.
func (c *cursor) firstFailing(reason string) int {
	if len(c.text) > maxLocate {
		return -1
	}
	low, high := 0, len(c.lines)-1 // the error is met by line high
	for low < high {
		middle := (low + high) / 2
		_, _, err := decodeYAML(c.text[:c.lines[middle+1]])
		if err != nil && atLine.FindStringSubmatch(err.Error())[2] == reason {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return high
}

// tab returns the offset of a tab that line i is indented with, or -1.
func (c *cursor) tab(i int) int {
	line := c.text[c.lines[i]:]
	indent := bytes.TrimLeft(line, " ")
	if len(indent) == 0 || indent[0] != '\t' {
		return -1
	}
	if rest := bytes.TrimLeft(indent, " \t"); len(rest) == 0 || rest[0] == '\n' || rest[0] == '\r' || rest[0] == '#' {
		return -1
	}
	return c.lines[i] + len(line) - len(indent)
}

// fault returns the offset in line i that reason is about, as far as that can
// be told: else the first character of the line.
func (c *cursor) fault(i int, reason string) int {
	start, end := c.lines[i], c.lineEnd(i)
	at := start + blanks(c.text[start:max(start, end)])
	line := string(c.text[at:max(at, end)])
	switch reason {
	case "mapping values are not allowed in this context":
		if j := strings.Index(line, ": "); j >= 0 {
			if k := strings.Index(line[j+1:], ": "); k >= 0 {
				return at + j + 1 + k
			}
			if strings.HasSuffix(line, ":") && j < len(line)-1 {
				return at + len(line) - 1
			}
			return at + j
		}
		if strings.HasSuffix(line, ":") {
			return at + len(line) - 1
		}
	case "found character that cannot start any token":
		if j := strings.IndexAny(line, "@`%"); j >= 0 {
			return at + j
		}
	case "found unknown escape character", "did not find expected hexdecimal number", "found invalid Unicode character escape code":
		if j := strings.IndexByte(line, '\\'); j >= 0 {
			return at + j
		}
	}
	return at
}

// template returns a fault at the first "{{" outside of comments, or "{%", if
// text is a template: if one of them stands where YAML would have a line, a
// value or an element begin. In quotes and inside of words they are ordinary
// text.
func template(text []byte) *fault {
	first, found := -1, false
	offset := 0
	for line := range bytes.Lines(text) {
		body := bytes.TrimLeft(line, " \t")
		if len(body) > 0 && body[0] != '#' {
			i := bytes.Index(line, []byte("{{"))
			if j := bytes.Index(line, []byte("{%")); i < 0 || j >= 0 && j < i {
				i = j
			}
			if i >= 0 {
				if first < 0 {
					first = offset + i
				}
				before := bytes.TrimSpace(line[:i])
				if len(before) == 0 || before[len(before)-1] == ':' || string(before) == "-" {
					found = true
					break
				}
			}
		}
		offset += len(line)
	}
	switch {
	case !found:
		return nil
	case text[first+1] == '%':
		return &fault{offset: first, message: unrendered + `found "{%", want YAML; render it first`}
	}
	return &fault{offset: first, message: unrendered + `found "{{", want YAML; render it first, with "helm template" if it is a chart`}
}
