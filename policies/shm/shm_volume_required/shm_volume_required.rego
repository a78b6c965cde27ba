# METADATA
# title: Programs that need a large /dev/shm get one
# description: |
#   A container runtime mounts a /dev/shm of 64 MiB, once for all containers of a Pod.
#   Databases, browsers and GPU libraries that keep segments there fail when it is
#   full, mostly under load. Only an emptyDir of medium Memory at /dev/shm enlarges
#   it. A Pod template that carries the label of parameter optInLabel asks for such a
#   volume itself, and is denied without one.
# related_resources:
# - https://kubernetes.io/docs/concepts/storage/volumes/#emptydir
# - https://github.com/kubernetes/kubernetes/issues/28272
# - https://github.com/containerd/containerd/discussions/8568
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
#       honourShmSizeAnnotation:
#         description: Whether Pods with the annotation io.kubernetes.cri-o.ShmSize are left out. Turn it on where the handlers of CRI-O allow that annotation; elsewhere it does nothing, and anybody can write it.
#         type: boolean
#         default: false
#       optInLabel:
#         description: A label of the Pod template that raises the level to deny and asks for the volume whatever the containers run. The values "disabled" and "false" do not.
#         type: string
#         default: memory-policy/shm
#       profiles:
#         description: Programs that need a large /dev/shm, beside those of policies/profiles.yaml. One with the name of a built-in profile replaces it.
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
#   id: shm-volume-required
#   kind: MemgateShmVolumeRequired
#   severity: medium
#   since: 0.1.0
#   failure: |
#     The program starts and passes its probes, because an idle one needs little. Under
#     load its allocations in /dev/shm get ENOSPC: PostgreSQL cancels queries with
#     "could not resize shared memory segment ... No space left on device", Chrome loses
#     tabs, and what maps a segment that cannot be backed dies of SIGBUS, which PyTorch
#     reports as "Bus error". `df /dev/shm` in the container shows 64M, whatever its memory
#     limit is. Kubernetes has no field for it but the volume
#     ([kubernetes#28272](https://github.com/kubernetes/kubernetes/issues/28272),
#     [postgres#416](https://github.com/docker-library/postgres/issues/416)).
#   remediation: Mount an emptyDir with medium Memory at /dev/shm, with a sizeLimit of at most half of the container's memory limit.
#   requiresSyncData: [[{groups: [""], versions: [v1], kinds: [LimitRange]}]]
#   withoutData: A container that has its memory limit from a LimitRange only is taken to have none. That concerns workload templates; Pods carry it when they are admitted.
package policies.shm.shm_volume_required

import data.lib.finding
import data.lib.memory
import data.lib.parameter
import data.lib.profile
import data.lib.quantity
import data.lib.shm_profiles
import data.lib.volume
import data.lib.workload

# METADATA
# description: one violation for each container that needs a larger /dev/shm and mounts none
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some pod in workload.pods(object_)
	not _enlarged(pod)
	mounting := _mounting(pod)
	needing := _needing(pod, mounting)
	some found in (needing | _promised(pod, mounting, needing))
}

# _enlarged holds for a pod whose /dev/shm is not the runtime's: hostIPC brings that of
# the node, CRI-O may size it by an annotation, and a virtual machine has its own.
_enlarged(pod) if pod.spec.hostIPC == true

_enlarged(pod) if {
	parameter.get("honourShmSizeAnnotation", false)
	is_string(pod.template.metadata.annotations["io.kubernetes.cri-o.ShmSize"])
}

_enlarged(pod) if workload.in_vm(pod)

# _mounting are the paths of the containers that mount something at /dev/shm; what it
# is, is another rule's finding.
_mounting(pod) := {path |
	some mount in volume.mounts(pod)
	mount.container.kind in _kinds
	mount.mountPath in {"/dev/shm", "/dev"}
	path := mount.container.path
}

# Init containers run to completion before the program starts.
_kinds := {"container", "sidecar"}

_needing(pod, mounting) := {found |
	some container in workload.containers(pod)
	container.kind in _kinds
	not container.path in mounting
	known := _profile(container)
	need := _need(known)
	found := {
		"level": _level(pod),
		"path": array.concat(container.path, ["volumeMounts"]),
		"facts": object.union({"neededBytes": need}, _limit_fact(pod, container)),
		"msg": sprintf(
			"%s: %s gets the runtime's /dev/shm of 64Mi, which the whole pod shares, and %s; mount an emptyDir with medium Memory at /dev/shm, %s",
			[container.title, known.name, known.fault, _advice(pod, container, need)],
		),
	}
}

# _promised is the finding of a pod that has the label but mounts no /dev/shm, where
# no container is known to need one.
_promised(pod, mounting, needing) := {found |
	count(mounting) == 0
	count(needing) == 0
	found := {
		"level": "deny",
		"path": array.concat(array.slice(pod.path, 0, count(pod.path) - 1), ["metadata", "labels", _label]),
		"facts": {},
		"msg": sprintf(
			"label %s: %q asks for a large /dev/shm, but no container mounts one and all share the runtime's 64Mi; mount an emptyDir with medium Memory and a sizeLimit at /dev/shm, or remove the label",
			[_label, _opted_in(pod)],
		),
	}
}

_level(pod) := "deny" if {
	_opted_in(pod)
} else := "warn"

# _opted_in is the value of the label; undefined for a pod that does not opt in.
_opted_in(pod) := value if {
	value := pod.template.metadata.labels[_label]
	is_string(value)
	not value in {"disabled", "false"}
}

_label := parameter.get("optInLabel", "memory-policy/shm")

# _need is the size to ask for. Where a profile names none it is twice the 64Mi.
_need(known) := size if {
	size := quantity.bytes(known.minSize)
	size > 0
} else := 134217728

_limit_fact(pod, container) := {"limitBytes": bytes} if {
	bytes := memory.limit(pod, container)
} else := {}

# _advice is the sizeLimit to write: what the program needs, and at most half of the
# memory limit of the container, because the pages are charged to it.
_advice(pod, container, need) := sprintf("sizeLimit %s to %s, half of the container's memory limit", [quantity.format(need), quantity.format(half)]) if {
	half := quantity.mebibytes(floor(memory.limit(pod, container) / 2))
	half > need
} else := sprintf("sizeLimit %s, and raise the container's memory limit from %s to at least %s, because the volume is charged to it", [quantity.format(need), memory.written(pod, container), quantity.format(need * 2)]) if {
	memory.limit(pod, container) < need * 2
} else := sprintf("sizeLimit %s, and set the container's memory limit to at least %s, because the volume is charged to it", [quantity.format(need), quantity.format(need * 2)]) if {
	memory.unlimited(pod, container)
} else := sprintf("sizeLimit %s", [quantity.format(need)])

# _profile is the first profile that a container matches.
_profile(container) := object.union(_unsaid, profile.matching(_profiles, container)[0])

_unsaid := {"name": "its program", "fault": "fails with ENOSPC or SIGBUS when that is full"}

_profiles := profile.all(shm_profiles.rows)
