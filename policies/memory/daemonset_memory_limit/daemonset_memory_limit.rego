# METADATA
# title: Containers of a DaemonSet have a memory limit
# description: |
#   The page cache that a container fills is charged to it. An agent that reads or
#   writes much without a limit grows to the size of its node, on every node, and its
#   working set counts towards the eviction of others. With a limit the kernel
#   reclaims the cache first.
# related_resources:
# - https://github.com/spegel-org/spegel/issues/718
# - https://github.com/kubernetes/kubernetes/issues/43916
# - https://github.com/fluent/fluent-bit/issues/8422
# - https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-ownership
# schemas:
# - input.parameters:
#     type: object
#     properties:
#       levels:
#         description: The levels that the constraint returns.
#         type: array
#         items: {type: string, enum: [deny, warn]}
#         default: [deny, warn]
#       extraPodSpecPaths:
#         description: Where custom resources embed pod specs; a path is the keys from the root of the object, "*" is every key or element. The match of the constraint has to name the kinds as well.
#         type: array
#         items:
#           type: object
#           required: [group, kind, path]
#           properties:
#             group: {type: string, description: The API group.}
#             kind: {type: string, description: The kind.}
#             path: {type: array, minItems: 1, items: {type: string}, description: The path of the pod spec.}
#         default: []
#       exemptImages:
#         description: Globs of images that may run without a limit, whatever their registry.
#         type: array
#         items: {type: string}
#         default: ["*/kube-proxy", "*/pause"]
#       criticalAsWarn:
#         description: Whether findings in Pods of priority class system-node-critical are warnings. An OOM kill of a network plugin is worse than a large cache.
#         type: boolean
#         default: true
#       maxLimit:
#         description: The largest memory limit that a container of a DaemonSet may have; "" is any.
#         type: string
#         default: ""
#       profiles:
#         description: Programs with a known need, beside those of policies/profiles.yaml, and before them for an image that both match. A limit above max is a warning; where there is none, recommended is the advice.
#         type: array
#         items:
#           type: object
#           required: [image]
#           properties:
#             image:
#               description: A glob of the image, whatever its registry.
#               type: string
#             recommended:
#               description: The limit to set, as a quantity.
#               type: string
#             max:
#               description: The largest limit that is of use, as a quantity.
#               type: string
#         default: []
# custom:
#   id: daemonset-memory-limit
#   kind: MemgateDaemonsetMemoryLimit
#   severity: high
#   since: 0.1.0
#   failure: |
#     Nothing is killed at first. The agent reads or writes files, their pages are charged to
#     its Pod, and its memory climbs to gigabytes on the nodes with most traffic: between
#     100 MB and 12 GB for one with 35 MB of its own
#     ([spegel#718](https://github.com/spegel-org/spegel/issues/718)). The kubelet counts the
#     active part of that as used ([kubernetes#43916](https://github.com/kubernetes/kubernetes/issues/43916)),
#     reports MemoryPressure, and evicts Pods though the kernel could have reclaimed it. A leak
#     in such an agent ends the same way, on all nodes at once.
#   remediation: Set limits.memory of each container to at least twice its resident memory.
#   requiresSyncData: [[{groups: [""], versions: [v1], kinds: [LimitRange]}]]
#   withoutData: A container that has its memory limit from a LimitRange only is taken to have none. That concerns workload templates; Pods carry it when they are admitted.
package policies.memory.daemonset_memory_limit

import data.lib.finding
import data.lib.image
import data.lib.memory
import data.lib.pagecache_profiles
import data.lib.parameter
import data.lib.quantity
import data.lib.workload

# METADATA
# description: one violation for each container of a DaemonSet without a memory limit, or with one that is too large
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	_daemon(object_)
	some pod in workload.pods(object_)
	some container in workload.containers(pod)
	container.kind in {"container", "sidecar"}
	not _exempt(container)
	fault := _fault(pod, container)
	found := {
		"level": fault.level,
		"path": array.concat(fault.path, ["resources", "limits", "memory"]),
		"facts": fault.facts,
		"msg": sprintf("%s: %s", [container.title, fault.text]),
	}
}

