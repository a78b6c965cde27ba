package positions

import (
	"strings"
)

// A style is how a plant is written.
type style int

const (
	block style = iota
	flow
	inJSON
)

// A plant is a field, or an element of a list, to put into a manifest.
type plant struct {
	lines []string // after the first, as deep as the first and what they have of their own
	place place
}

// at is the plant with its lines indented, but for the first.
func (p plant) at(indent int) string {
	return strings.Join(p.lines, "\n"+strings.Repeat(" ", indent))
}

// name begins every key and every text that the template finds.
const name = "memgatePlant"

// A value is what follows the colon of a key, and where the place of the field ends: with
// the value that is written on one line, with the key, or with an end of its own.
type value struct{ text, end string }

const (
	atKey = "key"
	last  = "memgateEnd" // ends a value of several lines
)

var values = map[style][]value{
	block: {
		{" bad value", ""},
		{" -1", ""},
		{" 8.5e3", ""},
		{" true", ""},
		{" ~", ""},
		{"   a:b#c", ""},
		{" 2026-11-21", ""},
		{" 'it''s: # none'", ""},
		{` "a \"b\" \\ \u20ac\t"`, ""},
		{" !!str 12", ""},
		{" &memgateOwn a b", ""},
		{` ! "a"`, ""},
		{"", atKey},
		{" {a: b}", atKey},
		{" []", atKey},
		{" {}", atKey},
		{" [a,\n  b]", atKey},
		{"\n  a: b\n  c: [d]", atKey},
		{"\n- a\n- b", atKey},
		{" &memgateOwn\n  a: b", atKey},
		{" !!map {a: b}", atKey},
		{" # c\n  a:\n    b: c", atKey},
		{" |\n  one\n\n    two " + last, last},
		{" >-\n  one\n   two\n  three " + last + "\n", last},
		{" |2+\n    deep\n  " + last + "\n\n", last},
		{" one\n  two\n\n  " + last, last},
		{" \"one\n  two \\\n  " + last + `"`, last + `"`},
		{" 'one\n\n  " + last + "'", last + "'"},
		{"\n  " + last, last},
		{" !!str\n  " + last, last},
		{" # c\n  'a " + last + "'", last + "'"},
	},
	flow: {
		{" bad value", ""},
		{" -1", ""},
		{" true", ""},
		{" null", ""},
		{" 'it''s, {'", ""},
		{` "a \"b\" ]} \\ \u20ac"`, ""},
		{" !!str 12", ""},
		{" &memgateOwn a", ""},
		{" ", atKey},
		{" {a: b, c: [d]}", atKey},
		{" []", atKey},
		{" [{a: b}]", atKey},
		{" {\n                    a: b}", atKey},
		{" \"one\n                    " + last + `"`, last + `"`},
		{" one\n                    " + last, last},
	},
	inJSON: {
		{` "bad value"`, ""},
		{`"a:b"`, ""},
		{` "a \"b\" ]} \\ \/ \u20ac \ud83d\ude00"`, ""},
		{" -1.5e+3", ""},
		{"   12", ""},
		{" true", ""},
		{" null", ""},
		{"\n\t\t" + `"` + last + `"`, last + `"`},
		{" {}", atKey},
		{" []", atKey},
		{` [1, {"a": "b"}]`, atKey},
		{` {"a": [null]}`, atKey},
	},
}

// oddValues have text of several bytes a character.
var oddValues = map[style][]value{
	block: {
		{" значение é😀", ""},
		{" 'it''s é'", ""},
		{` "ü \u20ac € 😀"`, ""},
		{" 👩‍👩‍👧 e\u0301", ""},
		{" \"a\u2028b\u2029c\u0085d é\"", ""},
		{" !!str é", ""},
		{" {é: ü}", atKey},
		{"\n  é: ü", atKey},
		{" |\n  é\n  ü€ " + last, last},
		{" \"é\n  €😀 " + last + `"`, last + `"`},
	},
	flow: {
		{" значение é😀", ""},
		{" 'it''s, é'", ""},
		{` "ü \u20ac € 😀"`, ""},
		{" \"a\u2028b\u0085c é\"", ""},
		{" {é: ü}", atKey},
		{" [😀]", atKey},
		{" \"é\n                    😀 " + last + `"`, last + `"`},
	},
	inJSON: {
		{` "ü \u20ac € 😀"`, ""},
		{" \"a\u2028b\u2029c\u0085d é\"", ""},
		{` "👩‍👩‍👧"`, ""},
		{` {"é": "ü"}`, atKey},
		{` ["😀"]`, atKey},
	},
}

