# METADATA
# title: The kubelet keeps memory of the node from Pods
# description: |
#   Pods may use what the kubelet does not keep from them: kubeReserved, systemReserved
#   and the threshold of hard eviction. Where that is too little, the kernel OOM-kills or
#   stalls the kubelet, the container runtime and sshd before the kubelet evicts a Pod;
#   where the kubelet enforces a reserve that is too small, it is killed in its own
#   cgroup. Judged are files of kind KubeletConfiguration, kubeadm's ConfigMap
#   kube-system/kubelet-config, OpenShift's KubeletConfig, EKS's NodeConfig and
#   Karpenter's EC2NodeClass, by what is written in them and by what OpenShift and EKS
#   add; KubeletConfiguration and NodeConfig are no objects of a cluster, so they are
#   judged offline only. A file that says nothing of a reserve is reported if it is a
#   kubelet's whole configuration, which it is taken for if it has
#   authentication.x509.clientCAFile. A Node shows what its kubelet keeps; admission does
#   not see how that changes, so Nodes are judged by Gatekeeper's audit, or offline. Nodes
#   that run Windows or no container runtime are left out.
# related_resources:
# - https://kubernetes.io/docs/tasks/administer-cluster/reserve-compute-resources/
# - https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#hard-eviction-thresholds
# - https://github.com/awslabs/amazon-eks-ami/pull/419
# - https://github.com/awslabs/amazon-eks-ami/issues/1145
# schemas:
# - input.parameters:
#     type: object
#     properties:
#       levels:
#         description: The levels that the constraint returns. The rule has warn only.
#         type: array
#         items: {type: string, enum: [deny, warn]}
#         default: [deny, warn]
#       min:
#         description: The least that kubeReserved and systemReserved reserve together, and that a Node keeps in all, as a quantity.
#         type: string
#         default: 100Mi
#       hardMin:
#         description: The least reserve that enforceNodeAllocatable may enforce, as a quantity.
#         type: string
#         default: 500Mi
#       evictionMin:
#         description: The least threshold of hard eviction, as a quantity. Percentages are not compared with it.
#         type: string
#         default: 100Mi
#       tiers:
#         description: Whether a Node must keep what GKE keeps by the size of a node, 25 % of the first 4Gi, 20 % of the next 4Gi, 10 % of the next 8Gi, 6 % of the next 112Gi and 2 % of the rest, if that is more than min.
#         type: boolean
#         default: false
# custom:
#   id: kubelet-memory-reserved
#   kind: MemgateKubeletMemoryReserved
#   severity: high
#   since: 0.1.0
#   remediation: Reserve memory for the kubelet and the system by the size of the node, keep memory.available in evictionHard, and enforce no reserve but that of Pods unless you have measured what the daemons use.
#   failure: |
#     Pods without limits fill the node. It turns NotReady ("Kubelet stopped posting node status"), nobody gets onto it to
#     look, and its Pods are neither OOM-killed nor evicted for a long time: see
#     [amazon-eks-ami#1145](https://github.com/awslabs/amazon-eks-ami/issues/1145). With kube-reserved enforced and
#     too small, the kernel log says "Memory cgroup out of memory: Killed process 989 (kubelet)" in /podruntime.slice,
#     however much memory is free ([amazon-eks-ami#419](https://github.com/awslabs/amazon-eks-ami/pull/419)).
package policies.runtime.kubelet_memory_reserved

import data.lib.finding
import data.lib.kubelet
import data.lib.parameter
import data.lib.quantity

# METADATA
# description: one violation for each reserve and threshold that is missing, too small or refused by the kubelet
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some fault in array.concat(_configured(object_), _reported(object_))
	found := object.union({"level": "warn"}, fault)
}

_configured(object_) := [found |
	some config in kubelet.configs(object_)
	some faults in [_reserved(config), _eviction(config), _enforced(config)]
	some fault in faults
	found := {
		"path": kubelet.at(config, fault.field),
		"facts": fault.facts,
		"msg": sprintf("%s: %s", [config.title, fault.text]),
	}
]

# _reserved is a reserve below min. Nothing is said where a part of it is somebody
# else's or is no quantity.
_reserved(config) := [{
	"field": _place(config),
	"facts": {"reservedBytes": bytes, "minBytes": _min},
	"text": sprintf("%s, so Pods may take memory that the kubelet, the container runtime and sshd need, and the node turns NotReady before a Pod is evicted; reserve %s or more, by the size of the node", [_sum(config, bytes), quantity.format(_min)]),
} |
	_speaks(config)
	parts := [part |
		some field in _reserves
		part := _bytes(config, field)
	]
	count(parts) == 2
	bytes := sum(parts)
	bytes < _min
]

_reserves := ["kubeReserved", "systemReserved"]

_speaks(config) if config.whole

_speaks(config) if {
	some field in _reserves
	is_object(config.spec[field])
}

_bytes(config, field) := 0 if {
	not _written(config, field)
	not field in config.base
} else := quantity.bytes(config.spec[field].memory)

_written(config, field) if object.get(config.spec, [field, "memory"], null) != null

# _place is the reserve to change: one that is written, or at least begun.
_place(config) := [fields[0], "memory"] if {
	written := [field | some field in _reserves; _written(config, field)]
	begun := [field | some field in _reserves; is_object(config.spec[field])]
	fields := array.concat(array.concat(written, begun), _reserves)
}

_sum(config, bytes) := sprintf("only %s is reserved (%s), less than %s", [quantity.format(bytes), concat(", ", texts), quantity.format(_min)]) if {
	texts := [text |
		some field in _reserves
		text := sprintf("%s.memory %q", [field, quantity.text(config.spec[field].memory)])
	]
	count(texts) > 0
} else := "neither kubeReserved.memory nor systemReserved.memory is set"

