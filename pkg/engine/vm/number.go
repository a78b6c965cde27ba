package vm

import (
	"cmp"
	"encoding/json"
	"hash/maphash"
	"math"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

// A number is its decimal text, which messages show and comparison reads:
//
//	int          an integer that evaluation made, in digits
//	float64      a number of a JSON document, as strconv's format 'g' writes it
//	int64        the same, as pkg/manifest reads integers: stands for its float64
//	json.Number  any other text, such as 0.5, 1.0 or an integer beyond 64 bits

// exactFloat is the range in which every integer is a float64.
const exactFloat = 1 << 53

// number is the value of a text that is a number.
func number(text string) any {
	if n := len(text); n > 0 && n < 19 && (text[0] != '-' && text[0] != '0' || n == 1 || text[0] == '-' && text[1] > '0') {
		if i, err := strconv.Atoi(text); err == nil && text[0] != '+' {
			return i
		}
	}
	return json.Number(text)
}

// numberText is the text of a number.
func numberText(v any) string {
	switch v := v.(type) {
	case int:
		return strconv.Itoa(v)
	case int64:
		return floatText(float64(v))
	case float64:
		return floatText(v)
	}
	return string(v.(json.Number))
}

// floatText is the text that OPA gives to a float64 of a document.
func floatText(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// plainFloat is the largest float, not included, that floatText writes in digits alone.
const plainFloat = 1e6

// integer is the value of a number whose text is that of an integer, as ast.Number.Int
// has it; 1e6 in a document is none.
func integer(v any) (int, bool) {
	switch v := v.(type) {
	case int:
		return v, true
	case int64:
		if -plainFloat < v && v < plainFloat {
			return int(v), true
		}
		return 0, false
	case float64:
		if i := int(v); float64(i) == v && -plainFloat < v && v < plainFloat {
			return i, true
		}
		return 0, false
	case json.Number:
		i, ok := util.Atoi64(string(v))
		return int(i), ok
	}
	return 0, false
}

// asFloat is a number as the float64 whose order to other such numbers is its own.
func asFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), -exactFloat <= v && v <= exactFloat
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

func compareNumbers(a, b any) int {
	if a, ok := a.(int); ok {
		if b, ok := b.(int); ok {
			return cmp.Compare(a, b)
		}
	}
	// The text of a float64 is nearer to it than to any other, so texts are ordered as
	// floats are, and as integers that are floats.
	if a, ok := asFloat(a); ok {
		if b, ok := asFloat(b); ok {
			return cmp.Compare(a, b)
		}
	}
	return ast.NumberCompare(ast.Number(numberText(a)), ast.Number(numberText(b)))
}

// hashNumber is the same for equal numbers.
func hashNumber(v any) uint64 {
	var f float64
	switch v := v.(type) {
	case int:
		f = float64(v)
	case int64:
		f = float64(v)
	case float64:
		f = v
	case json.Number:
		f, _ = strconv.ParseFloat(string(v), 64) // of what is out of range, an infinity
	}
	if f == 0 {
		f = 0 // not -0
	}
	h := math.Float64bits(f) ^ salt
	h = (h ^ h>>32) * 0x9e3779b97f4a7c15 // small integers differ in their upper bits alone
	return h ^ h>>32
}

var salt = maphash.String(seed, "")
