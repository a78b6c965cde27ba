# METADATA
# title: A container that may lock memory has a memory limit
# description: |
#   IPC_LOCK lifts RLIMIT_MEMLOCK: what bounds the memory that a process locks is then
#   the memory limit of its container alone, against which locked pages count. The
#   kernel can neither reclaim nor swap them, so without a limit one container can take
#   the memory of its node from all others. An init container that runs to completion
#   unlocks all of it when it ends and hardly needs the capability: that is a warning. A
#   container that is known to run as another
#   user than root is left to ipc-lock-effective. A privileged container has the capability
#   as well, but is mostly so for other reasons and is judged by parameter only. That
#   a container also requests the memory that it may lock is what
#   memory-request-equals-limit reports; so that nobody gets the same message twice,
#   this rule does it by parameter only, for those who apply bundles/mlock alone.
# related_resources:
# - https://man7.org/linux/man-pages/man2/mlock.2.html
# - https://docs.kernel.org/mm/unevictable-lru.html
# - https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
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
#       includePrivileged:
#         description: Whether privileged containers are judged too. CNI plugins, CSI drivers and device plugins often have no memory limit.
#         type: boolean
#         default: false
#       requireGuaranteed:
#         description: Whether a memory request below the limit is reported too. The rule memory-request-equals-limit does so by default.
#         type: boolean
#         default: false
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
#   id: ipc-lock-memory-bounded
#   kind: MemgateIpcLockMemoryBounded
#   severity: high
#   since: 0.1.0
#   remediation: Set resources.limits.memory, with the same requests.memory, to what the container locks and uses, or remove IPC_LOCK.
#   failure: |
#     Nothing fails in the container at first. The node runs out of memory that it can
#     reclaim: its kubelet evicts Pods, those first that use more than they request, or the
#     kernel's OOM killer is faster. Mostly that is the Pod that locked the memory, as it
#     requests less; one of priority class system-node-critical, as agents of the node
#     have, is spared, and others go in its place. With a limit the same program is
#     OOM-killed at that limit (exit code 137), which is how the cause is found.
#   requiresSyncData: [[{groups: [""], versions: [v1], kinds: [LimitRange]}]]
#   withoutData: A container that has its memory limit from a LimitRange only is taken to have none. That concerns workload templates; Pods carry it when they are admitted.
package policies.mlock.ipc_lock_memory_bounded

import data.lib.capability
import data.lib.finding
import data.lib.memory
import data.lib.parameter
import data.lib.quantity
import data.lib.workload

# METADATA
# description: one violation for each container that may lock memory without a bound, or more than it requests
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some pod in workload.pods(object_)
	not workload.in_vm(pod)
	not pod.spec.hostUsers == false # takes the capability away
	some container in workload.containers(pod)
	container.kind != "ephemeral" # cannot carry a limit
	causes := _causes(pod, container)
	some found in (_unlimited(object_, pod, container, causes) | _unrequested(pod, container, causes))
}

# _causes are what lets a container lock memory past RLIMIT_MEMLOCK, as its security
# context has it; undefined if nothing does.
_causes(pod, container) := ["privileged"] if {
	capability.privileged(container)
	not capability.rootless(pod, container)
	parameter.get("includePrivileged", false) == true
} else := [name | some name in ["IPC_LOCK", "ALL"]; capability.listed(container, "add", name)] if {
	not capability.privileged(container)
	capability.granted(container, "IPC_LOCK")
	not capability.rootless(pod, container)
}

_unlimited(object_, pod, container, causes) := {found |
	memory.unlimited(pod, container)
	not _defaulted(object_, container)
	fault := _fault(container, causes)
	found := {
		"level": fault.level,
		"path": array.concat(container.path, fault.path),
		"facts": {},
		"msg": sprintf(
			"%s: %s past RLIMIT_MEMLOCK, and no memory limit bounds it, so it can take the node's memory until %s remove %s",
			[container.title, _lets(causes), fault.text, concat(" and ", array.concat(causes, _too(container, causes)))],
		),
	}
}

# What an init container locks serves nobody after it, so a limit is not the answer.
_fault(container, causes) := {
	"level": "warn",
	"path": array.concat(["securityContext"], object.get({"privileged": ["privileged"]}, causes[0], ["capabilities", "add"])),
	"text": "the node evicts or OOM-kills, and whatever it locks is unlocked when it ends;",
} if {
	container.kind == "init"
} else := {
	"level": "deny",
	"path": ["resources", "limits", "memory"],
	"text": "the node evicts or OOM-kills; set resources.limits.memory or",
}

# Without IPC_LOCK, SYS_RESOURCE still raises the limit itself (setrlimit(2)).
_too(container, causes) := [name |
	name := "SYS_RESOURCE"
	"IPC_LOCK" in causes
	capability.listed(container, "add", name)
]

_lets(causes) := sprintf("%s let%s it lock memory", [concat(" and ", causes), {1: "s", 2: ""}[count(causes)]])

# The LimitRanger fills in what is missing; a limit of 0 is there and stays.
_defaulted(object_, container) if {
	object_.kind != "Pod"
	parameter.get("assumeLimitRangeDefault", false) == true
	not container.spec.resources.limits.memory
}

# What an init container locks is free again when the pod runs. Resources of the pod
# decide before those of a container.
_unrequested(pod, container, causes) := {found |
	parameter.get("requireGuaranteed", false) == true
	container.kind != "init"
	holder := _holder(pod, container)
	request := quantity.bytes(holder.spec.resources.requests.memory)
	limit := quantity.bytes(holder.spec.resources.limits.memory)
	request < limit
	written := quantity.text(holder.spec.resources.limits.memory)
	found := {
		"level": "warn",
		"path": array.concat(holder.path, ["resources", "requests", "memory"]),
		"facts": {"requestBytes": request, "limitBytes": limit},
		"msg": sprintf(
			"%s: %s up to limits.memory %q%s, but requests.memory is %q, so the node may promise the difference to others and run out of memory; set it to %q as well",
			[container.title, _lets(causes), written, holder.text, quantity.text(holder.spec.resources.requests.memory), written],
		),
	}
}

_holder(pod, container) := {"path": pod.path, "spec": pod.spec, "text": " of the pod"} if {
	object.get(pod.spec, ["resources", "limits", "memory"], null) != null
} else := {"path": container.path, "spec": container.spec, "text": ""}