# _eviction is hard eviction that is switched off, or too late.
_eviction(config) := [{
	"field": ["evictionHard", "memory.available"],
	"facts": fault.facts,
	"text": fault.text,
} |
	count(config.spec.evictionHard) > 0
	fault := _threshold(config, config.spec.evictionHard)
]

_threshold(config, thresholds) := {"facts": {}, "text": "evictionHard has no memory.available, which drops the default of 100Mi, so the kubelet evicts no Pod when memory runs out and the kernel OOM-kills instead; add memory.available, or mergeDefaultEvictionSettings: true (Kubernetes 1.33)"} if {
	object.get(thresholds, "memory.available", null) == null
	not "evictionHard" in config.base
	not config.spec.mergeDefaultEvictionSettings == true
} else := {"facts": {}, "text": sprintf("evictionHard[\"memory.available\"] %q switches the threshold off, so the kubelet evicts no Pod when memory runs out and the kernel OOM-kills instead; write %s or more", [thresholds["memory.available"], quantity.format(_eviction_min)])} if {
	thresholds["memory.available"] in {"0%", "100%"}
} else := {
	"facts": {"thresholdBytes": bytes, "minBytes": _eviction_min},
	"text": sprintf("evictionHard[\"memory.available\"] %q %s; write %s or more", [quantity.text(thresholds["memory.available"]), _late(bytes), quantity.format(_eviction_min)]),
} if {
	bytes := quantity.bytes(thresholds["memory.available"])
	bytes < _eviction_min
}

_late(bytes) := "is not above zero, so the kubelet does not start" if {
	bytes <= 0
} else := sprintf("is less than %s, so the kernel OOM-kills before the kubelet, which looks every 10 seconds, evicts a Pod", [quantity.format(_eviction_min)])

# _enforced are reserves that the kubelet refuses to enforce, or that kill whom they
# are for. Only the two that are not compressible bound memory.
_enforced(config) := array.concat(
	[{
		"field": ["enforceNodeAllocatable", index],
		"facts": {},
		"text": sprintf("enforceNodeAllocatable has %q and there is no %sCgroup, so the kubelet does not start; set %sCgroup to a cgroup that exists, or leave %q out", [key, reserve, reserve, key]),
	} |
		some index, key in config.spec.enforceNodeAllocatable
		reserve := _enforceable[trim_suffix(key, "-compressible")]
		cgroup := sprintf("%sCgroup", [reserve])
		not cgroup in config.base
		object.get(config.spec, cgroup, null) in {"", null}
	],
	[{
		"field": [reserve, "memory"],
		"facts": {"reservedBytes": bytes, "hardMinBytes": _hard_min},
		"text": sprintf("%s.memory %q is enforced as a limit and less than %s, so the daemons in %sCgroup are OOM-killed while the node has free memory; raise it to %s or more, or leave %q out of enforceNodeAllocatable", [reserve, quantity.text(config.spec[reserve].memory), quantity.format(_hard_min), reserve, quantity.format(_hard_min), key]),
	} |
		some key in config.spec.enforceNodeAllocatable
		reserve := _enforceable[key]
		bytes := quantity.bytes(config.spec[reserve].memory)
		bytes < _hard_min
	],
)

_enforceable := {"kube-reserved": "kubeReserved", "system-reserved": "systemReserved"}

# _reported is a Node that keeps too little. Huge pages are not for Pods' memory either,
# and are no reserve. A virtual kubelet names no container runtime.
_reported(object_) := [{
	"path": ["status", "allocatable", "memory"],
	"facts": {"capacityBytes": capacity, "keptBytes": kept, "minBytes": least},
	"msg": sprintf("node: %s of %s memory is kept from Pods, less than %s, so Pods may take what the kubelet, the container runtime and sshd need, and the node turns NotReady before a Pod is evicted; raise kubeReserved or systemReserved in the kubelet's configuration", [quantity.format(kept), quantity.format(capacity), quantity.format(least)]),
} |
	finding.audited
	object_.apiVersion == "v1"
	object_.kind == "Node"
	object_.status.nodeInfo.operatingSystem != "windows"
	object_.status.nodeInfo.containerRuntimeVersion != ""
	capacity := quantity.bytes(object_.status.capacity.memory)
	huge := [bytes |
		some resource, value in object_.status.capacity
		startswith(resource, "hugepages-")
		bytes := quantity.bytes(value)
	]
	kept := (capacity - quantity.bytes(object_.status.allocatable.memory)) - sum(huge)
	least := max([_min, _tiered(capacity)])
	kept < least
]

_tiered(capacity) := floor(sum(parts) / 100) if {
	parameter.get("tiers", false) == true
	parts := [part |
		some tier in _tiers
		part := max([0, min([capacity, tier.to]) - tier.from]) * tier.percent
	]
} else := 0

_tiers := [
	{"from": 0, "to": 4294967296, "percent": 25},
	{"from": 4294967296, "to": 8589934592, "percent": 20},
	{"from": 8589934592, "to": 17179869184, "percent": 10},
	{"from": 17179869184, "to": 137438953472, "percent": 6},
	{"from": 137438953472, "to": 9223372036854775807, "percent": 2},
]

_min := bytes if {
	bytes := quantity.bytes(parameter.get("min", "100Mi"))
} else := 104857600

_hard_min := bytes if {
	bytes := quantity.bytes(parameter.get("hardMin", "500Mi"))
} else := 524288000

_eviction_min := bytes if {
	bytes := quantity.bytes(parameter.get("evictionMin", "100Mi"))
} else := 104857600
