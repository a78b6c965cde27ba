# METADATA
# title: Memory-backed emptyDir fits the memory limits
# description: |
#   What is written to a memory-backed emptyDir counts against the memory limit of its
#   writer. A sizeLimit that the limits cannot hold is never reached: the writer is
#   OOM-killed first, where a full volume would have given it ENOSPC. The files outlive
#   the container, so half of the limit is what also leaves room to start again.
# related_resources:
# - https://kubernetes.io/docs/concepts/storage/volumes/#emptydir
# - https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#memory-backed-emptydir
# - https://github.com/kubernetes/kubernetes/issues/128339
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
#       maxRatio:
#         description: The part of the smallest memory limit of a volume's writers that its sizeLimit may take, a decimal.
#         type: string
#         pattern: ^[0-9]{1,4}(\.[0-9]{1,4})?$
#         default: "0.5"
#       denyAbove:
#         description: The part of the largest memory limit of a volume's writers, and of the limit of the Pod for all volumes, above which a finding is denied, a decimal.
#         type: string
#         pattern: ^[0-9]{1,4}(\.[0-9]{1,4})?$
#         default: "1.0"
#       mode:
#         description: Whether maxRatio is the most that a sizeLimit may take, or what it must take, but for a fraction of 1Mi.
#         type: string
#         enum: [atMost, exactly]
#         default: atMost
#       vmRuntimeClasses:
#         description: Globs of runtime classes whose Pods run in a virtual machine or a user-space kernel; they are not judged.
#         type: array
#         items: {type: string}
#         default: ["kata*", gvisor]
# custom:
#   id: memory-emptydir-fits-memory-limit
#   kind: MemgateMemoryEmptydirFitsMemoryLimit
#   severity: high
#   since: 0.1.0
#   remediation: Raise the memory limits of the containers that write to the volume to twice its sizeLimit, or lower emptyDir.sizeLimit to half of the smallest of them if the program needs no more.
#   failure: |
#     The volume reports space that its writer may not use: df shows 2G free, and the write ends in an OOM kill (exit
#     code 137) instead of "No space left on device". The files outlive the container, so it starts again with
#     that much less, and loops until somebody deletes the Pod:
#     [kubernetes#128339](https://github.com/kubernetes/kubernetes/issues/128339), still open.
#   requiresSyncData: [[{groups: [""], versions: [v1], kinds: [LimitRange]}]]
#   withoutData: A container that has its memory limit from a LimitRange only is taken to have none. That concerns workload templates; Pods carry it when they are admitted.
package policies.shm.memory_emptydir_fits_memory_limit

import data.lib.finding
import data.lib.memory
import data.lib.parameter
import data.lib.quantity
import data.lib.volume
import data.lib.workload

# METADATA
# description: one violation for each memory-backed emptyDir that its writers cannot fill, and one for each Pod whose volumes exceed its limit together
# entrypoint: true
violation contains found if {
	not input.review.subResource == "resize" # resize-keeps-tmpfs-bounded knows what it changes
	some found in finding.violations(_findings(finding.subject), _findings(finding.previous))
}

_findings(object_) := _each(object_) | _together(object_)

_each(object_) := {found |
	some pod in workload.pods(object_)
	not workload.in_vm(pod)
	some vol in _sized(pod)
	fault := _fault(vol, _limits(pod, vol.writers))
	found := {
		"level": fault.level,
		"path": array.concat(vol.path, ["emptyDir", "sizeLimit"]),
		"facts": {"sizeLimitBytes": vol.bytes, "memoryLimitBytes": fault.limit.bytes},
		"msg": sprintf("volume %q: sizeLimit %s %s", [vol.name, vol.text, fault.text]),
	}
}

# A volume that exceeds the limit of the pod on its own is a finding on its own.
_together(object_) := {found |
	some pod in workload.pods(object_)
	not workload.in_vm(pod)
	volumes := _sized(pod)
	count(volumes) > 1
	bound := memory.bound(pod)
	every vol in volumes { vol.bytes <= bound }
	total := sum([bytes | some vol in volumes; bytes := vol.bytes])
	quantity.exceeds(total, bound, _deny_above)
	names := [name | some vol in volumes; name := sprintf("%q", [vol.name])]
	found := {
		"level": "deny",
		"path": array.concat(pod.path, ["volumes"]),
		"facts": {"sizeLimitBytes": total, "podLimitBytes": bound},
		"msg": sprintf(
			"volumes %s: the sizeLimits add up to %s and the memory limit of the whole pod is %s, so filling them OOM-kills its containers; raise the limits, or lower the sizeLimits to at most %s together if the programs need no more",
			[concat(", ", names), quantity.format(total), quantity.format(bound), quantity.format(_share(bound))],
		),
	}
}

