# METADATA
# title: Gatekeeper's webhook bounds its concurrent reviews
# description: |
#   Each review that Gatekeeper's webhook evaluates holds its own memory, and it
#   evaluates as many at once as --max-serving-threads says. Below 1 that is
#   GOMAXPROCS, which is the cores of the node where no CPU limit and no variable
#   GOMAXPROCS says less. Fewer threads need more replicas: a review that waits for
#   one longer than the API server does ends with "serving context canceled".
# related_resources:
# - https://open-policy-agent.github.io/gatekeeper/website/docs/performance-tuning
# - https://github.com/open-policy-agent/gatekeeper/issues/3357
# - https://github.com/open-policy-agent/gatekeeper/pull/2216
# schemas:
# - input.parameters:
#     type: object
#     properties:
#       levels:
#         description: The levels that the constraint returns. The rule has warn only.
#         type: array
#         items: {type: string, enum: [deny, warn]}
#         default: [deny, warn]
#       max:
#         description: The largest number of concurrent reviews of one Pod.
#         type: integer
#         minimum: 1
#         default: 10
# custom:
#   id: gatekeeper-serving-threads
#   kind: MemgateGatekeeperServingThreads
#   severity: low
#   since: 0.1.0
#   remediation: Set --max-serving-threads of the webhook to 10 or less, and add replicas.
package policies.gatekeeper.gatekeeper_serving_threads

import data.lib.finding
import data.lib.image
import data.lib.parameter
import data.lib.quantity
import data.lib.workload

# METADATA
# description: one violation for each webhook of Gatekeeper with more concurrent reviews than allowed
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	object_.kind == "Deployment"
	some pod in workload.pods(object_)
	some container in workload.containers(pod)
	_manager(object_, pod, container)
	words := _words(container)
	_serves(words)
	threads := _threads(pod, container, words)
	largest := parameter.get("max", 10)
	_too_many(threads, largest)
	found := {
		"level": "warn",
		"path": _place(container, words),
		"facts": object.union({"maxThreads": largest}, threads.facts),
		"msg": sprintf(
			`%s: %s, and each holds memory of its own; set --max-serving-threads to %s or less and add replicas, because a review that waits for a thread longer than the API server does fails with "serving context canceled"`,
			[container.title, threads.text, format_int(largest, 10)],
		),
	}
}

# _manager holds for a container that runs Gatekeeper. The word is in the names of other
# projects' images too, so its program or the label of its manifests must be there.
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

# _serves holds for a process that has the webhook: among its operations, or because it
# names none and so has all.
_serves(words) if count(_values(words, "operation")) == 0

_serves(words) if {
	some value in _values(words, "operation")
	"webhook" in split(value.text, ",")
}

# _words are command and arguments, each {path, text}.
_words(container) := [word |
	some field in ["command", "args"]
	some index, text in container.spec[field]
	is_string(text)
	word := {"path": array.concat(container.path, [field, index]), "text": text}
]

# _values are the values of a flag, each {path, text}; the last one counts.
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

_flag(words) := values[count(values) - 1] if values := _values(words, "max-serving-threads")

# _place is the value of the flag, or where the flag should stand.
_place(container, words) := path if {
	path := _flag(words).path
} else := array.concat(container.path, ["args"])

# _threads are the concurrent reviews that a container allows, {number, facts, text},
# without a number where only the node bounds them; undefined where they are not known.
_threads(pod, container, words) := _count(number, "--max-serving-threads lets") if {
	number := _number(_flag(words).text)
	number >= 1
} else := _processors(pod, container, words) if {
	_automatic(words)
}

_count(number, text) := {
	"number": number,
	"facts": {"threads": number},
	"text": sprintf("%s %s reviews run at once", [text, format_int(number, 10)]),
}

# _automatic holds if the flag leaves the number to GOMAXPROCS.
_automatic(words) if not _flag(words)

_automatic(words) if _number(_flag(words).text) < 1

# _processors are GOMAXPROCS: what the variable says, else the CPU limit, else the cores
# of the node.
_processors(pod, container, words) := _count(number, "GOMAXPROCS lets") if {
	number := _number(_gomaxprocs(container).value)
	number >= 1
} else := _count(quantity.bytes(cpu), sprintf("a CPU limit of %s lets", [quantity.text(cpu)])) if {
	not _computed(container)
	cpu := _cpu(pod, container)
} else := {
	"facts": {},
	"text": sprintf("--max-serving-threads %s and neither a CPU limit nor GOMAXPROCS says less, so as many reviews run at once as the node has cores", [_written(words)]),
} if {
	not _computed(container)
}

_written(words) := sprintf("is %s", [text]) if {
	text := _flag(words).text
} else := "is not set"

_gomaxprocs(container) := variables[count(variables) - 1] if {
	variables := [variable |
		some variable in container.spec.env
		variable.name == "GOMAXPROCS"
	]
}

# _computed holds if only the kubelet will know what GOMAXPROCS is.
_computed(container) if is_object(_gomaxprocs(container).valueFrom)

_computed(container) if contains(_gomaxprocs(container).value, "$(")

# _cpu is the CPU limit of a container, else of its pod, as it is written.
_cpu(pod, container) := [value |
	some spec in [container.spec, pod.spec]
	value := spec.resources.limits.cpu
	quantity.bytes(value) > 0
][0]

_number(text) := to_number(text) if regex.match(`^-?(0|[1-9][0-9]*)$`, text)

_too_many(threads, largest) if threads.number > largest

_too_many(threads, _) if not threads.number
