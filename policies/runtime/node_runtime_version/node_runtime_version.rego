# METADATA
# title: Nodes run a runtime, kernel and kubelet that are new enough
# description: |
#   What a memory limit, a tmpfs or mlock does depends on the node: on the runtime that
#   starts containers, on the kernel's RLIMIT_MEMLOCK, on the kubelet that mounts
#   volumes. A Node reports those versions, but neither runc's nor the cgroup driver:
#   containerd's stands in for them, and a label that the site sets may tell more.
#   Vendors' suffixes are passed over, a version that cannot be read is no finding, and
#   Windows nodes are left out. Kernels that leave swapped tmpfs on the disk are the
#   matter of kubelet-swap-tmpfs-safety.
# related_resources:
# - https://github.com/opencontainers/runc/issues/4427
# - https://github.com/containerd/containerd/pull/10838
# - https://git.kernel.org/linus/9dcc38e2813e0cd3b195940c98b181ce6ede8f20
# - https://kubernetes.io/docs/concepts/storage/volumes/#emptydir
# - https://kubernetes.io/docs/setup/production-environment/container-runtimes/
# schemas:
# - input.parameters:
#     type: object
#     properties:
#       levels:
#         description: The levels that the constraint returns. The rule has warn only.
#         type: array
#         items: {type: string, enum: [deny, warn]}
#         default: [deny, warn]
#       minContainerd:
#         description: The oldest containerd; "" is any.
#         type: string
#         pattern: ^([0-9]+\.[0-9]+(\.[0-9]+)?)?$
#         default: 1.7.0
#       minCrio:
#         description: The oldest CRI-O; "" is any.
#         type: string
#         pattern: ^([0-9]+\.[0-9]+(\.[0-9]+)?)?$
#         default: ""
#       minKernel:
#         description: The oldest kernel; "" is any. From 5.16 on a process may lock 8 MiB.
#         type: string
#         pattern: ^([0-9]+\.[0-9]+(\.[0-9]+)?)?$
#         default: "5.16"
#       exemptKernels:
#         description: Globs of kernel versions that may be older, because systemd 250 or later, or the unit of the runtime, lets processes lock more. RHEL 9 and its kin have kernel 5.14 and systemd 252.
#         type: array
#         items: {type: string}
#         default: ["*.el9*"]
#       minKubelet:
#         description: The oldest kubelet; "" is any. From 1.22 on memory-backed volumes have the size of their sizeLimit. A kubelet may be three minor versions older than the API server, which a Node does not tell.
#         type: string
#         pattern: ^([0-9]+\.[0-9]+(\.[0-9]+)?)?$
#         default: "1.22"
#       runcVersionLabel:
#         description: The label of Nodes that holds the version of runc, where the site sets one; "" is none.
#         type: string
#         default: ""
#       minRunc:
#         description: The oldest runc that such a label may name.
#         type: string
#         pattern: ^([0-9]+\.[0-9]+(\.[0-9]+)?)?$
#         default: 1.2.0
#       reportDocker:
#         description: Whether a Node that runs Docker is reported. Most of what runs there never notices.
#         type: boolean
#         default: false
# custom:
#   id: node-runtime-version
#   kind: MemgateNodeRuntimeVersion
#   severity: low
#   since: 0.1.0
#   remediation: Replace the nodes by ones from a newer image, or raise the limit that the finding names on them.
#   scope: audit
#   failure: |
#     Pods that start on new nodes fail on old ones. With runc 1.1.15 some containers with a small memory
#     limit did not start, because runc's own start-up was charged to them
#     ([runc#4427](https://github.com/opencontainers/runc/issues/4427)): the event says "container init was
#     OOM-killed (memory limit too low?)". containerd went back to the runc before it
#     ([containerd#10838](https://github.com/containerd/containerd/pull/10838)). With a kernel before 5.16,
#     and no systemd 250, mlock of more than 64 KiB fails with ENOMEM. A kubelet before 1.22 mounts a
#     memory-backed volume larger than its sizeLimit, and evicts the Pod that writes past it.
package policies.runtime.node_runtime_version

