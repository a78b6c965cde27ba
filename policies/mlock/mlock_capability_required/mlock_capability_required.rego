# METADATA
# title: A program that locks memory has IPC_LOCK
# description: |
#   The kernel lets a process lock as much memory as its memlock limit, which containers
#   inherit from the container runtime: 8 MiB, or 64 KiB on a kernel before 5.16. Past that
#   mlock fails without the capability IPC_LOCK, which no container has by default. It is
#   reported where the image is known to lock memory, or is told to in what the Pod shows:
#   a configuration in a ConfigMap or an image is not read. Whether IPC_LOCK that is there
#   takes effect is the finding of ipc-lock-effective. Cassandra, memcached, MySQL and Scylla
#   start all the same and can only be swapped out then: the parameter nodesSwap leaves them
#   out, and so does a memory request at the limit, with which the kubelet gives no swap.
# related_resources:
# - https://github.com/varnishcache/varnish-cache/issues/4193
# - https://github.com/elastic/elasticsearch/issues/75609
# - https://github.com/hashicorp/vault-helm/issues/447
# - https://github.com/NVIDIA/nvidia-container-toolkit/issues/2037
# - https://man7.org/linux/man-pages/man2/mlock.2.html
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
#       nodesHaveUnlimitedMemlock:
#         description: Whether the container runtime of all nodes runs with LimitMEMLOCK=infinity, so that nobody needs the capability. Then nothing is reported.
#         type: boolean
#         default: false
#       nodesSwap:
#         description: Whether nodes may swap. Without swap, programs that start without locked memory, and could only be swapped out, need no report.
#         type: boolean
#         default: true
#       profiles:
#         description: Programs that lock memory, beside those of policies/profiles.yaml. One with the name of a built-in profile replaces it; to leave that out, give an image that matches nothing, such as ^$.
#         type: array
#         items:
#           type: object
#           required: [name, image]
#           properties:
#             name:
#               description: What messages call the program.
#               type: string
#             image:
#               description: A regular expression that finds the image, without its tag and digest.
#               type: string
#             tags:
#               description: A regular expression that finds the tags of versions that lock memory.
#               type: string
#             sign:
#               description: A regular expression that finds, in command, args, NAME=value of the environment and resource=quantity, what makes it lock memory. Without it the image is enough.
#               type: string
#             level:
#               description: deny where the program does not start if it fails to lock memory, else warn.
#               type: string
#               enum: [deny, warn]
#             fault:
#               description: What happens if it fails, as in "exits with ENOMEM".
#               type: string
#             instead:
#               description: How to do without, as in "set lock to false".
#               type: string
#         default: []
#       vmRuntimeClasses:
#         description: Globs of runtime classes whose Pods run in a virtual machine or a user-space kernel; they are not judged.
#         type: array
#         items: {type: string}
#         default: ["kata*", gvisor]
# custom:
#   id: mlock-capability-required
#   kind: MemgateMlockCapabilityRequired
#   severity: medium
#   since: 0.1.0
#   failure: |
#     mlock fails with ENOMEM and the program decides what that means. Elasticsearch and
#     OpenSearch that bind to more than loopback stop with "memory locking requested for
#     elasticsearch process but memory is not locked"
#     ([elasticsearch#75609](https://github.com/elastic/elasticsearch/issues/75609)), and Vault
#     with "Error initializing core: Failed to lock memory: cannot allocate memory"
#     ([vault-helm#447](https://github.com/hashicorp/vault-helm/issues/447)): CrashLoopBackOff.
#     Varnish 7.6 starts with "Warning: mlock() of VSM failed"
#     ([varnish-cache#4193](https://github.com/varnishcache/varnish-cache/issues/4193)), and NCCL
#     falls back to TCP without a word
#     ([nvidia-container-toolkit#2037](https://github.com/NVIDIA/nvidia-container-toolkit/issues/2037)).
#   remediation: Turn the locking off where nodes do not swap, or add IPC_LOCK to securityContext.capabilities.add of the container, or raise LimitMEMLOCK of the container runtime.
package policies.mlock.mlock_capability_required

import data.lib.capability
import data.lib.finding
import data.lib.mlock_profiles
import data.lib.parameter
import data.lib.profile
import data.lib.quantity
import data.lib.volume
import data.lib.workload

# METADATA
# description: one violation for each container that locks memory without IPC_LOCK
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	parameter.get("nodesHaveUnlimitedMemlock", false) != true
	some pod in workload.pods(object_)
	not workload.in_vm(pod)
	some container in workload.containers(pod)
	container.kind in {"container", "sidecar"}
	not _may_lock(pod, container)
	known := profile.matching(_profiles(container), container)[0]
	volumes := _volumes(known, pod, container)
	not _resident(volumes)
	found := {
		"level": _level(known, container),
		"path": array.concat(container.path, array.concat(["securityContext", "capabilities"], _place(container))),
		"facts": {},
		"msg": sprintf("%s: %s locks memory, which without IPC_LOCK fails beyond the memlock limit of the node, 8Mi or less by default, and %s; %s", [
			container.title,
			object.get(known, "name", "its program"),
			_fault(known, container),
			concat(", or ", _fixes(known, pod, container, volumes)),
		]),
	}
}

