# METADATA
# title: A resize leaves room for memory-backed volumes
# description: |
#   Limits of a running Pod can be changed in place, through its subresource resize. A
#   memory-backed emptyDir keeps its size: with less memory than it may take, or less
#   than twice that, its writer is OOM-killed where a full volume used to give it
#   ENOSPC. Judged is what a resize lowers, and only what was kept before it; a higher
#   limit is never a finding. That sizeLimits fit the limits of a Pod in the first place
#   is the matter of memory-emptydir-fits-memory-limit. Gatekeeper's webhook sees
#   resizes if pods/resize is among its rules, as it is in the current chart.
# related_resources:
# - https://kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources/
# - https://kep.k8s.io/6030
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
#       maxRatio:
#         description: The part of the memory limit of a volume's writer that its sizeLimit may take, a decimal.
#         type: string
#         pattern: ^[0-9]{1,4}(\.[0-9]{1,4})?$
#         default: "0.5"
#       vmRuntimeClasses:
#         description: Globs of runtime classes whose Pods run in a virtual machine or a user-space kernel; they are not judged.
#         type: array
#         items: {type: string}
#         default: ["kata*", gvisor]
# custom:
#   id: resize-keeps-tmpfs-bounded
#   kind: MemgateResizeKeepsTmpfsBounded
#   severity: medium
#   since: 0.1.0
#   remediation: Keep the memory limit at twice the sizeLimit of the volumes that the container writes to, or replace the Pod by one with a smaller sizeLimit.
#   failure: |
#     An autoscaler saw a quiet week and lowered the limit in place; nothing restarted, and df in the
#     container shows the old size. At the next peak the writer fills the volume and is OOM-killed (exit
#     code 137, reason OOMKilled) with space left on it. Its files outlive it and stay charged to the Pod, so
#     the next container may be killed as it starts, again and again until the Pod is deleted
#     ([kubernetes#128339](https://github.com/kubernetes/kubernetes/issues/128339)).
package policies.shm.resize_keeps_tmpfs_bounded

import data.lib.finding
import data.lib.parameter
import data.lib.quantity
import data.lib.volume
import data.lib.workload

# METADATA
# description: one violation for each container whose memory limit a resize lowers to less than a memory-backed emptyDir that it writes to needs
# entrypoint: true
violation contains found if {
	input.review.subResource == "resize"

	# What was there before is left out here: messages name the limits, which differ.
	some found in finding.violations(_findings(finding.subject, finding.previous), set())
}

_findings(object_, old) := {found |
	some pod in workload.built_in(object_)
	some before in workload.built_in(old)
	not workload.in_vm(pod)
	some vol in volume.in_memory(pod)
	size := quantity.bytes(vol.emptyDir.sizeLimit)
	writers := _writers(pod, vol)
	some container in writers
	some other in workload.containers(before)
	other.name == container.name
	was := _limit(before, other)
	now := _limit(pod, container)
	level := _level(size, was, now, [limit | some writer in writers; limit := _limit(pod, writer)])
	found := {
		"level": level,
		"path": now.path,
		"facts": object.union({"sizeLimitBytes": size, "memoryLimitBytes": now.bytes}, was.facts),
		"msg": sprintf(
			"%s: the resize sets the memory limit%s to %s (before: %s), and memory-backed volume %q keeps its sizeLimit of %s, so %s; keep at least %s, or replace the pod by one with a smaller sizeLimit",
			[container.title, now.owner, now.text, was.text, vol.name, quantity.text(vol.emptyDir.sizeLimit), _effect(size, now.bytes), _needed(size)],
		),
	}
}

# _writers are those that run when a pod is resized and have a limit of their own.
_writers(pod, vol) := [container |
	some container in volume.writers(pod, vol.name)
	container.kind in {"container", "sidecar"}
]

# _limit is the effective memory limit of a container of a running Pod, {bytes, text,
# path, owner, facts}: its own, else that of the pod. None is more than any other.
_limit(pod, container) := array.concat(
	[limit |
		some holder in [
			{"of": container, "owner": ""},
			{"of": pod, "owner": " of the pod"},
		]
		written := holder.of.spec.resources.limits.memory
		bytes := quantity.bytes(written)
		bytes > 0
		limit := {
			"bytes": bytes,
			"text": quantity.text(written),
			"path": array.concat(holder.of.path, ["resources", "limits", "memory"]),
			"owner": holder.owner,
			"facts": {"previousLimitBytes": bytes},
		}
	],
	[{"bytes": 9223372036854775807, "text": "none", "facts": {}}],
)[0]

# _level is that of a bound that was kept before the resize and is not now. It is
# denied only if no writer can fill the volume any more: a log shipper beside them has a
# small limit and only reads.
_level(size, was, now, limits) := "deny" if {
	_crossed(size, was, now, _whole)
	every limit in limits { limit.bytes < size }
} else := "warn" if {
	some bound in [_whole, _max_ratio]
	_crossed(size, was, now, bound)
}

_crossed(size, was, now, bound) if {
	quantity.exceeds(size, now.bytes, bound)
	not quantity.exceeds(size, was.bytes, bound)
}

_whole := {"part": 1, "whole": 1}

_effect(size, limit) := "the container is OOM-killed before the volume is full" if {
	size >= limit
} else := sprintf("the container has only %s left once the volume is full, and the files outlast an OOM kill", [quantity.format(limit - size)])

# _needed is the limit of which a volume takes maxRatio, but not more than all, rounded
# up to whole Mi.
_needed(size) := quantity.format(quantity.mebibytes(max([size, bytes]) + 1048575)) if {
	part := (size * _max_ratio.whole) + (_max_ratio.part - 1)
	bytes := (part - (part % _max_ratio.part)) / _max_ratio.part
}

_max_ratio := quantity.ratio(parameter.get("maxRatio", "0.5"), "0.5")
