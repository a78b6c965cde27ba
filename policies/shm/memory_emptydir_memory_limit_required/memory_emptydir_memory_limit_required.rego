# METADATA
# title: Pod with a memory-backed emptyDir is bounded
# description: |
#   The pages of a memory-backed emptyDir are charged to the container that writes
#   them and, once that container is gone, to the cgroup of its Pod. The latter has a
#   limit only if the Pod sets one or if every container and init container does. One
#   container without a limit is enough for the files to take the memory of the node,
#   and the scheduler, which goes by requests, does not know of them. Nor does a
#   priority class such as system-node-critical make the finding a warning, as it does in
#   daemonset-memory-limit: the kernel can drop page cache, but not the files of a tmpfs.
# related_resources:
# - https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#memory-backed-emptydir
# - https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/cm/helpers_linux.go
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
#       initContainers:
#         description: Whether init containers that run to completion are judged; sidecars always are.
#         type: boolean
#         default: true
#       assumeLimitRangeDefault:
#         description: Whether a LimitRange gives the containers of workload templates a default limit; those that name none are then not reported.
#         type: boolean
#         default: false
#       vmRuntimeClasses:
#         description: Globs of runtime classes whose Pods run in a virtual machine or a user-space kernel; they are not judged.
#         type: array
#         items: {type: string}
#         default: ["kata*", gvisor]
# custom:
#   id: memory-emptydir-memory-limit-required
#   kind: MemgateMemoryEmptydirMemoryLimitRequired
#   severity: high
#   since: 0.1.0
#   remediation: Set resources.limits.memory on every container and init container of the Pod, or on the Pod itself.
#   failure: |
#     What a container writes to the volume is memory of the node that counts against no limit, so the node itself
#     runs out. Either the kernel kills processes, which frees none of the files, or the kubelet evicts Pods for
#     MemoryPressure: first those that use more than they request, and of these the ones with the lowest priority.
#     That may be this Pod, and always is one like it without requests, but a neighbour of lower priority that is
#     over its own request goes before it. One init container without a limit is enough to take the bound from the
#     whole Pod. See [kubernetes#119611](https://github.com/kubernetes/kubernetes/issues/119611).
#   requiresSyncData: [[{groups: [""], versions: [v1], kinds: [LimitRange]}]]
#   withoutData: A container that has its memory limit from a LimitRange only is taken to have none. That concerns workload templates; Pods carry it when they are admitted.
package policies.shm.memory_emptydir_memory_limit_required

import data.lib.finding
import data.lib.memory
import data.lib.parameter
import data.lib.quantity
import data.lib.volume
import data.lib.workload

# METADATA
# description: one violation for each container without a memory limit in a Pod with a memory-backed emptyDir that is written to
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some pod in workload.pods(object_)
	not workload.in_vm(pod)
	volumes := _written(pod)
	count(volumes) > 0
	unlimited := memory.unlimited_containers(pod)
	some container in unlimited
	_judged(object_, container)
	fault := _fault(container, volumes, unlimited)
	found := {
		"level": fault.level,
		"path": array.concat(container.path, ["resources", "limits", "memory"]),
		"facts": fault.facts,
		"msg": sprintf("%s: %s", [container.title, fault.text]),
	}
}

# _written are the memory-backed volumes of a pod that a container may write to, each
# {title, writers, bytes}; bytes is above 0 for an effective sizeLimit. An ephemeral
# container cannot have a limit and asks nobody for one.
_written(pod) := [written |
	some vol in volume.in_memory(pod)
	writers := {path |
		some container in volume.writers(pod, vol.name)
		container.kind != "ephemeral"
		path := container.path
	}
	count(writers) > 0
	written := {
		"title": sprintf("%q", [vol.name]),
		"writers": writers,
		"bytes": _size(vol.emptyDir),
	}
]

_size(empty_dir) := bytes if {
	bytes := quantity.bytes(empty_dir.sizeLimit)
} else := 0

_judged(object_, container) if {
	_stage_judged(container)
	not _defaulted(object_, container)
}

_stage_judged(container) if container.kind != "init"

_stage_judged(_) if parameter.get("initContainers", true) != false

# The LimitRanger fills in what is missing; a limit of 0 is there and stays.
_defaulted(object_, container) if {
	object_.kind != "Pod"
	parameter.get("assumeLimitRangeDefault", false) == true
	not container.spec.resources.limits.memory
}

# _fault says why the limit is missed: {level, facts, text}. A container that writes
# without a limit is worse than what takes the bound of the pod from the other writers.
_fault(container, volumes, unlimited) := {
	"level": "deny",
	"facts": _facts(own),
	"text": sprintf(
		"may write to memory-backed %s without a memory limit, so the pod's cgroup is unbounded and the scheduler does not see %s until the node evicts or OOM-kills; set resources.limits.memory%s",
		[_names(own), _files(own), _advice(own)],
	),
} if {
	own := _of(container, volumes)
} else := {
	"level": "warn",
	"facts": _facts(own),
	"text": sprintf(
		"has no memory limit, like %s, so the whole pod has none either and what that writes to memory-backed %s counts against no limit, until the node evicts or OOM-kills; set resources.limits.memory here or on the pod",
		[writer.title, _names(own)],
	),
} if {
	writer := [other | some other in unlimited; _of(other, volumes)][0]
	own := _of(writer, volumes)
} else := {
	"level": "warn",
	"facts": _facts(volumes),
	"text": sprintf(
		"has no memory limit, so the whole pod has none either and the files in memory-backed %s count against no limit once their writer ends or restarts, until the node evicts or OOM-kills; set resources.limits.memory here or on the pod",
		[_names(volumes)],
	),
}

# _of are the volumes that a container may write to; undefined if there are none.
_of(container, volumes) := own if {
	own := [vol | some vol in volumes; container.path in vol.writers]
	count(own) > 0
}

_names(volumes) := sprintf("volume %s", [volumes[0].title]) if {
	count(volumes) == 1
} else := sprintf("volumes %s", [concat(", ", [title | some vol in volumes; title := vol.title])])

_sum(volumes) := sum([bytes | some vol in volumes; bytes := vol.bytes])

_bounded(volumes) if every vol in volumes { vol.bytes > 0 }

_facts(volumes) := {"sizeLimitBytes": _sum(volumes)} if {
	_bounded(volumes)
} else := {}

_files(volumes) := sprintf("the %s that its files may take", [quantity.format(_sum(volumes))]) if {
	_bounded(volumes)
} else := "the memory that its files take"

_advice(volumes) := sprintf(" to at least %s, twice %s, or to less with a smaller sizeLimit", [quantity.format(2 * _sum(volumes)), _sizes(volumes)]) if {
	_bounded(volumes)
} else := ""

_sizes([_]) := "the sizeLimit"

_sizes(volumes) := "the sum of the sizeLimits" if count(volumes) > 1
