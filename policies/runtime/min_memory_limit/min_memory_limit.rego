# METADATA
# title: Memory limits leave room for the container runtime
# description: |
#   The runtime's own init process runs inside the cgroup of the container that it
#   starts, and so does the one of every exec probe and lifecycle hook; the pause
#   process runs inside that of the Pod. Below some 12Mi runc does not get through it
#   and CRI-O refuses the container.
# related_resources:
# - https://github.com/opencontainers/runc/issues/4427
# - https://github.com/opencontainers/runc/issues/1980
# - https://github.com/cri-o/cri-o/issues/7694
# - https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/cm/helpers_linux.go
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
#       hardMin:
#         description: The limit below which no container starts reliably; one below it is denied.
#         type: string
#         default: 12Mi
#       softMin:
#         description: The limit below which a container may fail to start; one below it is a warning.
#         type: string
#         default: 20Mi
#       execHeadroom:
#         description: What a container with an exec probe or an exec hook needs beyond softMin, for the runtime's process that runs beside its own.
#         type: string
#         default: 12Mi
#       runtimeFloor:
#         description: Floors that replace all of the above for runtimes that need less, by runtimeClassName; "" is for Pods that name none.
#         type: object
#         additionalProperties: {type: string}
#         default: {}
#       vmRuntimeClasses:
#         description: Globs of runtime classes whose Pods run in a virtual machine or a user-space kernel; they are not judged.
#         type: array
#         items: {type: string}
#         default: ["kata*", gvisor]
# custom:
#   id: min-memory-limit
#   kind: MemgateMinMemoryLimit
#   severity: high
#   since: 0.1.0
#   remediation: Raise limits.memory to at least 20Mi, or 32Mi where an exec probe or an exec hook runs in the container.
#   failure: |
#     The runtime itself runs in the container's cgroup until it executes the program. With too small a limit
#     the Pod stays in CreateContainerError or RunContainerError: "container init was OOM-killed (memory limit
#     too low?)", or "unable to set memory limit to ... (current usage: ...)"; the same manifest starts on one node
#     and not on the next, because it is a race. An exec probe starts the runtime again each time, and kills a
#     container that was well. See [runc#4427](https://github.com/opencontainers/runc/issues/4427),
#     [runc#1980](https://github.com/opencontainers/runc/issues/1980) and
#     [cri-o#7694](https://github.com/cri-o/cri-o/issues/7694).
package policies.runtime.min_memory_limit

import data.lib.finding
import data.lib.parameter
import data.lib.quantity
import data.lib.workload

# METADATA
# description: one violation for each memory limit that the runtime's own processes do not fit in
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some pod in workload.pods(object_)
	not workload.in_vm(pod)
	some limit in _limits(pod)
	bytes := quantity.bytes(limit.value)
	bytes > 0
	floor_ := _floor(pod)
	fault := _fault(bytes, floor_, limit.executes)
	found := {
		"level": fault.level,
		"path": array.concat(limit.path, ["resources", "limits", "memory"]),
		"facts": {"limitBytes": bytes, "minimumBytes": fault.minimum},
		"msg": sprintf(
			"%s: memory limit %q is below %s, so %s; set at least %s",
			[limit.title, quantity.text(limit.value), quantity.format(fault.minimum), fault.text, quantity.format(_enough(floor_, limit.executes))],
		),
	}
}

# _limits are the memory limits that a pod writes, each {title, path, value, executes}:
# those of its containers and its own, which is that of the containers without one. The
# sum over the containers bounds the pod too, but it is no smaller than any of them.
_limits(pod) := array.concat(own, shared) if {
	own := [limit |
		some container in _containers(pod)
		limit := {
			"title": container.title,
			"path": container.path,
			"value": container.spec.resources.limits.memory,
			"executes": count(_execs(container)) > 0,
		}
	]
	shared := [limit |
		execs := [exec |
			some container in _containers(pod)
			not _limited(container)
			some exec in _execs(container)
		]
		limit := {
			"title": "pod",
			"path": pod.path,
			"value": pod.spec.resources.limits.memory,
			"executes": count(execs) > 0,
		}
	]
}

# Ephemeral containers cannot carry a limit.
_containers(pod) := [container |
	some container in workload.containers(pod)
	container.kind != "ephemeral"
]

_limited(container) if quantity.bytes(container.spec.resources.limits.memory) != 0

# _execs are the commands that the kubelet has executed in a container.
_execs(container) := [exec |
	some field in [
		["livenessProbe", "exec"],
		["readinessProbe", "exec"],
		["startupProbe", "exec"],
		["lifecycle", "postStart", "exec"],
		["lifecycle", "preStop", "exec"],
	]
	exec := object.get(container.spec, field, null)
	is_object(exec)
]

# _floor is what the runtime of a pod needs, {hard, soft, exec} in bytes.
_floor(pod) := {"hard": bytes, "soft": bytes, "exec": 0} if {
	class := _class(pod)
	bytes := quantity.bytes(parameter.get("runtimeFloor", {})[class])
} else := {
	"hard": quantity.bytes(parameter.get("hardMin", "12Mi")),
	"soft": quantity.bytes(parameter.get("softMin", "20Mi")),
	"exec": quantity.bytes(parameter.get("execHeadroom", "12Mi")),
}

_class(pod) := pod.spec.runtimeClassName if {
	is_string(pod.spec.runtimeClassName)
} else := ""

# _fault is why a limit is too small: {level, minimum, text}; undefined if it is not.
_fault(bytes, floor_, executes) := {
	"level": "deny",
	"minimum": floor_.hard,
	"text": `the runtime's own init process does not fit: CRI-O refuses it, runc reports "container init was OOM-killed (memory limit too low?)"`,
} if {
	bytes < floor_.hard
} else := {
	"level": "warn",
	"minimum": floor_.soft,
	"text": `the runtime's own init process, which runs in it first, may be OOM-killed: "container init was OOM-killed (memory limit too low?)"`,
} if {
	bytes < floor_.soft
} else := {
	"level": "warn",
	"minimum": floor_.soft + floor_.exec,
	"text": "the process that the runtime starts in it for each exec probe or hook may be OOM-killed beside the program",
} if {
	executes
	bytes < floor_.soft + floor_.exec
}

_enough(floor_, executes) := floor_.soft + floor_.exec if {
	executes
} else := floor_.soft
