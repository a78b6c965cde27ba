# METADATA
# description: |
#   Kubernetes quantities, exactly as k8s.io/apimachinery/pkg/api/resource reads
#   them: suffixes n u m k M G T P E, Ki Mi Gi Ti Pi Ei and decimal exponents.
#   The built-in units.parse_bytes is no substitute: it takes 100m for 100 MB.
#   Numbers are exact up to 2^63 and, before a binary suffix, for 13 decimal places.
package lib.quantity

# parse is {bytes, fractional}: the value rounded away from zero to whole bytes, as
# Quantity.Value() does, and whether that lost a fraction of a byte. It is undefined
# for what is no quantity, a text without a digit included.
parse(value) := {"bytes": sign * (part.whole + part.rest), "fractional": part.rest > 0} if {
	[_, minus, number, suffix] := _match(text(value))
	part := _magnitude(number, suffix)
	sign := {"": 1, "+": 1, "-": -1}[minus]
}

# bytes is the value of a quantity in whole bytes; undefined for what is none.
bytes(value) := parse(value).bytes

# text is a quantity as its author wrote it: YAML may hold a bare number.
text(value) := value if is_string(value)

text(value) := format_int(value, 10) if {
	is_number(value)
	value == floor(value)
}

text(value) := sprintf("%v", [value]) if {
	is_number(value)
	value != floor(value)
}

# format writes a number of bytes with the largest binary unit that keeps it whole.
format(number) := sprintf("%s%s", [format_int(number / unit.bytes, 10), unit.suffix]) if {
	number != 0
	unit := [u | some u in _units; number % u.bytes == 0][0]
} else := "0"

# ratio is a decimal such as "0.5" as the fraction {part, whole} of two integers;
# fallback stands in for what is no decimal above zero.
ratio(value, fallback) := fraction if {
	fraction := _fraction(text(value))
} else := _fraction(fallback)

# exceeds holds if number is more than ratio times limit, to the byte.
exceeds(number, limit, ratio_) if number * ratio_.whole > limit * ratio_.part

# mebibytes rounds a number of bytes down to whole Mi, a multiple of every page size.
mebibytes(number) := number - (number % 1048576)

_fraction(decimal) := {"part": part, "whole": whole} if {
	regex.match(`^[0-9]{1,4}(\.[0-9]{1,4})?$`, decimal)
	[digits, point] := _digits(decimal)
	part := _number(digits)
	part > 0
	whole := _number(concat("", ["1", substring(_zeros, 0, count(digits) - point)]))
}

_units := [
	{"suffix": "Ti", "bytes": 1099511627776},
	{"suffix": "Gi", "bytes": 1073741824},
	{"suffix": "Mi", "bytes": 1048576},
	{"suffix": "Ki", "bytes": 1024},
	{"suffix": "", "bytes": 1},
]

_pattern := `^([+-]?)([0-9]+\.?[0-9]*|\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?$`

# The API server trims what it decodes: "1Gi " is 1Gi.
_match(written) := regex.find_all_string_submatch_n(_pattern, trim_space(written), 1)[0]

# _magnitude is {whole, rest}: whole bytes, and 1 if a fraction of a byte is left.
# A decimal suffix moves the point, which is done on the digits.
_magnitude(number, suffix) := {"whole": _number(whole), "rest": _some_digit(rest)} if {
	[digits, point] := _digits(number)
	at := point + _exponent(suffix)
	whole := substring(concat("", [digits, _zeros]), 0, max([at, 0]))
	rest := substring(digits, max([at, 0]), -1)
}

# A binary suffix multiplies, in steps that stay below the 64 bits of OPA's numbers.
_magnitude(number, suffix) := {"whole": whole, "rest": _sign(rest3 + _some_digit(lost))} if {
	[a, b, c] := _binary[suffix]
	[integer, fraction] := _split(number)
	places := 10000000000000
	lost := substring(fraction, 13, -1)
	rest0 := _number(substring(concat("", [fraction, _zeros]), 0, 13))
	rest1 := (rest0 * a) % places
	rest2 := (rest1 * b) % places
	rest3 := (rest2 * c) % places
	carry1 := ((rest0 * a) - rest1) / places
	carry2 := ((rest1 * b) - rest2) / places
	carry3 := ((rest2 * c) - rest3) / places
	whole := (((((_number(integer) * a) + carry1) * b) + carry2) * c) + carry3
}

_binary := {
	"Ki": [1024, 1, 1],
	"Mi": [1048576, 1, 1],
	"Gi": [1048576, 1024, 1],
	"Ti": [1048576, 1048576, 1],
	"Pi": [1048576, 1048576, 1024],
	"Ei": [1048576, 1048576, 1048576],
}

_decimal := {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}

_exponent(suffix) := _decimal[suffix]

# An exponent past 40 changes neither "less than a byte" nor "more than any node has".
_exponent(suffix) := max([-40, min([40, _number(exponent) * sign])]) if {
	[_, minus, exponent] := regex.find_all_string_submatch_n(`^[eE]([+-]?)([0-9]+)$`, suffix, 1)[0]
	sign := {"": 1, "+": 1, "-": -1}[minus]
}

_split(number) := [parts[0], concat("", array.slice(parts, 1, count(parts)))] if parts := split(number, ".")

_digits(number) := [concat("", [integer, fraction]), count(integer)] if [integer, fraction] := _split(number)

_number(digits) := to_number(trimmed) if {
	trimmed := trim_left(digits, "0")
	trimmed != ""
} else := 0

_some_digit(digits) := 1 if {
	trim(digits, "0") != ""
} else := 0

_sign(n) := 1 if {
	n > 0
} else := 0

_zeros := "0000000000000000000000000000000000000000000000000000000000000000000000"
