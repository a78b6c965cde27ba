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
#   scope: audit
#   failure: |
#     Without a CPU limit GOMAXPROCS is the number of the node's cores, and as many reviews run at
#     once, each with its own copy of the reference data that it touches. In
#     [gatekeeper#2184](https://github.com/open-policy-agent/gatekeeper/issues/2184) controllers took more
#     than 5 GB with 28 templates. Too few threads fail the other way: requests wait for one until the
#     API server gives up after 3 s, and the log says "serving context canceled"
#     ([gatekeeper#3357](https://github.com/open-policy-agent/gatekeeper/issues/3357)).
package policies.gatekeeper.gatekeeper_serving_threads

import data.lib.finding
import data.lib.gatekeeper
import data.lib.parameter
import data.lib.quantity

# METADATA
# description: one violation for each webhook of Gatekeeper with more concurrent reviews than allowed
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some manager in gatekeeper.managers(object_)
	gatekeeper.performs(manager.words, "webhook")
	threads := _threads(manager.pod, manager.container, manager.words)
	largest := parameter.get("max", 10)
	_too_many(threads, largest)
	found := {
		"level": "warn",
		"path": gatekeeper.place(manager, "max-serving-threads"),
		"facts": object.union({"maxThreads": largest}, threads.facts),
		"msg": sprintf(
			`%s: %s, and each holds memory of its own; set --max-serving-threads to %s or less and add replicas, because a review that waits for a thread longer than the API server does fails with "serving context canceled"`,
			[manager.container.title, threads.text, format_int(largest, 10)],
		),
	}
}

_flag(words) := gatekeeper.flag(words, "max-serving-threads")

# _threads are the concurrent reviews that a container allows, {number, facts, text},
# without a number where only the node bounds them; undefined where they are not known.
_threads(pod, container, words) := _count(number, "--max-serving-threads lets") if {
	number := gatekeeper.number(_flag(words).text)
	number >= 1
} else := _processors(pod, container, words) if {
	gatekeeper.automatic(words)
}

_count(number, text) := {
	"number": number,
	"facts": {"threads": number},
	"text": sprintf("%s %s reviews run at once", [text, format_int(number, 10)]),
}

# _processors are GOMAXPROCS: what the variable says, else the CPU limit, else the cores
# of the node.
_processors(pod, container, words) := _count(number, "GOMAXPROCS lets") if {
	number := gatekeeper.number(gatekeeper.gomaxprocs(container).value)
	number >= 1
} else := _count(quantity.bytes(cpu), sprintf("a CPU limit of %s lets", [quantity.text(cpu)])) if {
	not gatekeeper.computed(container)
	cpu := _cpu(pod, container)
} else := {
	"facts": {},
	"text": sprintf("--max-serving-threads %s and neither a CPU limit nor GOMAXPROCS says less, so as many reviews run at once as the node has cores", [_written(words)]),
} if {
	not gatekeeper.computed(container)
}

_written(words) := sprintf("is %s", [text]) if {
	text := _flag(words).text
} else := "is not set"

# _cpu is the CPU limit of a container, else of its pod, as it is written.
_cpu(pod, container) := [value |
	some spec in [container.spec, pod.spec]
	value := spec.resources.limits.cpu
	quantity.bytes(value) > 0
][0]

_too_many(threads, largest) if threads.number > largest

_too_many(threads, _) if not threads.number