import data.lib.finding
import data.lib.parameter

# METADATA
# description: one violation for each program of a Node that is too old, and, if asked for, one for a Node that runs Docker
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	finding.audited
	object_.apiVersion == "v1"
	object_.kind == "Node"
	not _windows(object_)
	some program in _programs
	written := object.get(object_, program.path, "")
	startswith(written, program.prefix)
	text := _fault(program, written)
	found := {
		"level": "warn",
		"path": program.path,
		"facts": {},
		"msg": sprintf("%s %q %s", [program.title, written, text]),
	}
}

# _programs are what a Node reports versions of, each {title, path, prefix}, and, where
# the version matters, {least, exempt, effect, advice}.
_programs := [
	{
		"title": "container runtime",
		"path": ["status", "nodeInfo", "containerRuntimeVersion"],
		"prefix": "containerd://",
		"least": parameter.get("minContainerd", "1.7.0"),
		"effect": _charged,
		"advice": "upgrade containerd and, with it, runc",
	},
	{
		"title": "container runtime",
		"path": ["status", "nodeInfo", "containerRuntimeVersion"],
		"prefix": "cri-o://",
		"least": parameter.get("minCrio", ""),
		"effect": _charged,
		"advice": "upgrade CRI-O and, with it, runc or crun",
	},
	{
		"title": "container runtime",
		"path": ["status", "nodeInfo", "containerRuntimeVersion"],
		"prefix": "docker://",
	},
	{
		"title": "kernel",
		"path": ["status", "nodeInfo", "kernelVersion"],
		"prefix": "",
		"least": parameter.get("minKernel", "5.16"),
		"exempt": parameter.get("exemptKernels", ["*.el9*"]),
		"effect": "containers may lock no more than 64 KiB of memory without IPC_LOCK, and mlock fails with ENOMEM, unless systemd 250 or the unit of the runtime allows more",
		"advice": "upgrade the node, or set LimitMEMLOCK of the runtime's unit and add the kernel to exemptKernels",
	},
	{
		"title": "kubelet",
		"path": ["status", "nodeInfo", "kubeletVersion"],
		"prefix": "",
		"least": parameter.get("minKubelet", "1.22"),
		"effect": "a memory-backed volume is mounted larger than its sizeLimit, and what writes past that is evicted later in place of ENOSPC at once",
		"advice": "upgrade the node",
	},
	{
		"title": "runc",
		"path": ["metadata", "labels", parameter.get("runcVersionLabel", "")],
		"prefix": "",
		"least": parameter.get("minRunc", "1.2.0"),
		"effect": _charged,
		"advice": "upgrade runc",
	},
]

_charged := "runc's start-up may count against the container, and one with a small memory limit fails with \"container init was OOM-killed\""

# _fault is what is wrong with a program; undefined if nothing is, or if its version or
# the least one cannot be read.
_fault(program, written) := sprintf("is older than %s, so %s; %s", [program.least, program.effect, program.advice]) if {
	_version(trim_prefix(written, program.prefix)) < _version(program.least)
	not _exempt(program, written)
} else := "is Docker, by dockershim (gone since Kubernetes 1.24) or cri-dockerd, where a non-root binary with the file capability IPC_LOCK does not get it under allowPrivilegeEscalation: false, so mlock fails with ENOMEM; move the node to containerd or CRI-O" if {
	program.prefix == "docker://"
	parameter.get("reportDocker", false) == true
}

_exempt(program, written) if {
	some pattern in program.exempt
	glob.match(pattern, null, written)
}

# _version is the numbers that a text begins with; a missing third one is 0.
_version(text) := [number |
	some digits in [match[1], match[2], match[3]]
	number := _number(digits)
] if {
	match := regex.find_all_string_submatch_n(`^v?0*([0-9]{1,9})\.0*([0-9]{1,9})(?:\.0*([0-9]{1,9}))?`, text, 1)[0]
}

_number("") := 0

_number(digits) := to_number(digits) if digits != ""

_windows(object_) if object_.status.nodeInfo.operatingSystem == "windows"
