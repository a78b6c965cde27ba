# METADATA
# title: reads quantities to the byte
# description: |
#   Kubernetes quantities, exactly as k8s.io/apimachinery/pkg/api/resource reads
#   them: suffixes n u m k M G T P E, Ki Mi Gi Ti Pi Ei and decimal exponents.
#   The built-in units.parse_bytes is no substitute: it takes 100m for 100 MB. Nor is
#   units.parse, which rounds to ten decimal places, but of integers it is exact.
package lib.quantity

# parse is {bytes, fractional}: the value rounded away from zero to whole bytes, as
# Quantity.Value() does, and whether that lost a fraction of a byte. It is undefined
# for what is no quantity, a text without a digit included.
#
# The digits are read as an integer, with as many places after the point as were
# written there or as the suffix asks for; they are cut off in the text.
parse(value) := {"bytes": (whole + {true: 1, false: 0}[fractional]) * {"": 1, "+": 1, "-": -1}[sign], "fractional": fractional} if {
	# The API server trims what it decodes: "1Gi " is 1Gi.
	[_, sign, integer, fraction, unit, exponent_sign, exponent] := regex.find_all_string_submatch_n(_pattern, trim_space(text(value)), 1)[0]

	# An exponent past 40 changes neither "less than a byte" nor "more than any node has".
	power := min([40, units.parse(concat("", ["0", exponent]))])
	up := {"": power, "+": power, "-": 0}[exponent_sign]
	places := ((count(fraction) + object.get(_places, unit, 0)) + power) - up
	scaled := units.parse(sprintf("%s%se%d%s", [integer, fraction, up, trim_left(unit, "num")]))
	digits := sprintf("%0*d", [places + 1, scaled])
	whole := units.parse(substring(digits, 0, count(digits) - places))
	fractional := trim(substring(digits, count(digits) - places, -1), "0") != ""
}

_places := {"n": 9, "u": 6, "m": 3}

_pattern := `^([+-]?)([0-9]*)\.?([0-9]*)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?)([0-9]+))?$`

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

_fraction(decimal) := {"part": part, "whole": units.parse(sprintf("1e%d", [count(point)]))} if {
	[_, integer, point] := regex.find_all_string_submatch_n(`^([0-9]{1,4})(?:\.([0-9]{1,4}))?$`, decimal, 1)[0]
	part := units.parse(concat("", [integer, point]))
	part > 0
}

_units := [
	{"suffix": "Ti", "bytes": 1099511627776},
	{"suffix": "Gi", "bytes": 1073741824},
	{"suffix": "Mi", "bytes": 1048576},
	{"suffix": "Ki", "bytes": 1024},
	{"suffix": "", "bytes": 1},
]
