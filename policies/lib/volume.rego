# METADATA
# title: follows volumes to their mounts
# description: |
#   Volumes of a pod and where its containers mount them.
package lib.volume

import data.lib.workload

# in_memory are the emptyDir volumes on tmpfs, each {name, path, emptyDir}. The API
# compares the medium by case.
in_memory(pod) := [volume |
	some index, entry in pod.spec.volumes
	entry.emptyDir.medium == "Memory"
	volume := {
		"name": _string(entry, "name"),
		"path": array.concat(pod.path, ["volumes", index]),
		"emptyDir": entry.emptyDir,
	}
]

# mounts are all mounts of a pod, each {container, volume, mountPath, writable, path};
# mountPath is cleaned.
mounts(pod) := [mount |
	some container in workload.containers(pod)
	some index, entry in container.spec.volumeMounts
	is_object(entry)
	mount := {
		"container": container,
		"volume": _string(entry, "name"),
		"mountPath": clean(_string(entry, "mountPath")),
		"writable": object.get(entry, "readOnly", false) != true,
		"path": array.concat(container.path, ["volumeMounts", index]),
	}
]

# writers are the containers of a pod that mount the volume called name for writing.
writers(pod, name) := [container |
	some container in workload.containers(pod)
	_writes(container.spec, name)
]

_writes(spec, name) if {
	some mount in spec.volumeMounts
	mount.name == name
	object.get(mount, "readOnly", false) != true
}

# clean is a mount path without doubled or trailing slashes: /dev/shm/ is /dev/shm.
clean(path) := concat("/", array.concat([""], [part | some part in split(path, "/"); not part in {"", "."}]))

_string(entry, key) := entry[key] if {
	is_string(entry[key])
} else := ""
