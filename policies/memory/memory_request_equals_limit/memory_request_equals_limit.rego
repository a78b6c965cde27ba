# METADATA
# title: Memory that cannot be reclaimed is requested in full
# description: |
#   A node promises what Pods request, and Pods use up to their limit. The kernel can
#   reclaim the difference from page cache, but not from a tmpfs or from locked memory:
#   where it runs short, processes are killed, the Pod's own first, because one that
#   uses more than it requests has a higher oom_score_adj and is evicted earlier. Where
#   a node swaps, such a Pod is also swapped, a tmpfs included. Judged are containers
#   that may write more to memory-backed volumes than they request, that may lock
#   memory, and daemons of policies/profiles.yaml.
# related_resources:
# - https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/
# - https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#node-out-of-memory-behavior
# - https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/qos/policy.go
# schemas:
# - input.parameters:
#     type: object
#     properties:
#       levels:
#         description: The levels that the constraint returns. The rule has warn only.
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
#       scope:
#         description: Whether only containers are judged whose memory cannot be reclaimed, or all.
#         type: string
#         enum: [unreclaimable, all]
#         default: unreclaimable
#       maxRatio:
#         description: How many times its memory request a memory limit may be, a decimal.
#         type: string
#         pattern: ^[0-9]{1,4}(\.[0-9]{1,4})?$
#         default: "1"
#       daemonImages:
#         description: Globs of images, whatever their registry, that are judged in a DaemonSet, beside those of policies/profiles.yaml.
#         type: array
#         items: {type: string}
#         default: []
#       vmRuntimeClasses:
#         description: Globs of runtime classes whose Pods run in a virtual machine or a user-space kernel; they are judged in scope all only.
#         type: array
#         items: {type: string}
#         default: ["kata*", gvisor]
# custom:
#   id: memory-request-equals-limit
#   kind: MemgateMemoryRequestEqualsLimit
#   severity: low
#   since: 0.1.0
#   failure: |
#     The scheduler places Pods by their requests, so the node is promised more than it has.
#     When all use what they may, the node runs short: the kubelet evicts Pods that use more
#     than they request ("The node was low on resource: memory. ... Container db was using
#     ..., request is ..., has larger consumption of memory"), or the kernel is faster and
#     kills one of their processes (OOMKilled, exit code 137), picked by an oom_score_adj
#     that rises as the request falls. Page cache would have been given back before that;
#     what is in a tmpfs or locked cannot be
#     ([node out of memory behavior](https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#node-out-of-memory-behavior)).
#   remediation: Set requests.memory to the value of limits.memory, and give memory-backed volumes a sizeLimit.
package policies.memory.memory_request_equals_limit

import data.lib.capability
import data.lib.finding
import data.lib.image
import data.lib.pagecache_profiles
import data.lib.parameter
import data.lib.quantity
import data.lib.volume
import data.lib.workload

# METADATA
# description: one violation for each container, or Pod with resources of its own, that requests less unreclaimable memory than it may use
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some pod in workload.pods(object_)
	some holder in _holders(pod)
	resources := holder.spec.resources
	request := quantity.bytes(resources.requests.memory)
	limit := quantity.bytes(resources.limits.memory)
	quantity.exceeds(limit, request, _max_ratio)
	reason := _reason(object_, pod, holder)
	found := {
		"level": "warn",
		"path": array.concat(holder.path, ["resources", "requests", "memory"]),
		"facts": {"requestBytes": request, "limitBytes": limit},
		"msg": sprintf("%s: requests.memory %q is below limits.memory %q%s, so the node may promise the difference to others and run out of memory; %s", [
			holder.title,
			quantity.text(resources.requests.memory),
			quantity.text(resources.limits.memory),
			reason,
			_advice(resources, limit),
		]),
	}
}

# _holders are what is given memory: the pod, where it has resources of its own,
# which then decide its QoS class, else its containers. What an init container uses
# is free again when the pod runs.
_holders(pod) := [{"title": "pod", "path": pod.path, "spec": pod.spec, "containers": _containers(pod)}] if {
	_has_resources(pod)
} else := [holder |
	some container in _containers(pod)
	holder := object.union(container, {"containers": [container]})
]

_has_resources(pod) if {
	some list in ["requests", "limits"]
	object.get(pod.spec, ["resources", list, "memory"], null) != null
}

_containers(pod) := [container |
	some container in workload.containers(pod)
	container.kind in {"container", "sidecar"}
]

# _reason is why a holder is judged, as the message says it; undefined if it is not.
_reason(object_, pod, holder) := sprintf(", and %s", [text]) if {
	not workload.in_vm(pod)
	text := _unreclaimable(object_, pod, holder)
} else := "" if {
	parameter.get("scope", "unreclaimable") == "all"
}

_unreclaimable(object_, pod, holder) := sprintf("what it writes to memory-backed volume %q%s cannot be reclaimed", [largest.name, largest.text]) if {
	volumes := _volumes(pod, holder)
	sizes := [vol.bytes | some vol in volumes]
	sum(sizes) > quantity.bytes(holder.spec.resources.requests.memory)
	largest := [vol | some vol in volumes; vol.bytes == max(sizes)][0]
} else := "the memory that it locks with IPC_LOCK cannot be reclaimed" if {
	some container in holder.containers
	capability.granted(container, "IPC_LOCK")

	# A privileged container is rarely so for IPC_LOCK, and a user namespace takes it away.
	not capability.privileged(container)
	object.get(pod.spec, "hostUsers", true) != false
} else := "it runs on every node" if {
	_daemon(object_)
	some container in holder.containers
	_agent(container)
}

# _volumes are the memory-backed volumes that a holder may write, each {name, bytes,
# text}: without a sizeLimit they take all of its memory limit.
_volumes(pod, holder) := [sized |
	some vol in volume.in_memory(pod)
	count([writer | some writer in volume.writers(pod, vol.name); writer in holder.containers]) > 0
	sized := object.union({"name": vol.name}, _size(vol, holder))
]

_size(vol, holder) := {"bytes": bytes, "text": sprintf(" of %s", [quantity.text(vol.emptyDir.sizeLimit)])} if {
	bytes := quantity.bytes(vol.emptyDir.sizeLimit)
	bytes > 0
} else := {"bytes": bytes, "text": " without a sizeLimit"} if {
	bytes := quantity.bytes(holder.spec.resources.limits.memory)
}

_agent(container) if {
	some known in pagecache_profiles.rows
	image.matches(known.image, container.spec.image)
}

_agent(container) if {
	some pattern in parameter.get("daemonImages", [])
	image.matches(pattern, container.spec.image)
}

_daemon(object_) if object_.kind == "DaemonSet"

# A Pod says itself whose it is, but that only makes it subject to the rule.
_daemon(object_) if {
	object_.kind == "Pod"
	some owner in object_.metadata.ownerReferences
	owner.kind == "DaemonSet"
}

_advice(resources, limit) := sprintf("set it to %q as well", [quantity.text(resources.limits.memory)]) if {
	_max_ratio.part == _max_ratio.whole
} else := sprintf("set it to at least %s", [quantity.format(needed)]) if {
	whole := ((limit * _max_ratio.whole) + _max_ratio.part) - 1
	least := (whole - (whole % _max_ratio.part)) / _max_ratio.part
	needed := quantity.mebibytes(least + 1048575)
}

_max_ratio := quantity.ratio(parameter.get("maxRatio", "1"), "1")