# _sized are the memory-backed volumes with an effective sizeLimit that a container
# writes to, each {name, path, bytes, text, writers}. An ephemeral container comes and
# goes and has no limit of its own.
_sized(pod) := [sized |
	some vol in volume.in_memory(pod)
	bytes := quantity.bytes(vol.emptyDir.sizeLimit)
	bytes > 0
	writers := [container | some container in volume.writers(pod, vol.name); container.kind != "ephemeral"]
	count(writers) > 0
	sized := {
		"name": vol.name,
		"path": vol.path,
		"bytes": bytes,
		"text": quantity.text(vol.emptyDir.sizeLimit),
		"writers": writers,
	}
]

# _limits are {all, largest, smallest} of the memory limits that are known, each
# {bytes, text}; undefined if none is. all tells whether every writer's is.
_limits(pod, writers) := {"all": count(limits) == count(writers), "largest": largest, "smallest": smallest} if {
	limits := [limit |
		some container in writers
		limit := {
			"bytes": memory.limit(pod, container),
			"text": sprintf("%s (memory limit %s%s)", [container.title, memory.written(pod, container), _owner(container)]),
		}
	]
	sizes := [bytes | some limit in limits; bytes := limit.bytes]
	largest := [limit | some limit in limits; limit.bytes == max(sizes)][0]
	smallest := [limit | some limit in limits; limit.bytes == min(sizes)][0]
}

_owner(container) := "" if {
	quantity.bytes(container.spec.resources.limits.memory) > 0
} else := " of the pod"

# _fault is the worst about a volume: {level, limit, text}. It is denied only if none
# of its writers can fill it: a log shipper beside them has a small limit and only reads.
_fault(vol, limits) := {
	"level": "deny",
	"limit": limits.largest,
	"text": sprintf("%s; %s", [_effect(vol, limits.largest), _advice(vol, limits)]),
} if {
	limits.all
	quantity.exceeds(vol.bytes, limits.largest.bytes, _deny_above)
} else := {
	"level": "warn",
	"limit": limits.smallest,
	"text": sprintf("%s; %s", [_effect(vol, limits.smallest), _advice(vol, limits)]),
} if {
	quantity.exceeds(vol.bytes, limits.smallest.bytes, _max_ratio)
} else := {
	"level": "warn",
	"limit": limits.smallest,
	"text": sprintf("is less than its part of the memory of %s; raise sizeLimit to %s", [limits.smallest.text, quantity.format(share)]),
} if {
	parameter.get("mode", "atMost") == "exactly"
	share := _share(limits.smallest.bytes)
	vol.bytes < share
}

_effect(vol, limit) := sprintf("is too much for %s, which is OOM-killed before the volume is full", [limit.text]) if {
	vol.bytes >= limit.bytes
} else := sprintf("leaves only %s to %s once the volume is full, and the files outlast an OOM kill", [quantity.format(limit.bytes - vol.bytes), limit.text])

# What a program needs is not known here: shm-min-size may say that it is more.
_advice(vol, limits) := sprintf("raise the memory limit to %s, or lower sizeLimit to at most %s if the program needs no more", [_needed(vol), quantity.format(share)]) if {
	share := _share(limits.smallest.bytes)
	share > 0
} else := sprintf("raise the memory limit to %s", [_needed(vol)])

# _share is the part of a limit that maxRatio leaves to volumes, in whole Mi.
_share(bytes) := quantity.mebibytes(_quotient(bytes * _max_ratio.part, _max_ratio.whole))

# _needed is the limit of which a volume takes that part, rounded up to whole Mi.
_needed(vol) := quantity.format(quantity.mebibytes(bytes + 1048575)) if {
	bytes := _quotient((vol.bytes * _max_ratio.whole) + (_max_ratio.part - 1), _max_ratio.part)
}

_quotient(number, divisor) := (number - (number % divisor)) / divisor

_max_ratio := quantity.ratio(parameter.get("maxRatio", "0.5"), "0.5")

_deny_above := quantity.ratio(parameter.get("denyAbove", "1.0"), "1.0")
