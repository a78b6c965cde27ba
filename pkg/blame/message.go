package blame

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longest is how many bytes of a message are looked at. One that is longer quotes a part of
// the object at length, which may be as large as that.
const longest = 4000

// A message is the text of a violation, to be asked what it names. It is not safe for
// concurrent use.
type message struct {
	text  string
	words []string
	known map[string]int // what mentions has returned
}

func newMessage(text string) message {
	text = text[:min(len(text), longest)]
	return message{text, words(text), map[string]int{}}
}

// words are those of a text, in lower case: sizeLimit is size limit.
func words(text string) []string {
	var found []string
	start, last := -1, ' ' // of the word that is read, or -1
	end := func(at int) {
		if start >= 0 {
			found = append(found, strings.ToLower(text[start:at]))
		}
		start = -1
	}
	for i, r := range text {
		isWord := unicode.IsLetter(r) || unicode.IsDigit(r)
		if !isWord || unicode.IsUpper(r) && !unicode.IsUpper(last) {
			end(i)
		}
		if isWord && start < 0 {
			start = i
		}
		last = r
	}
	end(len(text))
	return found
}

// mentions is at which word the words of a key follow one another in the message, in the
// singular or the plural; -1 if they do not. The keys of many fields are the same.
func (m message) mentions(key string) int {
	at, known := m.known[key]
	if !known {
		at = m.find(words(key))
		m.known[key] = at
	}
	return at
}

func (m message) find(want []string) int {
	for at := 0; len(want) > 0 && at+len(want) <= len(m.words); at++ {
		if sameWords(m.words[at:at+len(want)], want) {
			return at
		}
	}
	return -1
}

func singular(word string) string { return strings.TrimSuffix(word, "s") }

// quotes is where the message has a text that is not a part of a longer name, -1 if it
// does not have it.
func (m message) quotes(text string) int {
	if text == "" {
		return -1
	}
	for at := 0; ; at++ {
		i := strings.Index(m.text[at:], text)
		if i < 0 {
			return -1
		}
		at += i
		if !endsInName(m.text[:at]) && !beginsInName(m.text[at+len(text):]) {
			return at
		}
	}
}

// endsInName reports whether a name goes on after a text.
func endsInName(text string) bool {
	r, n := utf8.DecodeLastRuneInString(text)
	return n > 0 && (isName(r) || joins(r))
}

// beginsInName reports whether a name goes on with a text: a colon or a dot at the end of
// a word is punctuation.
func beginsInName(text string) bool {
	r, n := utf8.DecodeRuneInString(text)
	if n > 0 && joins(r) {
		r, n = utf8.DecodeRuneInString(text[n:])
	}
	return n > 0 && isName(r)
}

func isName(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }

func joins(r rune) bool { return strings.ContainsRune("-./:@", r) }

// scalar is the text of a scalar as messages have it; "" for what has no text of its own.
func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case json.Number:
		return v.String()
	}
	return ""
}

// precedes reports whether the words of a key stand right before a place in the message.
func (m message) precedes(key string, at int) bool {
	before, want := words(m.text[:at]), words(key)
	if len(before) < len(want) || len(want) == 0 {
		return false
	}
	return sameWords(before[len(before)-len(want):], want)
}

// sameWords reports whether words are the same, in the singular or the plural.
func sameWords(a, b []string) bool {
	return slices.EqualFunc(a, b, func(a, b string) bool { return singular(a) == singular(b) })
}
