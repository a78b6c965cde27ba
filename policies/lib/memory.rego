# METADATA
# title: works out the limits that hold at run time
# description: |
#   The memory limits that hold at run time: of a container, and of the cgroup of the
#   whole Pod (kubernetes v1.37 pkg/kubelet/cm/helpers_linux.go ResourceConfigForPod,
#   component-helpers/resource/helpers.go PodLimits).
package lib.memory

import data.lib.quantity
import data.lib.workload

# limit is the effective memory limit of a container in bytes: its own, else that of
# its pod, else the one that a LimitRange of its namespace gives it, which has to be
# among the reference data. It is undefined where there is none, or where it is no
# quantity above zero.
limit(_, container) := _bytes(container.spec)

limit(pod, container) := _bytes(pod.spec) if _absent(container.spec)

limit(pod, container) := min(_defaults(pod, container)) if _absent(pod.spec)

# written is the effective memory limit as its author wrote it.
written(pod, container) := quantity.text(container.spec.resources.limits.memory) if {
	not _absent(container.spec)
} else := quantity.text(pod.spec.resources.limits.memory) if {
	_absent(container.spec)
	not _absent(pod.spec)
} else := quantity.format(min(_defaults(pod, container)))

# unlimited holds for a container without an effective memory limit. A limit of 0 is
# none; one that is no quantity is not known to be one, and is another rule's finding.
unlimited(pod, container) if {
	_absent(container.spec)
	_absent(pod.spec)
	count(_defaults(pod, container)) == 0
}

# unbounded holds for a pod whose cgroup has no memory.max: without a limit of its
# own it needs one on every container, init containers included. Ephemeral containers
# cannot carry one and do not count.
unbounded(pod) if count(unlimited_containers(pod)) > 0

# unlimited_containers are the containers that leave a pod unbounded, in their order.
unlimited_containers(pod) := [container |
	some container in workload.containers(pod)
	container.kind != "ephemeral"
	unlimited(pod, container)
]

# bound is the memory.max of the pod's cgroup in bytes, its overhead included;
# undefined where there is none or where a limit in it is no quantity above zero.
bound(pod) := _bytes(pod.spec) + _overhead(pod)

bound(pod) := max(array.concat([running], starting)) + _overhead(pod) if {
	_absent(pod.spec)
	counted := [container | some container in workload.containers(pod); container.kind != "ephemeral"]
	limits := [bytes | some container in counted; bytes := limit(pod, container)]
	count(limits) == count(counted)
	count(counted) > 0
	running := sum([bytes |
		some i, container in counted
		container.kind != "init"
		bytes := limits[i]
	])

	# Only an init container can need more than what runs after it.
	starting := [peak |
		some i, bytes in limits
		sidecars := sum([other |
			some j, container in counted
			j < i
			container.kind == "sidecar"
			other := limits[j]
		])
		peak := bytes + sidecars
	]
}

# _defaults are the limits that the LimitRanges of a pod's namespace have for containers
# without one, in bytes. A maximum is the default as well, and 0 is no missing limit
# (kubernetes v1.37 pkg/apis/core/v1/defaults.go, plugin/pkg/admission/limitranger).
_defaults(pod, container) := [bytes |
	container.kind != "ephemeral"
	object.get(container.spec, ["resources", "limits", "memory"], null) == null
	some limit_range in data.inventory.namespace[pod.namespace].v1.LimitRange
	some item in limit_range.spec.limits
	item.type == "Container"
	bytes := quantity.bytes(object.get(item, ["default", "memory"], object.get(item, ["max", "memory"], null)))
	bytes > 0
]

_overhead(pod) := bytes if {
	bytes := quantity.bytes(pod.spec.overhead.memory)
} else := 0

_bytes(spec) := bytes if {
	bytes := quantity.bytes(spec.resources.limits.memory)
	bytes > 0
}

_absent(spec) if object.get(spec, ["resources", "limits", "memory"], null) == null

_absent(spec) if quantity.bytes(spec.resources.limits.memory) == 0
