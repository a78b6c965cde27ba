package lib.quantity_test

import data.lib.quantity

_parsed(values) := [parsed | some value in values; parsed := quantity.parse(value)]

# wrong are the cases of a table whose value is not what it should be.
_wrong(table) := {value: got |
	some value, want in table
	got := [parsed | parsed := quantity.parse(value)]
	got != [want]
}

_whole(bytes) := {"bytes": bytes, "fractional": false}

_rounded(bytes) := {"bytes": bytes, "fractional": true}

test_parse_of_every_suffix if {
	_wrong({
		"1n": _rounded(1),
		"1u": _rounded(1),
		"1m": _rounded(1),
		"1": _whole(1),
		"1k": _whole(1000),
		"1M": _whole(1000000),
		"1G": _whole(1000000000),
		"1T": _whole(1000000000000),
		"1P": _whole(1000000000000000),
		"1E": _whole(1000000000000000000),
		"1Ki": _whole(1024),
		"1Mi": _whole(1048576),
		"1Gi": _whole(1073741824),
		"1Ti": _whole(1099511627776),
		"1Pi": _whole(1125899906842624),
		"1Ei": _whole(1152921504606846976),
	}) == {}
}

test_parse_of_exponents if {
	_wrong({
		"1E3": _whole(1000),
		"12e6": _whole(12000000),
		"1e9": _whole(1000000000),
		"1e+3": _whole(1000),
		"1e-3": _rounded(1),
		"1500e-3": _rounded(2),
		"2000E-3": _whole(2),
		"1.5e3": _whole(1500),
		"0e5": _whole(0),
		"1e0": _whole(1),
		"1e00": _whole(1),
		"1e-400": _rounded(1),
	}) == {}
}

test_parse_of_odd_but_valid_texts if {
	_wrong({
		".5Gi": _whole(536870912),
		"0.5Gi": _whole(536870912),
		"1.Gi": _whole(1073741824),
		"1.": _whole(1),
		"+1Gi": _whole(1073741824),
		"-1Gi": _whole(-1073741824),
		"0001Gi": _whole(1073741824),
		"100M": _whole(100000000),
		"1Gi ": _whole(1073741824),
		" 1Gi": _whole(1073741824),
	}) == {}
}

test_parse_of_nothing if {
	_wrong({
		"0": _whole(0),
		"-0": _whole(0),
		"0Gi": _whole(0),
		"0.0Gi": _whole(0),
		"0m": _whole(0),
		"00": _whole(0),
	}) == {}
}

test_parse_rounds_away_from_zero if {
	_wrong({
		"100m": _rounded(1),
		"999m": _rounded(1),
		"1000m": _whole(1),
		"1001m": _rounded(2),
		"0.5": _rounded(1),
		"1.5": _rounded(2),
		"-1.5": _rounded(-2),
		"-100m": _rounded(-1),
		"1000000000n": _whole(1),
		"1000000001n": _rounded(2),
		"1.2Gi": _rounded(1288490189),
		"0.3Mi": _rounded(314573),
		"0.0001k": _rounded(1),
		"1.0005k": _rounded(1001),
		"0.00000000000001Ki": _rounded(1),
	}) == {}
}

test_parse_is_exact if {
	_wrong({
		"9007199254740993": _whole(9007199254740993),
		"9223372036854775807": _whole(9223372036854775807),
		"9.223372036854775807E": _whole(9223372036854775807),
		"7Ei": _whole(8070450532247928832),
		"\t1Gi\n": _whole(1073741824),
		"8796093022207.9990234375Mi": _whole(9223372036854774784),
		"1.0000000000001Gi": _rounded(1073741825),
		"1023.9999999999999Ki": _rounded(1048576),
		"3.0000000000001Ei": _rounded(3458764513820656221),
	}) == {}
}

test_parse_of_more_than_any_computer_has if {
	_wrong({
		"10E": _whole(10000000000000000000),
		"16Ei": _whole(18446744073709551616),
		"1e40": _whole(10000000000000000000000000000000000000000),
		"1e400": _whole(10000000000000000000000000000000000000000),
	}) == {}
}