var keys = map[style][]string{
	block:  {name, `"` + name + `"`, "'" + name + ": a'", name + "/a-b.c", `"` + name + ` \"a\" #"`},
	flow:   {name, `"` + name + `"`, "'" + name + ", a'", name + "/a-b.c", `"` + name + ` \"a\" }"`},
	inJSON: {`"` + name + `"`, `"` + name + ` \"a\": }"`, `"` + name + `\u20ac\/"`},
}

var oddKeys = map[style][]string{
	block:  {name + "-ключ😀", `"` + name + `é: ü"`, "'" + name + "€'"},
	flow:   {name + "-ключ😀", `"` + name + `é, ü"`, "'" + name + "€'"},
	inJSON: {`"` + name + `é ü\u20ac"`, `"` + name + `😀"`},
}

// neighbours stand before a plant on the same line.
var neighbours = map[style][]string{
	flow:   {"ключ: é😀, ", `"ü€": [é, {ö: 'ä'}], `, "'é': '\u2028', "},
	inJSON: {`"ключ😀": "é€", `, `"é": ["ü", {"ö": "\u20ac ä"}], `, "\"é\": \"\u2028 \u0085\", "},
}

var elements = map[style][]string{
	block:  {name, name + " a b", `"` + name + ` \"a\" #"`, "'" + name + ": a'", "!!str " + name, "&memgateOwn " + name, `! "` + name + `"`},
	flow:   {name, name + " a b", `"` + name + ` \"a\" ]"`, "'" + name + ", a'", "!!str " + name, "&memgateOwn " + name},
	inJSON: {`"` + name + `"`, `"` + name + ` \"a\", ]\u20ac\/"`},
}

var oddElements = map[style][]string{
	block:  {name + " é😀", `"` + name + ` €\u20ac"`, "'" + name + "\u2028é'"},
	flow:   {name + " é😀", `"` + name + ` €\u20ac"`, "'" + name + "\u2028é'"},
	inJSON: {`"` + name + ` é😀"`, "\"" + name + "\u2028€\""},
}

// longElements are elements of several lines, from their first words.
var longElements = []string{
	"| # memgateText\n  " + name + "\n\n  " + last,
	">- # memgateText\n  " + name + " a\n  b " + last + "\n",
	"\"" + name + "\n  a\n  " + last + `"`,
	name + "\n  a " + last,
}

// field draws a field, odd with text of several bytes a character.
func (d *drawing) field(s style, odd bool) plant {
	key, v := pick(d, keys[s]), pick(d, values[s])
	if odd {
		key, v = pick(d, oddKeys[s]), pick(d, oddValues[s])
	}
	colon := ":"
	if s == inJSON && d.oneIn(4) {
		colon = " :"
	}
	p := plant{strings.Split(key+colon+v.text, "\n"), place{from: key, to: v.end}}
	switch v.end {
	case "":
		p.place.to = p.lines[0]
	case atKey:
		p.place.to = key
	}
	if s == block && len(p.lines) == 1 && d.oneIn(4) {
		p.lines[0] += pick(d, []string{" # c", "\t# é: " + `"`, "  "})
	}
	return p
}

// element draws an element of a list: a scalar, or a field in a mapping or a list.
func (d *drawing) element(s style, odd bool) plant {
	if d.oneIn(3) {
		p := d.field(s, odd)
		switch {
		case s == inJSON:
			return p.within("{", "}")
		case s == flow && (len(p.lines) > 1 || d.oneIn(2)):
			return p.within("{ ", " }")
		}
		return p // in a list, a mapping without braces
	}
	if s == block && !odd && d.oneIn(4) {
		text := pick(d, longElements)
		p := plant{strings.Split(text, "\n"), place{from: strings.SplitN(text, "\n", 2)[0], to: last}}
		if strings.HasSuffix(text, last+`"`) {
			p.place.to = last + `"`
		}
		return p
	}
	text := pick(d, elements[s])
	if odd {
		text = pick(d, oddElements[s])
	}
	p := plant{[]string{text}, place{from: text, to: text}}
	if d.oneIn(4) {
		return p.within("[", "]")
	}
	return p
}

// within puts text around a plant.
func (p plant) within(before, after string) plant {
	lines := append([]string{before + p.lines[0]}, p.lines[1:]...)
	lines[len(lines)-1] += after
	return plant{lines, p.place}
}
