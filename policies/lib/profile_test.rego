package lib.profile_test

import data.lib.mlock_profiles
import data.lib.pagecache_profiles
import data.lib.profile
import data.lib.shm_profiles

_container := {"spec": {
	"image": "docker.io/library/db:7.6-alpine",
	"command": ["sh", "-c"],
	"args": ["exec db --lock 1", null],
	"env": [{"name": "MODE", "value": "one"}, {"name": "EMPTY"}, null, "x"],
	"resources": {"limits": {"memory": "1Gi", "nvidia.com/gpu": "2"}, "requests": {"rdma/hca": 1, "amd.com/gpu": "1"}},
}}

# _matches holds if the container matches a row of its image and the given fields.
_matches(fields) if _matches_of(_container, fields)

_matches_of(container, fields) if count(profile.matching([object.union({"name": "Db", "image": `(^|/)db$`}, fields)], container)) == 1

test_lists_have_names_and_images if {
	every rows in [shm_profiles.rows, mlock_profiles.rows, pagecache_profiles.rows] {
		count(rows) > 10
		every row in rows {
			is_string(row.name)
			is_string(row.image)
		}
	}
}

test_image_is_matched_by_repository if {
	_matches({})
	_matches({"image": "^docker.io/library/db$"})
	not _matches({"image": "7.6"})
	not _matches({"image": "^db$"})
	not _matches({"image": null})
	every image in [null, 1, "", "other/dbx:7.6"] {
		not _matches_of({"spec": {"image": image}}, {})
	}
	not _matches_of({"spec": {}}, {})
}

test_args_are_matched_in_command_and_args if {
	_matches({"args": `^sh -c exec db --lock 1$`})
	not _matches({"args": "MODE"})
	not _matches({"args": "--lock 2"})
}

test_env_is_matched_by_name if {
	_matches({"env": ["OTHER", "MODE"]})
	_matches({"env": ["EMPTY"]})
	not _matches({"env": ["one"]})
	not _matches({"env": []})
}

test_sign_is_matched_in_words_settings_and_resources if {
	every sign in ["^sh -c exec db", `\bMODE=one\b`, `EMPTY=\s`, `rdma/hca=1$`, `nvidia.com/gpu=2`] {
		_matches({"sign": sign})
	}
	not _matches({"sign": "MODE=two"})
}

test_any_sign_is_enough if {
	_matches({"args": "none", "env": ["NONE"], "sign": "MODE"})
	_matches({"args": "none", "env": ["MODE"]})
	_matches({"args": "exec", "env": ["NONE"], "sign": "none"})
	not _matches({"args": "none", "env": ["NONE"], "sign": "none"})
	not _matches({"env": ["NONE"], "sign": "none"})
	not _matches({"args": "none", "sign": "none"})
}

test_gpus if {
	_matches({"gpus": 2})
	not _matches({"gpus": 3})
	not _matches_of({"spec": {"image": "db"}}, {"gpus": 1})
	_matches_of({"spec": {"image": "db", "resources": {"requests": {"amd.com/gpu": 4}}}}, {"gpus": 4})
}

test_resources_are_limits_and_requests if {
	claimed := {"spec": {"image": "db", "resources": {"claims": {"amd.com/gpu": 4}}}}
	not _matches_of(claimed, {"gpus": 1})
	not _matches_of(claimed, {"sign": "amd.com/gpu=4"})
}

test_unless_is_matched_as_a_sign_is if {
	not _matches({"unless": "--lock 1"})
	not _matches({"unless": "MODE=one"})
	not _matches({"unless": "rdma/hca="})
	_matches({"unless": "MODE=two"})
}

test_tags if {
	_matches({"tags": "^7"})
	not _matches({"tags": "^8"})
	not _matches({"unlessTag": "^7"})
	_matches({"unlessTag": "^8"})
	not _matches_of({"spec": {"image": "db"}}, {"tags": "^7"})
	_matches_of({"spec": {"image": "db"}}, {"unlessTag": "^7"})
}

test_command_counts_where_the_image_is_overridden if {
	_matches({"command": `\bdb\b`})
	not _matches({"command": `\bdump\b`})
	every spec in [{}, {"command": null}, {"command": [], "args": []}, {"args": ["--verbose", "dump"]}, {"args": [null]}] {
		_matches_of({"spec": object.union({"image": "db"}, spec)}, {"command": "none"})
	}
	every spec in [{"command": ["x"]}, {"args": ["x"]}, {"command": ["-x"]}] {
		not _matches_of({"spec": object.union({"image": "db"}, spec)}, {"command": "none"})
	}
}

test_fields_of_other_types_are_no_error if {
	every value in [null, 1, "x", {}, [null, 1]] {
		_matches_of({"spec": {"image": "db", "command": value, "args": value, "env": value, "resources": value}}, {})
		_matches_of({"spec": {"image": "db", "resources": {"limits": value}}}, {})
	}
}

test_rows_are_matched_in_their_order if {
	rows := [{"name": "a", "image": "x"}, {"name": "b", "image": "db"}, {"name": "c", "image": "."}]
	[row.name | some row in profile.matching(rows, _container)] == ["b", "c"]
}

test_shows if {
	profile.shows(_container, "MODE=one")
	profile.shows(_container, "exec db")
	not profile.shows(_container, "MODE=two")
}

_rows := [{"name": "a", "image": "a"}, {"name": "b", "image": "b"}]

test_all if {
	profile.all(_rows) == _rows with input as {}
	profile.all(_rows) == _rows with input as {"parameters": {"profiles": null}}
	own := {"name": "b", "image": "x"}
	profile.all(_rows) == [own, _rows[0]] with input as {"parameters": {"profiles": [own]}}
	profile.all(_rows) == array.concat([{"image": "x"}], _rows) with input as {"parameters": {"profiles": [{"image": "x"}]}}
}

test_what_an_own_row_leaves_empty_is_left_out if {
	own := {"name": "c", "image": "x", "args": "", "env": [], "minSize": null, "other": 0}
	profile.all(_rows) == array.concat([{"name": "c", "image": "x", "other": 0}], _rows) with input as {"parameters": {"profiles": [own]}}
}
