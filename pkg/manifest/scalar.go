package manifest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// What a scalar means is decided here and not by yaml.v3, whose rules are
// those of YAML 1.2 in part: kubectl and gator read with sigs.k8s.io/yaml,
// which has the YAML 1.1 rules of yaml.v2 and then goes through JSON.

// word returns what a word in plain style means that is no string.
func word(s string) (v any, ok bool) {
	switch s {
	case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE":
		return true, true
	case "n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE":
		return false, true
	case "", "~", "null", "Null", "NULL":
		return nil, true
	case ".nan", ".NaN", ".NAN":
		return math.NaN(), true
	case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF":
		return math.Inf(1), true
	case "-.inf", "-.Inf", "-.INF":
		return math.Inf(-1), true
	}
	return nil, false
}

var decimal = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)

// plain returns what yaml.v2 makes of a scalar in plain style without a tag:
// nil, bool, int64, uint64, float64 or string.
func plain(s string) any {
	if v, special := meaning(s); special {
		return v
	}
	return s
}

// meaning returns what a scalar in plain style is if it is no string.
func meaning(s string) (v any, special bool) {
	if v, ok := word(s); ok {
		return v, true
	}
	switch c := s[0]; {
	case c >= '0' && c <= '9' || c == '-' || c == '+':
		return number(s)
	case c == '.':
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return f, true
		}
	}
	return nil, false
}

func number(s string) (v any, ok bool) {
	if !mayBeNumber(s) {
		return nil, false
	}
	digits := strings.ReplaceAll(s, "_", "")
	if i, err := strconv.ParseInt(digits, 0, 64); err == nil {
		return i, true
	}
	if u, err := strconv.ParseUint(digits, 0, 64); err == nil {
		return u, true
	}
	if decimal.MatchString(digits) {
		if f, err := strconv.ParseFloat(digits, 64); err == nil {
			return f, true
		}
	}
	if b, ok := strings.CutPrefix(digits, "0b"); ok {
		// strconv has read the usual form above; this one is "0b-1".
		if i, err := strconv.ParseInt(b, 2, 64); err == nil {
			return i, true
		}
	} else if b, ok := strings.CutPrefix(digits, "-0b"); ok {
		if i, err := strconv.ParseInt("-"+b, 2, 64); err == nil {
			return i, true
		}
	}
	return nil, false
}

// mayBeNumber reports whether s has only characters that numbers have: most of
// what begins with a digit is a quantity, a version or an address.
func mayBeNumber(s string) bool {
	points := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.':
			points++
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' || strings.IndexByte("_+-xXoO", c) >= 0:
		default:
			return false
		}
	}
	return points <= 1
}

// tagged returns what yaml.v2 makes of a scalar with a tag, in any style.
func tagged(tag, s string) (any, error) {
	switch tag {
	case "!!binary":
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return nil, errors.New("!!binary value is not base64")
		}
		return string(b), nil
	case "!!timestamp":
		if !timestamp(s) {
			return nil, mismatch(tag, s)
		}
		return s, nil
	case "!!null", "!!bool", "!!int", "!!float":
	default:
		return s, nil
	}
	v := plain(s)
	ok := false
	switch n := v.(type) {
	case nil:
		ok = tag == "!!null"
	case bool:
		ok = tag == "!!bool"
	case int64:
		ok = tag == "!!int"
		if tag == "!!float" {
			v, ok = float64(n), true
		}
	case uint64:
		ok = tag == "!!int"
	case float64:
		ok = tag == "!!float"
	}
	if !ok {
		return nil, mismatch(tag, s)
	}
	return v, nil
}

func mismatch(tag, s string) error {
	return fmt.Errorf("found %s with the tag %s, want a value of that type", quote(s), tag)
}

func timestamp(s string) bool {
	if len(s) < 5 || s[4] != '-' || strings.Trim(s[:4], "0123456789") != "" {
		return false
	}
	for _, layout := range []string{
		"2006-1-2T15:4:5.999999999Z07:00",
		"2006-1-2t15:4:5.999999999Z07:00",
		"2006-1-2 15:4:5.999999999",
		"2006-1-2",
	} {
		if _, err := time.Parse(layout, s); err == nil {
			return true
		}
	}
	return false
}

// normal sends a scalar through JSON, as sigs.k8s.io/yaml does: a float
// without a fraction becomes an integer, and what is no integer of 64 bits
// becomes a float.
func normal(v any) (any, error) {
	switch n := v.(type) {
	case uint64:
		return float64(n), nil
	case float64:
		switch {
		case math.IsInf(n, 0) || math.IsNaN(n):
			return nil, errors.New("JSON has no such number, want a finite one")
		case n != math.Trunc(n) || math.Abs(n) >= 1e21:
			return n, nil
		case math.Abs(n) <= 1<<53:
			return int64(n), nil
		}
		// JSON gets the shortest digits that give the same float, padded with
		// zeros, and these are then read as an integer.
		if i, err := strconv.ParseInt(strconv.FormatFloat(n, 'f', -1, 64), 10, 64); err == nil {
			return i, nil
		}
	}
	return v, nil
}

// keyText returns the string that sigs.k8s.io/yaml makes of a key.
func keyText(v any) (string, error) {
	switch k := v.(type) {
	case string:
		return k, nil
	case int64:
		return strconv.FormatInt(k, 10), nil
	case bool:
		return strconv.FormatBool(k), nil
	case float64:
		switch s := strconv.FormatFloat(k, 'g', -1, 32); s {
		case "+Inf":
			return ".inf", nil
		case "-Inf":
			return "-.inf", nil
		case "NaN":
			return ".nan", nil
		default:
			return s, nil
		}
	case nil:
		return "", errors.New("found null as a key, want a string")
	}
	return "", fmt.Errorf("found %v as a key, want a string", v)
}

// quote quotes what the user wrote, cut to a length that fits a line.
func quote(s string) string {
	if r := []rune(s[:min(len(s), 400)]); len(r) > 60 {
		s = string(r[:60]) + "..."
	}
	return strconv.Quote(s)
}