_daemon(object_) if object_.kind == "DaemonSet"

# A Pod says itself whose it is, but that only makes it subject to the rule.
_daemon(object_) if {
	object_.kind == "Pod"
	some owner in object_.metadata.ownerReferences
	owner.kind == "DaemonSet"
}

_exempt(container) if {
	some pattern in parameter.get("exemptImages", ["*/kube-proxy", "*/pause"])
	image.matches(pattern, container.spec.image)
}

# A container that only keeps an image on the node, or its Pod alive, reads nothing.
_exempt(container) if {
	words := concat(" ", [word |
		some field in ["command", "args"]
		some word in container.spec[field]
		is_string(word)
	])
	regex.match(_waiting, trim_space(words))
}

# No image reference has a blank: an operator fills it in, and the resources with it.
_exempt(container) if regex.match(`\S\s+\S`, container.spec.image)

# _waiting is the command line of a program or script that sleeps, and at most says so.
_waiting := sprintf(`^(%[1]s(ba|a|da)?sh -e?c )?(%[2]s%[3]s)*(exec )?(%[4]s|while (true|:)%[3]sdo\s+(%[2]s%[3]s)*%[4]s(%[3]s%[2]s)*%[3]s?done)$`, [
	`([\w./-]*/)?`,
	`(echo|date)( [^;&|<>$()\x60\n]*)?`,
	`\s*(;|&&|\n)\s*`,
	`([\w./-]*/)?(sleep [0-9a-z.]+|tail -f /dev/null)`,
])

# _fault is what is wrong with the limit of a container: {level, path, facts, text}.
_fault(pod, container) := {
	"level": _level(pod),
	"path": container.path,
	"facts": {},
	"text": sprintf("no memory limit, so the page cache that it fills may grow to the size of the node, is charged to its pod, and counts when the kubelet picks pods to evict; set limits.memory%s", [_advice(container)]),
} if {
	memory.unlimited(pod, container)
} else := {
	"level": _level(pod),
	"path": _place(pod, container),
	"facts": {"limitBytes": limit, "maxBytes": largest},
	"text": sprintf("memory limit %q is above %s, the most that a DaemonSet may take of each node here; lower it", [memory.written(pod, container), quantity.format(largest)]),
} if {
	limit := memory.limit(pod, container)
	largest := quantity.bytes(parameter.get("maxLimit", ""))
	limit > largest
} else := {
	"level": "warn",
	"path": _place(pod, container),
	"facts": {"limitBytes": limit, "maxBytes": largest},
	"text": sprintf("memory limit %q is above %s, and page cache alone fills the rest on each node; set limits.memory%s", [memory.written(pod, container), quantity.format(largest), _advice(container)]),
} if {
	limit := memory.limit(pod, container)
	largest := min([bytes | some profile in _profiles(container); bytes := quantity.bytes(profile.max)])
	limit > largest
}

_level(pod) := "warn" if {
	parameter.get("criticalAsWarn", true) == true
	pod.spec.priorityClassName == "system-node-critical"
} else := "deny"

# _place is where the effective limit of a container is written.
_place(pod, container) := container.path if {
	quantity.bytes(container.spec.resources.limits.memory) != 0
} else := pod.path

_advice(container) := sprintf(" to %s", [quantity.text(recommended)]) if {
	recommended := _profiles(container)[0].recommended
	quantity.bytes(recommended) > 0
} else := " to at least twice its resident memory"

# _profiles are the profiles of the parameter that a container matches, else the built-in
# ones.
_profiles(container) := own if {
	own := _matching(parameter.get("profiles", []), container)
	count(own) > 0
} else := _matching(pagecache_profiles.rows, container)

_matching(profiles, container) := [profile |
	some profile in profiles
	image.matches(profile.image, container.spec.image)
]
