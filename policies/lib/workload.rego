# METADATA
# title: finds Pods in ten kinds and in custom resources
# description: |
#   Where the pod specs of an object are, and their containers. Paths are arrays of
#   keys and indices from the root of the object.
package lib.workload

import data.lib.parameter

# pods are the pod specs of an object, each {path, template, spec, namespace}: path leads
# to spec, template is the object that holds metadata and spec (the Pod itself, or a
# pod template), namespace is "" where the object names none. Parameter extraPodSpecPaths
# says where custom resources embed them. Windows Pods have neither tmpfs nor cgroups and
# are left out.
pods(object_) := array.concat(built_in(object_), [pod |
	some path in _extra_paths(object_)
	pod := _pod(object_, path, _template(object_, path), object.get(object_, path, null))
])

# built_in are the pod specs of the kinds that Kubernetes has itself.
built_in(object_) := [pod |
	path := _template_paths[sprintf("%s/%s", [_group(object_), object_.kind])]
	template := object.get(object_, path, {})
	pod := _pod(object_, array.concat(path, ["spec"]), template, template.spec)
]

_pod(object_, path, template, spec) := {
	"path": path,
	"template": template,
	"spec": spec,
	"namespace": _text(object.get(object_, ["metadata", "namespace"], "")),
} if {
	is_object(spec)
	not _windows(spec)
}

# A custom resource may have a pod spec without metadata, called as it likes.
_template(object_, path) := object.get(object_, array.slice(path, 0, count(path) - 1), {}) if {
	path[count(path) - 1] == "spec"
} else := {}

# _extra_paths are the paths that the parameter has for a kind, with what its stars
# stand for.
_extra_paths(object_) := {path |
	some entry in parameter.get("extraPodSpecPaths", [])
	entry.group == _group(object_)
	entry.kind == object_.kind
	walk(object_, [path, spec])
	is_object(spec)
	count(path) == count(entry.path)
	every i, key in path {
		entry.path[i] in {"*", key}
	}
}

# containers are all containers of a pod in the order of start: init containers
# and sidecars, containers, ephemeral containers. Each is {kind, name, title, path,
# spec}; kind is container, init, sidecar or ephemeral, and title is how messages
# call it.
containers(pod) := [container |
	some field in ["initContainers", "containers", "ephemeralContainers"]
	some index, spec in pod.spec[field]
	is_object(spec)
	kind := _kind(field, spec)
	name := _text(object.get(spec, "name", ""))
	container := {
		"kind": kind,
		"name": name,
		"title": sprintf("%s %q", [_titles[kind], name]),
		"path": array.concat(pod.path, [field, index]),
		"spec": spec,
	}
]

# in_vm holds for a pod whose runtime is a virtual machine or a user-space kernel:
# what it uses is accounted inside the guest. Parameter vmRuntimeClasses has the
# globs of their names.
in_vm(pod) if {
	some pattern in parameter.get("vmRuntimeClasses", ["kata*", "gvisor"])
	glob.match(pattern, null, pod.spec.runtimeClassName)
}

# By group and kind. Without references to other rules this is a constant, which OPA
# does not put together anew in every review.
_template_paths := {
	"/Pod": [],
	"/PodTemplate": ["template"],
	"/ReplicationController": ["spec", "template"],
	"apps/DaemonSet": ["spec", "template"],
	"apps/Deployment": ["spec", "template"],
	"apps/ReplicaSet": ["spec", "template"],
	"apps/StatefulSet": ["spec", "template"],
	"batch/CronJob": ["spec", "jobTemplate", "spec", "template"],
	"batch/Job": ["spec", "template"],
	"extensions/DaemonSet": ["spec", "template"],
	"extensions/Deployment": ["spec", "template"],
	"extensions/ReplicaSet": ["spec", "template"],
	"extensions/StatefulSet": ["spec", "template"],
}

_group(object_) := split(object_.apiVersion, "/")[0] if {
	contains(object_.apiVersion, "/")
} else := ""

_windows(spec) if spec.os.name == "windows"

_windows(spec) if spec.nodeSelector["kubernetes.io/os"] == "windows"

_text(value) := value if {
	is_string(value)
} else := ""

_kind("containers", _) := "container"

_kind("ephemeralContainers", _) := "ephemeral"

_kind("initContainers", spec) := "sidecar" if {
	spec.restartPolicy == "Always"
} else := "init"

_titles := {
	"container": "container",
	"init": "init container",
	"sidecar": "sidecar",
	"ephemeral": "ephemeral container",
}
