# METADATA
# title: Swap and memory.high spare tmpfs
# description: |
#   Secrets and memory-backed volumes are tmpfs, whose pages a node with swap writes to
#   disk unless the kubelet mounts them with noswap: kernels have that option from 6.3
#   on, or with a patch of their distribution. A memoryThrottlingFactor below 1 sets
#   memory.high below the limit of a container, which then is throttled, where the kernel
#   finds nothing to reclaim, instead of being OOM-killed: tmpfs without swap and locked
#   memory are such. Judged are files of kind KubeletConfiguration, kubeadm's ConfigMap
#   kube-system/kubelet-config, OpenShift's KubeletConfig and EKS's NodeConfig;
#   KubeletConfiguration and NodeConfig are no objects of a cluster, so they are judged
#   offline only. They do not tell the kernel: noswap says that all nodes have one that
#   will do. A Node tells its kernel and its swap (nodeInfo.swap); admission does not see
#   how they change, so Nodes are judged by Gatekeeper's audit, or offline.
# related_resources:
# - https://kubernetes.io/docs/concepts/cluster-administration/swap-memory-management/
# - https://kep.k8s.io/2400
# - https://github.com/kubernetes/kubernetes/pull/124060
# - https://kep.k8s.io/2570
# schemas:
# - input.parameters:
#     type: object
#     properties:
#       levels:
#         description: The levels that the constraint returns. The rule has warn only.
#         type: array
#         items: {type: string, enum: [deny, warn]}
#         default: [deny, warn]
#       noswap:
#         description: Whether the kernel of every node with swap has the tmpfs option noswap; a swapBehavior is then not judged.
#         type: boolean
#         default: false
#       minKernel:
#         description: The first kernel that has the tmpfs option noswap. The kubelet tries it on older ones, too; mainline has it for certain from 6.4 on.
#         type: string
#         pattern: ^[0-9]+\.[0-9]+$
#         default: "6.3"
#       noswapKernels:
#         description: Globs of kernel versions that have the option though they are older.
#         type: array
#         items: {type: string}
#         default: ["*.el9*"]
# custom:
#   id: kubelet-swap-tmpfs-safety
#   kind: MemgateKubeletSwapTmpfsSafety
#   severity: medium
#   since: 0.1.0
#   remediation: Run a kernel with the tmpfs option noswap on nodes with swap, or encrypt the swap device; leave memoryThrottlingFactor out for nodes whose Pods use tmpfs or locked memory.
#   failure: |
#     Nothing fails in sight: what a Secret volume held may be found on the swap device, and the kubelet has only
#     logged at its start that the tmpfs option noswap is not supported. That such volumes reach the disk was found with
#     the first kubelets that tolerate swap ([kubernetes#105978](https://github.com/kubernetes/kubernetes/issues/105978));
#     since [kubernetes#124060](https://github.com/kubernetes/kubernetes/pull/124060) the kubelet tries the option, and
#     goes on without it where the kernel has none. Above memory.high a process was seen to hang for good, which is why
#     MemoryQoS stayed alpha for years ([enhancements#4243](https://github.com/kubernetes/enhancements/pull/4243)); a
#     kernel since 5.9 throttles it instead.
package policies.runtime.kubelet_swap_tmpfs_safety

import data.lib.finding
import data.lib.kubelet
import data.lib.parameter
import data.lib.quantity

# METADATA
# description: one violation for each kubelet configuration or Node with which tmpfs may be swapped or throttled
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some fault in array.concat(_configured(object_), _reported(object_))
	found := object.union({"level": "warn"}, fault)
}

_configured(object_) := [found |
	some config in kubelet.configs(object_)
	some fault in array.concat(_swap(config), _factor(config))
	found := {
		"path": kubelet.at(config, fault.field),
		"facts": {},
		"msg": sprintf("%s: %s", [config.title, fault.text]),
	}
]

# The kubelet does not start on a node with swap where failSwapOn is true. Before
# Kubernetes 1.30 there was UnlimitedSwap, too.
_swap(config) := [{
	"field": ["memorySwap", "swapBehavior"],
	"text": sprintf("memorySwap.swapBehavior %q lets nodes swap, and before kernel %s, which has the tmpfs option noswap, Secrets and memory-backed volumes may be written to disk; run kernel %s or later, or encrypt the swap device", [behavior, _first, _first]),
} |
	behavior := config.spec.memorySwap.swapBehavior
	behavior in {"LimitedSwap", "UnlimitedSwap"}
	not config.spec.failSwapOn == true
	not parameter.get("noswap", false) == true
]

# From 1.37 on the factor counts by itself, before it needs the gate MemoryQoS.
_factor(config) := [{
	"field": ["memoryThrottlingFactor"],
	"text": sprintf("memoryThrottlingFactor %v sets memory.high below the limit, and a container whose memory is mostly tmpfs or locked, which cannot be reclaimed, slows to a crawl there instead of being OOM-killed; leave memoryThrottlingFactor out for nodes with such Pods, or write 1", [factor]),
} |
	factor := config.spec.memoryThrottlingFactor
	is_number(factor)
	factor < 1
	not config.spec.featureGates.MemoryQoS == false
]

_reported(object_) := [{
	"path": ["status", "nodeInfo", "kernelVersion"],
	"facts": {"swapBytes": info.swap.capacity},
	"msg": sprintf("node: has %s swap and kernel %s, and before kernel %s, which has the tmpfs option noswap, Secrets and memory-backed volumes may be written to disk; run kernel %s or later, or encrypt the swap device", [quantity.format(info.swap.capacity), info.kernelVersion, _first, _first]),
} |
	finding.audited
	object_.apiVersion == "v1"
	object_.kind == "Node"
	info := object_.status.nodeInfo
	info.operatingSystem == "linux"
	is_number(info.swap.capacity)
	info.swap.capacity > 0
	_older(_version(info.kernelVersion), _version(_first))
	not _patched(info.kernelVersion)
]

_older(version, first) if version[0] < first[0]

_older(version, first) if {
	version[0] == first[0]
	version[1] < first[1]
}

# What follows the two numbers is the distribution's.
_version(text) := [to_number(major), to_number(minor)] if {
	[_, major, minor] := regex.find_all_string_submatch_n(`^([0-9]+)[.]([0-9]+)`, text, 1)[0]
}

_patched(kernel) if {
	some pattern in parameter.get("noswapKernels", ["*.el9*"])
	glob.match(pattern, null, kernel)
}

_first := text if {
	text := parameter.get("minKernel", "6.3")
	_version(text)
} else := "6.3"
