package lib.parameter_test

import data.lib.parameter

test_get_keeps_every_type if {
	values := ["x", 0, false, "", [], {}, {"a": 1}]
	got := [value |
		some set in values
		value := parameter.get("name", "fallback") with input as {"parameters": {"name": set}}
	]
	got == values
}

test_get_falls_back if {
	inputs := [
		{},
		{"parameters": null},
		{"parameters": {}},
		{"parameters": {"name": null}},
		{"parameters": {"other": "x"}},
		{"parameters": "name"},
		{"parameters": ["name"]},
		{"parameters": 1},
	]
	got := [value | some in_ in inputs; value := parameter.get("name", "fallback") with input as in_]
	got == [fallback | some _ in inputs; fallback := "fallback"]
}