_profiles(container) := profile.all([row |
	some row in mlock_profiles.rows
	_matters(row, container)
])

_matters(row, _) if not row.swapOnly

_matters(_, container) if {
	parameter.get("nodesSwap", true) == true
	not _pinned(container)
}

# The kubelet gives no swap to a container that requests its limit (kubernetes v1.37
# kuberuntime_container_linux.go GetContainerSwapBehavior), as one does that has a limit
# only.
_pinned(container) if {
	limit := container.spec.resources.limits.memory
	quantity.bytes(limit) > 0
	request := object.get(container.spec, ["resources", "requests", "memory"], null)
	quantity.bytes({true: limit, false: request}[request == null]) == quantity.bytes(limit)
}

# _fault is what happens without locked memory.
_fault(known, container) := sprintf("%s and may be swapped out where nodes swap", [known.fault]) if {
	_swapped(known, container)
} else := object.get(known, "fault", "fails or may be swapped out where nodes swap")

# The kubelet gives swap in proportion to the memory request, and so none without one.
_swapped(known, container) if {
	known.swapOnly
	quantity.bytes(container.spec.resources.requests.memory) > 0
}

# _may_lock holds for a container that has the capability, or asks for it: why it does not
# get it then is another rule's finding.
_may_lock(_, container) if capability.granted(container, "IPC_LOCK")

_may_lock(_, container) if {
	some entry in container.spec.securityContext.capabilities.add
	regex.match(`(?i)ipc.?lock`, entry)
}

# KEP-5758: the limit itself, in the security context.
_may_lock(pod, container) if {
	some spec in [container.spec, pod.spec]
	some limit in spec.securityContext.ulimits
	limit.name == "memlock"
}

# _volumes are the volumes that hold, in a container, what a program locks in files.
_volumes(known, pod, container) := [vol |
	directory := _directory(known, container)
	some mount in volume.mounts(pod)
	mount.container == container
	_holds(mount.mountPath, directory)
	some vol in pod.spec.volumes
	vol.name == mount.volume
]

# _directory is where those files are; undefined for a program without any.
_directory(known, container) := volume.clean(names[count(names) - 1]) if {
	known.residentPath
	words := concat(" ", [word | some field in ["command", "args"]; some word in container.spec[field]; is_string(word)])
	names := [match[1] | some match in regex.find_all_string_submatch_n(`(?:^|\s)(?:-n\s*|--?varnish-working-dir[=\s])(/\S+)`, words, -1)]
} else := known.residentPath

# By default they may be in a directory below that, called after the host.
_holds(mount, directory) if startswith(sprintf("%s/", [directory]), sprintf("%s/", [mount]))

_holds(mount, directory) if startswith(mount, sprintf("%s/", [directory]))

# What is on a tmpfs is in memory anyway.
_resident(volumes) if {
	some vol in volumes
	vol.emptyDir.medium == "Memory"
}

_level(known, container) := "deny" if {
	known.level == "deny"
	not _survives(known, container)
} else := "warn"

_survives(known, container) if profile.shows(container, known.warnIf)

_place(container) := ["drop", index] if {
	index := capability.indices(container, "drop", "IPC_LOCK")[0]
} else := ["add"]

_fixes(known, pod, container, volumes) := array.concat(array.concat(first, _added(known, pod, container)), array.concat(["raise LimitMEMLOCK of the container runtime"], last)) if {
	without := array.concat(
		[text | text := _instead(known, container, volumes)],
		["set requests.memory and limits.memory to one value, with which the kubelet gives it no swap" | _swapped(known, container)],
	)
	first := [text | known.binary; some text in without]
	last := [text | not known.binary; some text in without]
}

_instead(_, _, volumes) := sprintf("set medium Memory on volume %q, which then holds what it locks", [volumes[0].name]) if {
	is_object(volumes[0].emptyDir)
} else := sprintf("mount an emptyDir with medium Memory in place of volume %q, which then holds what it locks", [volumes[0].name])

_instead(known, container, []) := text if {
	text := replace(known.instead, known.residentPath, _directory(known, container))
} else := known.instead

# _added is how to have the capability take effect, if there is a way: another user than
# root has it from a file capability alone, which with allowPrivilegeEscalation false only
# the first program of a container gets.
_added(known, pod, container) := [] if {
	_wrapped(known, container)
	capability.rootless(pod, container)
} else := [sprintf("%s%s%s", [_add(container), _user(known, container), _namespace(pod)])]

_wrapped(known, container) if {
	container.spec.securityContext.allowPrivilegeEscalation == false
	not _direct(known, container)
}

_direct(known, container) if regex.replace(container.spec.command[0], "^.*/", "") == known.binary

_add(container) := "take IPC_LOCK out of capabilities.drop and add it" if {
	_place(container)[0] == "drop"
} else := "add IPC_LOCK to capabilities.add"

_user(known, container) := sprintf(", with cap_ipc_lock+ep on %s in the image unless it runs as root", [known.binary]) if {
	not _wrapped(known, container)
} else := " and run as root"

# In a user namespace the kernel does not honour the capability for mlock.
_namespace(pod) := ", without hostUsers: false" if {
	pod.spec.hostUsers == false
} else := ""
