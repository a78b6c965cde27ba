package vm

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/util"
)

func init() {
	for name, f := range map[string]func(a, b string) any{
		"startswith":  func(a, b string) any { return strings.HasPrefix(a, b) },
		"endswith":    func(a, b string) any { return strings.HasSuffix(a, b) },
		"contains":    func(a, b string) any { return strings.Contains(a, b) },
		"trim":        func(a, b string) any { return strings.Trim(a, b) },
		"trim_left":   func(a, b string) any { return strings.TrimLeft(a, b) },
		"trim_right":  func(a, b string) any { return strings.TrimRight(a, b) },
		"trim_prefix": func(a, b string) any { return strings.TrimPrefix(a, b) },
		"trim_suffix": func(a, b string) any { return strings.TrimSuffix(a, b) },
	} {
		register2(name, func(_ *machine, a, b any) (any, bool) {
			if a, b, ok := texts(a, b); ok {
				return f(a, b), true
			}
			return nil, false
		})
	}
	for name, f := range map[string]func(string) string{
		"lower":      strings.ToLower,
		"upper":      strings.ToUpper,
		"trim_space": strings.TrimSpace,
	} {
		register1(name, func(m *machine, a any) (any, bool) {
			text, ok := a.(string)
			if !ok {
				return nil, false
			}
			m.grow(len(text))
			return f(text), true
		})
	}
	register2("split", split)
	register2("concat", concat)
	register3("replace", replace)
	register3("substring", substring)
	register2("indexof", indexOf)
	register2("sprintf", sprintf)
	natives["regex.match"], natives["re_match"] = regexMatch, regexMatch
}

func split(m *machine, a, b any) (any, bool) {
	text, delimiter, ok := texts(a, b)
	if !ok {
		return nil, false
	}
	n := strings.Count(text, delimiter) + 1
	m.grow(container + 2*word*n)
	items := make([]any, 0, n)
	for part := range strings.SplitSeq(text, delimiter) {
		items = append(items, part)
	}
	if len(items) == 0 { // nothing between the characters of ""
		return m.passOn("split", a, b)
	}
	return items, true
}

func concat(m *machine, a, b any) (any, bool) {
	separator, ok := a.(string)
	if !ok {
		return nil, false
	}
	items, ok := members(b)
	if !ok {
		return nil, false
	}
	m.spend(len(items))
	n := len(separator) * max(0, len(items)-1)
	for _, item := range items {
		text, ok := item.(string)
		if !ok {
			return nil, false
		}
		n += len(text)
	}
	m.grow(n)
	var text strings.Builder
	text.Grow(n)
	for i, item := range items {
		if i > 0 {
			text.WriteString(separator)
		}
		text.WriteString(item.(string))
	}
	return text.String(), true
}

func replace(m *machine, a, b, c any) (any, bool) {
	text, old, ok := texts(a, b)
	instead, isText := c.(string)
	if !ok || !isText {
		return nil, false
	}
	m.grow(len(text) + strings.Count(text, old)*len(instead))
	return strings.NewReplacer(old, instead).Replace(text), true
}

func substring(m *machine, a, b, c any) (any, bool) {
	text, ok := a.(string)
	start, isStart := integer(b)
	length, isLength := integer(c)
	if !ok || !isStart || !isLength || start < 0 {
		return nil, false
	}
	if !ascii(text) {
		return m.passOn("substring", a, b, c)
	}
	if start >= len(text) {
		return "", true
	}
	if length < 0 {
		return text[start:], true
	}
	return text[start : start+min(length, len(text)-start)], true
}

func indexOf(m *machine, a, b any) (any, bool) {
	text, search, ok := texts(a, b)
	if !ok || search == "" {
		return nil, false
	}
	if !ascii(text) || !ascii(search) {
		return m.passOn("indexof", a, b)
	}
	return strings.Index(text, search), true
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// sprintf formats a number by its text: one with a fraction or an exponent is a float64.
func sprintf(m *machine, a, b any) (any, bool) {
	format, ok := a.(string)
	items, isList := elements(b)
	if !ok || !isList {
		return nil, false
	}
	args := make([]any, len(items))
	n := 0
	for i, item := range items {
		args[i] = m.formatted(item)
		if text, ok := args[i].(string); ok {
			n += len(text)
		}
	}
	verbs := strings.Count(format, "%")
	if strings.Contains(format, "[") { // an argument may come several times
		n = product(n, verbs)
	}
	m.expect(longest*n + product(verbs, width(format)))
	text := fmt.Sprintf(format, args...)
	m.grow(len(text))
	return text, true
}

// longest is how many times longer than a text what a verb makes of it is.
const longest = 5

func (m *machine) formatted(v any) any {
	switch v := v.(type) {
	case string:
		return v
	case int:
		return int64(v)
	case int64, float64, json.Number:
		text := numberText(v)
		if strings.ContainsAny(text, ".eE") {
			if f, err := strconv.ParseFloat(text, 64); err == nil {
				return f
			}
			return text
		}
		if i, ok := util.Atoi64(text); ok {
			return i
		}
		m.guardDigits(len(text))
		if i, ok := new(big.Int).SetString(text, 10); ok {
			return i
		}
		return text
	}
	m.expect(weight(v))
	return ToAST(v).String()
}

// A pattern is a compiled regular expression.
type pattern struct {
	*regexp.Regexp // nil if it does not compile
	size           int
}

// Patterns are compiled once, if they are no longer and no larger than longestPattern;
// there are no more than mostPatterns.
var patterns = struct {
	sync.RWMutex
	byText map[string]pattern
}{byText: map[string]pattern{}}

const (
	mostPatterns   = 500
	longestPattern = 2000
)

func (m *machine) pattern(text string) pattern {
	patterns.RLock()
	compiled, known := patterns.byText[text]
	patterns.RUnlock()
	if known {
		return compiled
	}
	compiled.size = programSize(text)
	m.guardProgram(compiled.size, 0)
	compiled.Regexp, _ = regexp.Compile(text)
	if max(len(text), compiled.size) > longestPattern {
		return compiled
	}
	patterns.Lock()
	defer patterns.Unlock()
	for other := range patterns.byText {
		if len(patterns.byText) < mostPatterns {
			break
		}
		delete(patterns.byText, other)
	}
	patterns.byText[text] = compiled
	return compiled
}

// regexMatch looks for what it knows already: patterns are matched with the same images,
// names and quantities again and again.
func regexMatch(m *machine, args []any) (any, bool) {
	text, value, ok := texts(args[0], args[1])
	if !ok {
		return nil, false
	}
	var place [longestKey]byte
	key, short := cacheKey(place[:0], "regex.match", args)
	if short {
		if found, known := lookUp(key); known {
			return found.value, found.ok
		}
	}
	compiled := m.pattern(text)
	if compiled.Regexp == nil {
		return nil, false
	}
	m.spend(product(compiled.size+perStep, len(value)) / perStep)
	matches := compiled.MatchString(value)
	if short {
		keep(key, cached{matches, true})
	}
	return matches, true
}
