# METADATA
# title: A container that may lock memory has a memory limit
# description: |
#   IPC_LOCK lifts RLIMIT_MEMLOCK: what bounds the memory that a process locks is then
#   the memory limit of its container alone, against which locked pages count. The
#   kernel can neither reclaim nor swap them, so without a limit one container can take
#   the memory of its node from all others. A container that is known to run as another
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
#         description: The levels that the constraint returns. Without requireGuaranteed the rule has deny only.
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
#     Nothing fails in the container. The node runs out of memory that it can reclaim:
#     its kubelet evicts Pods, or the kernel's OOM killer ends processes of whichever
#     Pods have the highest oom_score_adj, and the pages of the one that locked them
#     stay where they are. With a limit the same program is OOM-killed at that limit
#     (exit code 137), which is how the cause is found.
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
	reason := _reason(pod, container)
	some found in (_unlimited(object_, pod, container, reason) | _unrequested(pod, container, reason))
}

# _reason is why a container may lock memory past RLIMIT_MEMLOCK; undefined if it may not.
_reason(pod, container) := "privileged lets it" if {
	capability.privileged(container)
	not capability.rootless(pod, container)
	parameter.get("includePrivileged", false) == true
} else := "IPC_LOCK lets it" if {
	not capability.privileged(container)
	capability.granted(container, "IPC_LOCK")
	not capability.rootless(pod, container)
}

_unlimited(object_, pod, container, reason) := {found |
	memory.unlimited(pod, container)
	not _defaulted(object_, container)
	found := {
		"level": "deny",
		"path": array.concat(container.path, ["resources", "limits", "memory"]),
		"facts": {},
		"msg": sprintf(
			"%s: %s lock memory past RLIMIT_MEMLOCK, and no memory limit bounds it, so it can take the node's memory until other pods are evicted or OOM-killed; set resources.limits.memory or remove %s",
			[container.title, reason, split(reason, " ")[0]],
		),
	}
}

# The LimitRanger fills in what is missing; a limit of 0 is there and stays.
_defaulted(object_, container) if {
	object_.kind != "Pod"
	parameter.get("assumeLimitRangeDefault", false) == true
	not container.spec.resources.limits.memory
}

# What an init container locks is free again when the pod runs. Resources of the pod
# decide before those of a container.
_unrequested(pod, container, reason) := {found |
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
			"%s: %s lock memory up to limits.memory %q%s, but requests.memory is %q, so the node may promise the difference to others and run out of memory; set it to %q as well",
			[container.title, reason, written, holder.text, quantity.text(holder.spec.resources.requests.memory), written],
		),
	}
}

_holder(pod, container) := {"path": pod.path, "spec": pod.spec, "text": " of the pod"} if {
	object.get(pod.spec, ["resources", "limits", "memory"], null) != null
} else := {"path": container.path, "spec": container.spec, "text": ""}
