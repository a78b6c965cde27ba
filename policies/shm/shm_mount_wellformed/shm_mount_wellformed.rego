# METADATA
# title: /dev/shm is a tmpfs of the Pod
# description: |
#   The API server takes any text as the medium of an emptyDir; with one that the
#   kubelet does not know, the Pod hangs in ContainerCreating. At /dev/shm, a directory
#   of the node (a hostPath, or hostIPC) is shared by Pods, has no size of its own and
#   keeps their files; a claim, or an emptyDir without a medium, keeps shared memory on
#   disk, and a volume that has nothing but a name is such an emptyDir. What belongs there
#   is an emptyDir with medium Memory. Unlike the runtime's /dev/shm it has mode 0777
#   without the sticky bit, and no noexec.
# related_resources:
# - https://kubernetes.io/docs/concepts/storage/volumes/#emptydir
# - https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline
# - https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/volume/emptydir/empty_dir.go
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
#       allowHostIPC:
#         description: Whether hostIPC may give a program the /dev/shm of the node.
#         type: boolean
#         default: false
#       allowedShmHostPaths:
#         description: Directories of the node that may be mounted at /dev/shm. NVIDIA MPS has one, and CUDA IPC between Pods needs /dev/shm itself.
#         type: array
#         items: {type: string}
#         default: [/run/nvidia/mps/shm]
#       sharedMemoryImages:
#         description: Globs of images, whatever their registry, of programs that keep shared memory in /dev/shm. Of the Pods with hostIPC only theirs are reported.
#         type: array
#         items: {type: string}
#         default: [postgres, "postgresql*", postgis, "timescaledb*", "spilo*", oracle/database, "selenium/node-*", "selenium/standalone-*", pytorch, "vllm*", "sglang*", tritonserver]
#       vmRuntimeClasses:
#         description: Globs of runtime classes whose Pods run in a virtual machine or a user-space kernel, which has a /dev/shm of its own; of them only an unknown medium is reported.
#         type: array
#         items: {type: string}
#         default: ["kata*", gvisor]
# custom:
#   id: shm-mount-wellformed
#   kind: MemgateShmMountWellformed
#   severity: high
#   since: 0.1.0
#   remediation: Mount an emptyDir with medium Memory and a sizeLimit at /dev/shm, for writing, without subPath, once in each container.
#   failure: |
#     With a medium that the kubelet does not know, such as `memory`, the Pod stays in ContainerCreating:
#     `unknown storage medium "memory"`. On a directory of the node, segments of Pods that crashed stay
#     behind until it is full, and then all programs of the node fail that share it, with "No space left on
#     device" or SIGBUS; on a disk every page of shared memory is written back, and a database slows down
#     without an error. Both are workarounds from the time when no size could be given, collected in
#     [kubernetes#28272](https://github.com/kubernetes/kubernetes/issues/28272).
package policies.shm.shm_mount_wellformed

import data.lib.finding
import data.lib.image
import data.lib.parameter
import data.lib.volume
import data.lib.workload

# METADATA
# description: one violation for each unknown medium, and for each thing at /dev/shm that should not be there
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some pod in workload.pods(object_)
	some fault in (_media(pod) | _at_shm(object_, pod))
	found := object.union(fault, {"facts": {}})
}

_media(pod) := {fault |
	some index, entry in pod.spec.volumes
	medium := entry.emptyDir.medium
	not medium in {"", "Memory", "HugePages"}
	not startswith(medium, "HugePages-")
	mounts := [mount | some mount in volume.mounts(pod); mount.volume == entry.name]
	effect := _hangs[count(mounts) > 0]
	fault := {
		"level": effect.level,
		"path": array.concat(pod.path, ["volumes", index, "emptyDir", "medium"]),
		"msg": sprintf("volume %q: the kubelet knows no medium %q, so %s; write %s", [_name(entry), medium, effect.text, _meant(lower(medium))]),
	}
}

# The kubelet sets up no volume that no container mounts.
_hangs := {
	true: {"level": "deny", "text": "it cannot set up the volume and the Pod stays in ContainerCreating"},
	false: {"level": "warn", "text": "the Pod will stay in ContainerCreating as soon as a container mounts the volume"},
}

_meant(medium) := "HugePages" if {
	startswith(medium, "hugepage")
} else := "Memory" if {
	medium in {"memory", "ram", "tmpfs"}
} else := "Memory for a tmpfs, or remove medium for a volume on disk"

_at_shm(object_, pod) := (_volumes(object_, pod, mounts) | _mounts(pod, mounts)) | _host_ipc(pod, mounts) if {
	not workload.in_vm(pod)
	mounts := [mount | some mount in volume.mounts(pod); mount.mountPath == "/dev/shm"]
} else := set()

_volumes(object_, pod, mounts) := {fault |
	some mount in mounts
	some source in array.concat(_entries(pod), _claims(object_))
	source.name == mount.volume
	fault := {
		"level": source.level,
		"path": source.path,
		"msg": sprintf("volume %q at /dev/shm is %s", [source.name, source.text]),
	}
}

# _entries are the volumes of a pod that do not belong at /dev/shm: {name, level, path,
# text}.
_entries(pod) := [entry |
	some index, written in pod.spec.volumes
	source := _source(pod, written)
	path := array.concat(pod.path, array.concat(["volumes", index], source.field))
	entry := {"name": _name(written), "level": source.level, "path": path, "text": source.text}
]

