# METADATA
# title: Memory-backed emptyDir has a sizeLimit
# description: |
#   An emptyDir with medium Memory is a tmpfs. Without a sizeLimit above zero the
#   kubelet sizes it to the memory limit of the Pod or, where the Pod has none, to
#   the allocatable memory of the node. Its pages are charged to the container that
#   writes them, so the writer is OOM-killed, or the node runs out of memory, before
#   the volume reports that it is full.
# related_resources:
# - https://kubernetes.io/docs/concepts/storage/volumes/#emptydir
# - https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/volume/emptydir/empty_dir.go
# - https://github.com/kubernetes/kubernetes/issues/119611
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
#       severityWhenPodBounded:
#         description: The level of a finding where a memory limit bounds the Pod.
#         type: string
#         enum: [deny, warn]
#         default: warn
#       vmRuntimeClasses:
#         description: Globs of runtime classes whose Pods run in a virtual machine or a user-space kernel; they are not judged.
#         type: array
#         items: {type: string}
#         default: ["kata*", gvisor]
# custom:
#   id: memory-emptydir-sizelimit-required
#   kind: MemgateMemoryEmptydirSizelimitRequired
#   severity: high
#   since: 0.1.0
#   remediation: Set emptyDir.sizeLimit to at most half of the smallest memory limit of the containers that write to the volume; raise that limit first if the program needs more.
#   failure: |
#     A log file or a cache in the volume grows with the node's memory. On a Pod with a limit its writer is OOM-killed
#     (exit code 137) while df still shows space; on one without, the node comes under MemoryPressure and Pods
#     are evicted, this one or others. Kubelets before 1.22 showed half of the node's memory as the size, whatever the manifest
#     said. See [kubernetes#119611](https://github.com/kubernetes/kubernetes/issues/119611) and
#     [kubernetes#125852](https://github.com/kubernetes/kubernetes/issues/125852).
#   requiresSyncData: [[{groups: [""], versions: [v1], kinds: [LimitRange]}]]
#   withoutData: A container that has its memory limit from a LimitRange only is taken to have none. That concerns workload templates; Pods carry it when they are admitted.
package policies.shm.memory_emptydir_sizelimit_required

import data.lib.finding
import data.lib.memory
import data.lib.parameter
import data.lib.quantity
import data.lib.volume
import data.lib.workload

# METADATA
# description: one violation for each memory-backed emptyDir without an effective sizeLimit
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some pod in workload.pods(object_)
	not workload.in_vm(pod)
	some vol in volume.in_memory(pod)
	fault := _fault(vol.emptyDir)
	writers := volume.writers(pod, vol.name)
	growth := _growth(pod, writers)
	found := {
		"level": growth.level,
		"path": array.concat(vol.path, ["emptyDir", "sizeLimit"]),
		"facts": growth.facts,
		"msg": sprintf("volume %q: memory-backed emptyDir %s, so %s; set sizeLimit%s", [vol.name, fault, growth.text, _advice(pod, writers)]),
	}
}

# _fault is what is wrong with the sizeLimit; undefined if nothing is.
_fault(empty_dir) := "has no sizeLimit" if {
	object.get(empty_dir, "sizeLimit", null) == null
} else := sprintf("has sizeLimit %s, which is no quantity", [_text(empty_dir.sizeLimit)]) if {
	not quantity.bytes(empty_dir.sizeLimit)
} else := sprintf("has sizeLimit %q, which the kubelet ignores", [quantity.text(empty_dir.sizeLimit)]) if {
	quantity.bytes(empty_dir.sizeLimit) <= 0
}

_text(value) := sprintf("%q", [value]) if {
	is_string(value)
} else := json.marshal(value)

# _growth is how large the volume gets: {level, facts, text}. Of the containers without a
# limit a writer is named first.
_growth(_, writers) := {
	"level": "warn",
	"facts": {},
	"text": "only a memory limit of the whole pod bounds it once a container writes to it (none mounts it for writing yet)",
} if {
	count(writers) == 0
}

_growth(pod, writers) := {
	"level": "deny",
	"facts": {},
	"text": sprintf("it may grow to all allocatable memory of the node, because %s has no memory limit and so the pod has none", [first.title]),
} if {
	count(writers) > 0
	unlimited := memory.unlimited_containers(pod)
	first := array.concat([container | some container in unlimited; container in writers], unlimited)[0]
}

_growth(pod, writers) := {
	"level": parameter.get("severityWhenPodBounded", "warn"),
	"facts": bound.facts,
	"text": sprintf("it may grow to %s, and its writer is OOM-killed before the volume is full", [bound.text]),
} if {
	count(writers) > 0
	not memory.unbounded(pod)
	bound := _bound(pod)
}

_bound(pod) := {
	"facts": {"podLimitBytes": bytes},
	"text": sprintf("%s, the memory limit of the whole pod", [quantity.format(bytes)]),
} if {
	bytes := memory.bound(pod)
} else := {
	"facts": {},
	"text": "the memory limit of the whole pod",
}

# _advice is half of the smallest limit of the containers that write to the volume,
# in whole Mi; empty where no such number can be given.
_advice(pod, writers) := sprintf(" to at most %s, half of the smallest memory limit of the containers that may write to it, or raise that limit if the program needs more", [quantity.format(size)]) if {
	limits := [bytes | some container in writers; bytes := memory.limit(pod, container)]
	size := quantity.mebibytes(floor(min(limits) / 2))
	size > 0
} else := ""
