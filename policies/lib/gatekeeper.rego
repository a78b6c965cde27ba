# METADATA
# title: knows Gatekeeper's processes and their flags
# description: |
#   The processes of Gatekeeper, and how it reads its flags
#   (open-policy-agent/gatekeeper main.go and pkg/operations).
package lib.gatekeeper

import data.lib.image
import data.lib.workload

# managers are the containers of a Deployment that run Gatekeeper, each {pod,
# container, words}; words are command and arguments, each {path, text}.
managers(object_) := [manager |
	object_.kind == "Deployment"
	some pod in workload.built_in(object_)
	some container in workload.containers(pod)
	_manager(object_, pod, container)
	manager := {"pod": pod, "container": container, "words": _words(container)}
]

# performs holds for a process that has an operation: among those it names, or because
# it names none and so has all.
performs(words, _) if count(_values(words, "operation")) == 0

performs(words, operation) if {
	some value in _values(words, "operation")
	operation in split(value.text, ",")
}

# audits holds for a process that audits: an interval of 0 switches that off.
audits(words) if {
	performs(words, "audit")
	not _off(words)
}

# flag is the value of a flag, {path, text}: the last one counts. It is undefined where
# the flag is not set.
flag(words, name) := values[count(values) - 1] if values := _values(words, name)

# place is the value of a flag, or where the flag should stand.
place(manager, name) := path if {
	path := flag(manager.words, name).path
} else := array.concat(manager.container.path, ["args"])

# number is a value in decimal; undefined for $(VARIABLE) and the like.
number(text) := to_number(text) if regex.match(`^-?(0|[1-9][0-9]*)$`, text)

# automatic holds for a process whose flags leave the number of its reviews at once to
# GOMAXPROCS.
automatic(words) if not flag(words, "max-serving-threads")

automatic(words) if number(flag(words, "max-serving-threads").text) < 1

# gomaxprocs is the variable of a container, {name, value or valueFrom}: the last one counts.
gomaxprocs(container) := variables[count(variables) - 1] if {
	variables := [variable |
		some variable in container.spec.env
		variable.name == "GOMAXPROCS"
	]
}

# computed holds if only the kubelet will know what GOMAXPROCS is.
computed(container) if is_object(gomaxprocs(container).valueFrom)

computed(container) if contains(gomaxprocs(container).value, "$(")

_off(words) if number(flag(words, "audit-interval").text) == 0

# The word is in the names of other projects' images too, so the program or the label
# of Gatekeeper's manifests must be there.
_manager(_, _, container) if {
	_program(container) == "manager"
	image.matches("*/gatekeeper*", container.spec.image)
}

_manager(object_, pod, container) if {
	_labelled(object_, pod)
	_program(container) == "manager"
}

_manager(object_, pod, container) if {
	_labelled(object_, pod)
	_program(container) == ""
	image.matches("*/gatekeeper*", container.spec.image)
}

_labelled(object_, pod) if {
	some labelled in [object_, pod.template]
	labelled.metadata.labels["gatekeeper.sh/system"] == "yes"
}

# _program is the name of the program that a container's command executes; "" where it
# is that of the image.
_program(container) := program if {
	program := regex.replace(container.spec.command[0], "^.*/", "")
} else := ""

_words(container) := [word |
	some field in ["command", "args"]
	some index, text in container.spec[field]
	is_string(text)
	word := {"path": array.concat(container.path, [field, index]), "text": text}
]

_values(words, name) := [value |
	some index, _ in words
	value := _value(words, index, name)
]

# Go takes --name=value and --name value, with one dash as well.
_value(words, index, name) := {"path": words[index].path, "text": match[1]} if {
	match := regex.find_all_string_submatch_n(sprintf("^--?%s=(.*)$", [name]), words[index].text, 1)[0]
} else := words[index + 1] if {
	words[index].text in {sprintf("-%s", [name]), sprintf("--%s", [name])}
}