_source(pod, entry) := {
	"level": "deny",
	"field": ["hostPath", "path"],
	"text": sprintf("the directory %s of the node: Pods that mount it see each other's segments, no sizeLimit bounds them and they stay when the Pod is gone; %s", [directory, _instead]),
} if {
	directory := entry.hostPath.path
	is_string(directory)
	allowed := {path | some written in parameter.get("allowedShmHostPaths", ["/run/nvidia/mps/shm"]); path := volume.clean(written)}
	not volume.clean(directory) in allowed
} else := {
	"level": "warn",
	"field": ["emptyDir", "medium"],
	"text": "an emptyDir on disk, so shared memory is written back to the disk of the node and counts as ephemeral storage; set emptyDir.medium to Memory, and a sizeLimit",
} if {
	_on_disk(pod, entry)
} else := {
	"level": "warn",
	"field": [field],
	"text": _claim,
} if {
	field := [name | some name in ["persistentVolumeClaim", "ephemeral"]; is_object(entry[name])][0]
}

_on_disk(_, entry) if {
	object.get(entry.emptyDir, "medium", null) in {null, ""}
}

# The API server takes a volume of nothing for an emptyDir. In a file it may be a part of
# a Pod only, whose containers have no image then: a patch, or what a test expects.
_on_disk(pod, entry) if {
	sources := [key | some key, value in entry; key != "name"; value != null]
	count(sources) == 0
	_written(pod, entry)
}

_written(_, entry) if entry.emptyDir == null

_written(pod, _) if {
	every container in workload.containers(pod) {
		is_string(container.spec.image)
		container.spec.image != ""
	}
}

# The claims of a StatefulSet are volumes of its pods, called by their names.
_claims(object_) := [source |
	object_.kind == "StatefulSet"
	some index, claim in object_.spec.volumeClaimTemplates
	source := {
		"name": _name(claim.metadata),
		"level": "warn",
		"path": ["spec", "volumeClaimTemplates", index],
		"text": _claim,
	}
]

_claim := sprintf("a claim, so shared memory is written back to persistent storage and outlives the Pod; %s", [_instead])

_instead := "use an emptyDir with medium Memory and a sizeLimit (its mode is 0777, without noexec)"

_mounts(pod, mounts) := {fault |
	some index, mount in mounts
	some reasons in [_read_only(pod, mount), _part(pod, mount), _hidden(mounts, index)]
	some reason in reasons
	fault := {
		"level": "warn",
		"path": array.concat(mount.path, [reason.field]),
		"msg": sprintf("%s: %s", [mount.container.title, reason.text]),
	}
}

# A container may read what another one writes.
_read_only(pod, mount) := {reason |
	_in_memory(pod, mount.volume)
	count(volume.writers(pod, mount.volume)) == 0
	reason := {
		"field": "readOnly",
		"text": sprintf("/dev/shm is mounted readOnly and no container writes to volume %q, so shm_open fails with EROFS; remove readOnly", [mount.volume]),
	}
}

# A part of a volume is as good as all of it, unless somebody uses the rest.
_part(pod, mount) := {reason |
	part := _sub_path(mount)
	part.path != ""
	_in_memory(pod, mount.volume)
	others := {title |
		some other in volume.mounts(pod)
		other.volume == mount.volume
		other.writable
		_sub_path(other).path != part.path
		title := other.container.title
	}
	count(others) > 0
	reason := {
		"field": part.field,
		"text": sprintf(
			"/dev/shm is %s %q of volume %q, and what %s writes to the rest of it leaves less for shared memory (ENOSPC); give /dev/shm a volume of its own",
			[part.field, part.path, mount.volume, concat(", ", others)],
		),
	}
}

# _sub_path is the {field, path} of a mount; the path is "" for a whole volume.
_sub_path(mount) := parts[0] if {
	entry := mount.container.spec.volumeMounts[mount.path[count(mount.path) - 1]]
	parts := [part |
		some field in ["subPath", "subPathExpr"]
		path := entry[field]
		is_string(path)
		path != ""
		part := {"field": field, "path": path}
	]
} else := {"field": "", "path": ""}

# The API server compares mount paths as text: /dev/shm and /dev/shm/ are two.
_hidden(mounts, index) := {reason |
	mount := mounts[index]
	before := [other |
		some other in array.slice(mounts, 0, index)
		other.container.path == mount.container.path
	]
	reason := {
		"field": "mountPath",
		"text": sprintf("volume %q is mounted over volume %q at /dev/shm; remove one of the two mounts", [mount.volume, before[0].volume]),
	}
}

_in_memory(pod, name) if {
	some vol in volume.in_memory(pod)
	vol.name == name
}

# A pod has one hostIPC, so one container is enough to say it.
_host_ipc(pod, mounts) := {fault |
	pod.spec.hostIPC == true
	parameter.get("allowHostIPC", false) != true
	mounting := {path | some mount in mounts; path := mount.container.path}
	affected := [container |
		some container in workload.containers(pod)
		container.kind in {"container", "sidecar"}
		not container.path in mounting
		some pattern in _shared_memory_images
		image.matches(pattern, container.spec.image)
	]
	fault := {
		"level": "deny",
		"path": array.concat(pod.path, ["hostIPC"]),
		"msg": sprintf(
			"%s: hostIPC gives it the /dev/shm of the node: Pods with hostIPC see each other's segments, no sizeLimit bounds them and they stay when the Pod is gone; remove hostIPC and mount an emptyDir with medium Memory and a sizeLimit at /dev/shm",
			[affected[0].title],
		),
	}
}

_shared_memory_images := parameter.get("sharedMemoryImages", [
	"postgres", "postgresql*", "postgis", "timescaledb*", "spilo*", "oracle/database", "selenium/node-*",
	"selenium/standalone-*", "pytorch", "vllm*", "sglang*", "tritonserver",
])

_name(entry) := entry.name if {
	is_string(entry.name)
} else := ""
