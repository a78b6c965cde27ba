package suppress

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// terms are what a suppression says besides its rules.
type terms struct {
	reason string
	until  time.Time
}

const (
	blanks = " \t\r\n"
	want   = `want reason="..." or until=2027-01-31`
)

// parse reads a comment, which begins with memgate: and a word, into the rules that it
// names and its terms.
func parse(text string) (rules []string, t terms, err error) {
	word, rest := cutWord(text)
	if word != directive {
		return nil, t, fmt.Errorf("found %q, want %s", word, directive)
	}
	list, rest := cutWord(rest)
	if list == "" || key.MatchString(list) {
		return nil, t, fmt.Errorf(`%s: no rule, want %[1]s RULE reason="..."`, directive)
	}
	rules = strings.Split(list, ",")
	for i, rule := range rules {
		if rule == "" {
			return nil, t, fmt.Errorf(`%s: found %q, want rules with "," and no blank between them`, directive, list)
		}
		if slices.Contains(rules[:i], rule) {
			return nil, t, fmt.Errorf("%s: rule %q is named twice", directive, rule)
		}
	}
	if t, err = parseTerms(rest); err != nil {
		return nil, t, fmt.Errorf("%s: %w", directive, err)
	}
	return rules, t, nil
}

// parseAnnotation reads the value of an annotation. Without a word like "until=" it is the
// reason, with white space as in a paragraph.
func parseAnnotation(text string) (terms, error) {
	words := strings.Fields(text)
	if slices.ContainsFunc(words, key.MatchString) {
		t, err := parseTerms(text)
		if err != nil && !key.MatchString(words[0]) {
			err = fmt.Errorf(`%w, and around a text with "=" in it, reason="..."`, err)
		}
		return t, err
	}
	t := terms{reason: strings.Join(words, " ")}
	return t.checked()
}

// key begins the word of a term.
var key = regexp.MustCompile(`^[A-Za-z]+=`)

func parseTerms(text string) (t terms, err error) {
	var seen []string
	for text = strings.TrimLeft(text, blanks); text != ""; text = strings.TrimLeft(text, blanks) {
		name := strings.TrimSuffix(key.FindString(text), "=")
		if name == "" {
			word, _ := cutWord(text)
			return terms{}, fmt.Errorf("found %q, "+want, word)
		}
		if slices.Contains(seen, name) {
			return terms{}, fmt.Errorf("%s stands there twice, want it once", name)
		}
		seen = append(seen, name)
		var value string
		if value, text, err = cutValue(name, text[len(name)+1:]); err != nil {
			return terms{}, err
		}
		switch name {
		case "reason":
			t.reason = value
		case "until":
			if t.until, err = time.Parse(time.DateOnly, value); err != nil || t.until.IsZero() {
				return terms{}, fmt.Errorf("until: found %q, want a date such as 2027-01-31", value)
			}
		default:
			return terms{}, fmt.Errorf("found %q, "+want, name+"=")
		}
	}
	return t.checked()
}

// cutValue takes the value of a term, a word or a quoted text, from text.
func cutValue(name, text string) (value, rest string, err error) {
	if !strings.HasPrefix(text, `"`) {
		value, rest = cutWord(text)
		if strings.Contains(value, `"`) {
			return "", "", fmt.Errorf("%s: found %q, want the whole of it in double quotes", name, value)
		}
		return value, rest, nil
	}
	quoted, err := strconv.QuotedPrefix(text)
	if err != nil {
		return "", "", fmt.Errorf(`%s: found %q, want a text in double quotes that ends, with \" and \\ for these two inside of it`, name, text)
	}
	rest = text[len(quoted):]
	if word, _ := cutWord(rest); word != "" && !strings.ContainsRune(blanks, rune(rest[0])) {
		return "", "", fmt.Errorf("%s: found %q behind the closing quote, want a blank", name, word)
	}
	value, err = strconv.Unquote(quoted)
	return value, rest, err
}

// checked returns t, or what is wrong with its reason.
func (t terms) checked() (terms, error) {
	switch {
	case strings.TrimSpace(t.reason) == "":
		return terms{}, errors.New(`no reason, want reason="why this is accepted"`)
	case !utf8.ValidString(t.reason) || strings.ContainsFunc(t.reason, unicode.IsControl):
		return terms{}, fmt.Errorf("reason: found %q, want one line of text", t.reason)
	}
	return t, nil
}

// cutWord takes what comes before the next blank from text.
func cutWord(text string) (word, rest string) {
	text = strings.TrimLeft(text, blanks)
	if i := strings.IndexAny(text, blanks); i >= 0 {
		return text[:i], text[i:]
	}
	return text, ""
}