test_parse_of_numbers if {
	_parsed([0, 1, 536870912, 5.36870912e8, 1.5, 0.5, -1, -1.5, 1e-9]) == [
		_whole(0),
		_whole(1),
		_whole(536870912),
		_whole(536870912),
		_rounded(2),
		_rounded(1),
		_whole(-1),
		_rounded(-2),
		_rounded(1),
	]
}

test_parse_of_what_is_no_quantity if {
	_parsed([
		"", " ", "1K", "1ki", "1mi", "1KI", "1GB", "1GiB", "1Gib", "1 Gi", "1\n\n2", "Gi", "m", "k", "+", "-", "+Gi", ".",
		".Gi", "e3", "1e", "1e+", "1e3Gi", "1Gi1", "--1", "+-1", "1..2", "1.2.3", "1,5Gi", "0x10", "1_000", "five", "50%",
		"Inf", "NaN", "null", "1g", "1ke3",
	]) == []
}

test_parse_of_what_is_no_text if {
	_parsed([null, true, false, [], ["1Gi"], {}, {"memory": "1Gi"}]) == []
}

test_bytes if {
	got := [bytes | some value in ["1Gi", "100m", 512, "0", "1 Gi", null, -1]; bytes := quantity.bytes(value)]
	got == [1073741824, 1, 512, 0, -1]
}

test_text if {
	got := [text |
		some value in ["1Gi", "1 Gi", "", 0, 512, 5.36870912e8, 9223372036854775807, 0.5, -1, -1.5, null, true, ["1Gi"], {}]
		text := quantity.text(value)
	]
	got == ["1Gi", "1 Gi", "", "0", "512", "536870912", "9223372036854775807", "0.5", "-1", "-1.5"]
}

test_format if {
	got := [text |
		some number in [
			0, 1, 1000, 1024, 1025, 1536, 1048576, 1572864, 1073741824, 1610612736, 1099511627776, 5.36870912e8,
			1152921504606846976, 100000000, 1048577, -1048576, -1,
		]
		text := quantity.format(number)
	]
	got == [
		"0", "1", "1000", "1Ki", "1025", "1536", "1Mi", "1536Ki", "1Gi", "1536Mi", "1Ti", "512Mi",
		"1048576Ti", "100000000", "1048577", "-1Mi", "-1",
	]
}

test_mebibytes if {
	got := [number | some bytes in [0, 1048575, 1048576, 1048577, 5.36870913e8]; number := quantity.mebibytes(bytes)]
	got == [0, 0, 1048576, 1048576, 536870912]
}

test_ratio if {
	got := [ratio |
		some value in ["0.5", "1", "1.0", "0.95", "2.5", "0.0001", 2, 0.25, "10"]
		ratio := quantity.ratio(value, "0.75")
	]
	got == [
		{"part": 5, "whole": 10},
		{"part": 1, "whole": 1},
		{"part": 10, "whole": 10},
		{"part": 95, "whole": 100},
		{"part": 25, "whole": 10},
		{"part": 1, "whole": 10000},
		{"part": 2, "whole": 1},
		{"part": 25, "whole": 100},
		{"part": 10, "whole": 1},
	]
}

test_ratio_falls_back if {
	got := {ratio |
		some value in ["", "x", "0", "0.0", "-1", "50%", ".5", "1.", "1e3", "0.00001", "10000", "0.5 ", null, true, [], {}, -1, 0]
		ratio := quantity.ratio(value, "0.75")
	}
	got == {{"part": 75, "whole": 100}}
}

test_exceeds_is_exact_to_the_byte if {
	got := [case |
		some case in [
			[512, 1024, "0.5"], [513, 1024, "0.5"], [512, 1025, "0.5"], [513, 1025, "0.5"],
			[1024, 1024, "1.0"], [1025, 1024, "1.0"], [4611686018427387904, 9223372036854775807, "0.5"],
			[4611686018427387903, 9223372036854775807, "0.5"],
		]
		quantity.exceeds(case[0], case[1], quantity.ratio(case[2], "1"))
	]
	got == [[513, 1024, "0.5"], [513, 1025, "0.5"], [1025, 1024, "1.0"], [4611686018427387904, 9223372036854775807, "0.5"]]
}
