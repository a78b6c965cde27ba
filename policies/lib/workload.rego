# METADATA
# description: |
#   Where the pod specs of an object are, and their containers. Paths are arrays of
#   keys and indices from the root of the object.
package lib.workload

import data.lib.parameter

# pods are the pod specs of an object, each {path, template, spec}: path leads to
# spec, template is the object that holds metadata and spec (the Pod itself, or a
# pod template). Windows Pods have neither tmpfs nor cgroups and are left out.
pods(object_) := [pod |
	path := _template_paths[_group(object_)][object_.kind]
	template := object.get(object_, path, {})
	is_object(template.spec)
	not _windows(template.spec)
	pod := {"path": array.concat(path, ["spec"]), "template": template, "spec": template.spec}
]

# containers are all containers of a pod in the order of start: init containers
# and sidecars, containers, ephemeral containers. Each is {kind, name, title, path,
# spec}; kind is container, init, sidecar or ephemeral, and title is how messages
# call it.
containers(pod) := [container |
	some field in ["initContainers", "containers", "ephemeralContainers"]
	some index, spec in pod.spec[field]
	is_object(spec)
	kind := _kind(field, spec)
	name := _name(spec)
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

_template_paths := {
	"": {
		"Pod": [],
		"PodTemplate": ["template"],
		"ReplicationController": ["spec", "template"],
	},
	"apps": _apps,
	"extensions": _apps,
	"batch": {
		"Job": ["spec", "template"],
		"CronJob": ["spec", "jobTemplate", "spec", "template"],
	},
}

_apps := {
	"Deployment": ["spec", "template"],
	"StatefulSet": ["spec", "template"],
	"DaemonSet": ["spec", "template"],
	"ReplicaSet": ["spec", "template"],
}

_group(object_) := split(object_.apiVersion, "/")[0] if {
	contains(object_.apiVersion, "/")
} else := ""

_windows(spec) if spec.os.name == "windows"

_windows(spec) if spec.nodeSelector["kubernetes.io/os"] == "windows"

_name(spec) := spec.name if {
	is_string(spec.name)
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
