# METADATA
# title: A volume at /dev/shm is as large as its program needs
# description: |
#   A memory-backed emptyDir at /dev/shm replaces the 64 MiB of the container runtime, for
#   better or worse: its size is its sizeLimit, or the memory limit of the Pod where that
#   is less. Where it is below what a known program needs, that fails as without a volume.
#   A volume without a sizeLimit is the finding of memory-emptydir-sizelimit-required.
# related_resources:
# - https://kubernetes.io/docs/concepts/storage/volumes/#emptydir
# - https://github.com/kubernetes/kubernetes/issues/28272
# - https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/volume/emptydir/empty_dir.go
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
#       profiles:
#         description: Programs that need a large /dev/shm, beside those of policies/profiles.yaml. One with the name of a built-in profile replaces it; one without minSize is not judged.
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
#             args:
#               description: A regular expression that finds the need in command and args, joined by blanks.
#               type: string
#             env:
#               description: Names of environment variables, any of which shows the need as well. Without args and env the image is enough.
#               type: array
#               items: {type: string}
#             minSize:
#               description: The size that /dev/shm should have at least, as a quantity.
#               type: string
#         default: []
#       vmRuntimeClasses:
#         description: Globs of runtime classes whose Pods run in a virtual machine or a user-space kernel; they are not judged.
#         type: array
#         items: {type: string}
#         default: ["kata*", gvisor]
# custom:
#   id: shm-min-size
#   kind: MemgateShmMinSize
#   severity: low
#   since: 0.1.0
#   failure: |
#     The volume is there, so nobody looks for the fault in it. Once it is full the program
#     gets ENOSPC as it would from the 64 MiB of the runtime: PostgreSQL cancels a query with
#     "could not resize shared memory segment ... No space left on device"
#     ([postgres#416](https://github.com/docker-library/postgres/issues/416)), and what has
#     mapped more than there is dies of SIGBUS, which PyTorch reports as "Bus error". A
#     sizeLimit above the memory limit of the Pod does not help: the kubelet mounts the
#     smaller of the two.
#   remediation: Raise emptyDir.sizeLimit to what the program needs, and the memory limit of the container to twice as much.
#   requiresSyncData: [[{groups: [""], versions: [v1], kinds: [LimitRange]}]]
#   withoutData: A container that has its memory limit from a LimitRange only is taken to have none. That concerns workload templates; Pods carry it when they are admitted.
package policies.shm.shm_min_size

import data.lib.finding
import data.lib.memory
import data.lib.profile
import data.lib.quantity
import data.lib.shm_profiles
import data.lib.volume
import data.lib.workload

# METADATA
# description: one violation for each container whose memory-backed /dev/shm is too small for its program
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some pod in workload.pods(object_)
	not workload.in_vm(pod)
	some mounted in _mounted(pod)
	known := profile.matching(_profiles, mounted.container)[0]
	need := quantity.bytes(known.minSize)
	size := _size(pod, mounted.volume)
	size.bytes < need
	found := {
		"level": "warn",
		"path": array.concat(mounted.volume.path, ["emptyDir", "sizeLimit"]),
		"facts": object.union({"sizeBytes": size.bytes, "neededBytes": need}, _limit_fact(pod, mounted.container)),
		"msg": sprintf("%s: %s gets a /dev/shm of %s from volume %q%s but needs %s, and %s; %s", [
			mounted.container.title,
			object.get(known, "name", "its program"),
			size.text,
			mounted.volume.name,
			size.cut,
			quantity.format(need),
			object.get(known, "fault", "fails with ENOSPC or SIGBUS when that is full"),
			_advice(pod, mounted, need),
		]),
	}
}

# _mounted are the containers that mount a memory-backed volume at /dev/shm, each with
# that volume. Init containers run to completion before the program starts.
_mounted(pod) := [mounted |
	some mount in volume.mounts(pod)
	mount.mountPath == "/dev/shm"
	mount.container.kind in {"container", "sidecar"}
	some vol in volume.in_memory(pod)
	vol.name == mount.volume
	mounted := {"container": mount.container, "volume": vol}
]

# _size is the size of a volume: {bytes, text, cut}. It is undefined without a sizeLimit.
_size(pod, vol) := {"bytes": bound, "text": quantity.format(bound), "cut": sprintf(", whose sizeLimit %s is cut to the memory limit of the pod,", [quantity.text(vol.emptyDir.sizeLimit)])} if {
	bound := memory.bound(pod)
	quantity.bytes(vol.emptyDir.sizeLimit) > bound
} else := {"bytes": bytes, "text": quantity.text(vol.emptyDir.sizeLimit), "cut": ""} if {
	bytes := quantity.bytes(vol.emptyDir.sizeLimit)
	bytes > 0
}

# _advice is what to raise. What the volume holds is charged to the container, which
# needs as much again.
_advice(pod, mounted, need) := sprintf("raise sizeLimit to %s, and the container's memory limit from %s to at least %s", [quantity.format(need), memory.written(pod, mounted.container), quantity.format(need * 2)]) if {
	quantity.bytes(mounted.volume.emptyDir.sizeLimit) < need
	memory.limit(pod, mounted.container) < need * 2
} else := sprintf("raise sizeLimit to %s", [quantity.format(need)]) if {
	quantity.bytes(mounted.volume.emptyDir.sizeLimit) < need
} else := sprintf("raise the memory limit to at least %s", [quantity.format(need * 2)])

_limit_fact(pod, container) := {"limitBytes": bytes} if {
	bytes := memory.limit(pod, container)
} else := {}

_profiles := profile.all(shm_profiles.rows)
