# METADATA
# title: tells programs by image, words and environment
# description: |
#   Profiles of programs: which rows of a list of policies/profiles.yaml, and of parameter
#   profiles, a container matches.
package lib.profile

import data.lib.image
import data.lib.parameter
import data.lib.quantity

# all are the rows of the parameter, less what they leave empty, and those of a list,
# less those that one of the former replaces by its name.
all(rows) := array.concat(_own, [row |
	some row in rows
	not _replaced(row)
])

# matching are the rows that a container matches: by its image and, where that is not
# enough, by a sign that it is used in the way that the row is about.
matching(rows, container) := [row |
	reference := image.parse(container.spec.image)
	use := _use(container)
	some row in rows
	regex.match(row.image, reference.repository)
	_shown(row, use)
	use.gpus >= object.get(row, "gpus", 0)
	not _spared(row, use, reference.tag)
]

# shows holds if what a container is told, in words, NAME=value and resource=quantity,
# matches a pattern.
shows(container, pattern) if regex.match(pattern, _use(container).text)

_own := [row |
	some written in parameter.get("profiles", [])
	row := {field: value |
		some field, value in written
		not value in [null, "", []]
	}
]

_replaced(row) if {
	some own in _own
	own.name == row.name
}

# _shown holds if a container gives one of the signs that a row lists, if any.
_shown(row, use) if regex.match(row.args, use.words)

_shown(row, use) if {
	some name in row.env
	name in use.env
}

_shown(row, use) if regex.match(row.sign, use.text)

_shown(row, _) if {
	not row.args
	not row.env
	not row.sign
}

# _spared holds for a container that is told to do without, or is of another version,
# or runs something else from the image.
_spared(row, use, _) if regex.match(row.unless, use.text)

_spared(row, _, tag) if regex.match(row.unlessTag, tag)

_spared(row, _, tag) if {
	pattern := row.tags
	not regex.match(pattern, tag)
}

_spared(row, use, _) if {
	use.overridden
	pattern := row.command
	not regex.match(pattern, use.words)
}

# _use is how a container uses its image: its words, its environment, its resources, and
# whether it overrides the image's command. Arguments that begin with an option are
# passed on to that command.
_use(container) := {
	"words": concat(" ", words),
	"text": concat(" ", array.concat(array.concat(words, settings), resources)),
	"env": names,
	"gpus": max(array.concat([0], gpus)),
	"overridden": overridden,
} if {
	command := _texts(container, "command")
	arguments := _texts(container, "args")
	words := array.concat(command, arguments)
	program := [word |
		word := arguments[0]
		not startswith(word, "-")
	]
	overridden := count(array.concat(command, program)) > 0
	names := {name |
		some variable in container.spec.env
		name := variable.name
	}
	settings := [setting |
		some variable in container.spec.env
		setting := sprintf("%v=%v", [variable.name, object.get(variable, "value", "")])
	]
	resources := [setting |
		some list in _lists
		some resource, amount in container.spec.resources[list]
		setting := sprintf("%v=%v", [resource, amount])
	]
	gpus := [number |
		some list in _lists
		some resource in ["nvidia.com/gpu", "amd.com/gpu"]
		number := quantity.bytes(container.spec.resources[list][resource])
	]
}

_lists := ["limits", "requests"]

_texts(container, field) := [text |
	some text in container.spec[field]
	is_string(text)
]
