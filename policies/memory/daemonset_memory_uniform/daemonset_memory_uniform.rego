# METADATA
# title: Copies of a DaemonSet have the same memory limits
# description: |
#   A DaemonSet is often copied for each pool of nodes, and a limit that was raised in
#   one copy after an OOM kill stays as it was in the others. Copies are DaemonSets of
#   one namespace whose containers have the same names and image repositories, and whose
#   nodeSelector or node affinity differ: what runs on the same nodes is another
#   product, or another team's. Reported are copies that have not the limit of most.
#   On an update they are not compared, because they change one after the other; audit
#   sees what stays. That there is a limit at all is the matter of
#   daemonset-memory-limit, and that the request equals it that of
#   memory-request-equals-limit.
# related_resources:
# - https://github.com/spegel-org/spegel/issues/718
# - https://github.com/spegel-org/spegel/pull/794
# - https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/
# schemas:
# - input.parameters:
#     type: object
#     properties:
#       levels:
#         description: The levels that the constraint returns. The rule has warn only.
#         type: array
#         items: {type: string, enum: [deny, warn]}
#         default: [deny, warn]
#       allowedLimits:
#         description: The memory limits that DaemonSets may have, by image, such as 128Mi and 256Mi for */spegel. A limit that is not set is not judged.
#         type: array
#         items:
#           type: object
#           required: [image, limits]
#           properties:
#             image:
#               description: A glob of the image, whatever its registry.
#               type: string
#             limits:
#               description: The limits, as quantities.
#               type: array
#               items: {type: string}
#         default: []
#       exemptImages:
#         description: Globs of images, whatever their registry, whose copies are not compared, because what they need grows with the node.
#         type: array
#         items: {type: string}
#         default: ["*/cilium*", "*/falco*", "*/tetragon*", datadoghq/agent, "gke.gcr.io/*"]
# custom:
#   id: daemonset-memory-uniform
#   kind: MemgateDaemonsetMemoryUniform
#   severity: low
#   since: 0.1.0
#   remediation: Give the container the same limits.memory in all copies of the DaemonSet, or add its image to exemptImages.
#   requiresSyncData:
#   - - groups: [apps]
#       versions: [v1]
#       kinds: [DaemonSet]
#   withoutData: Copies are not compared, and only allowedLimits is judged.
#   failure: |
#     The agent is fine on most nodes and OOM-killed (exit code 137) on those of one pool, where its copy kept
#     the old limit; or it holds several times the page cache on one pool that it holds elsewhere, and Pods
#     are evicted there alone. Spegel, whose page cache grew to gigabytes where nothing bounded it, settled on
#     one limit for all nodes ([spegel#718](https://github.com/spegel-org/spegel/issues/718),
#     [spegel#794](https://github.com/spegel-org/spegel/pull/794)).
package policies.memory.daemonset_memory_uniform

import data.lib.finding
import data.lib.image
import data.lib.parameter
import data.lib.quantity
import data.lib.workload

# METADATA
# description: one violation for each container of a DaemonSet whose memory limit is not that of its copies, and one where it is none of those allowed
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	object_.kind == "DaemonSet"
	some pod in workload.built_in(object_)
	some container in _containers(pod)
	limit := _limit(pod, container)
	some text in array.concat(_uneven(object_, pod, container, limit), _disallowed(container, limit))
	found := {
		"level": "warn",
		"path": limit.path,
		"facts": {"limitBytes": limit.bytes},
		"msg": sprintf("%s: memory limit %q %s", [container.title, limit.text, text]),
	}
}

_containers(pod) := [container |
	some container in workload.containers(pod)
	container.kind in {"container", "sidecar"}
]

# _limit is the effective memory limit of a container as it is written, {bytes, text,
# path}: its own, else that of its pod. It is undefined where there is none.
_limit(pod, container) := [limit |
	some holder in [container, pod]
	written := holder.spec.resources.limits.memory
	bytes := quantity.bytes(written)
	bytes > 0
	limit := {
		"bytes": bytes,
		"text": quantity.text(written),
		"path": array.concat(holder.path, ["resources", "limits", "memory"]),
	}
][0]

# _uneven is what is wrong with a limit among those of the copies; empty if most agree.
_uneven(object_, pod, container, limit) := [text |
	count(finding.previous) == 0
	_counted(object_)
	not _exempt(container)
	copies := _copies(object_, pod, container)
	others := [copy | some copy in copies; copy.limit.bytes != limit.bytes]

	# The copy itself agrees with its limit, too.
	2 * count(others) > count(copies)
	names := {name | some copy in others; name := sprintf("%q (%s)", [copy.name, copy.limit.text])}
	text := sprintf("is not that of the same container in %s, DaemonSets for other nodes, so the kernel reclaims its page cache, and kills it, at another size here than there; set one limit in all of them", [concat(", ", names)])
]

# _counted holds for what stands beside the others: for a DaemonSet that is being made, and
# for one that is among them. Manifests that have it in several forms, one for each of
# several clusters, have its copies in several forms, too.
_counted(_) if not finding.audited

_counted(object_) if _synced(object_)[object_.metadata.name]

# _copies are the containers of the same name in the copies of a DaemonSet, each {name,
# limit}.
_copies(object_, pod, container) := [copy |
	some name, other in _synced(object_)
	name != object.get(object_, ["metadata", "name"], "")
	some twin in workload.built_in(other)
	_shape(twin) == _shape(pod)
	_apart(pod.spec, twin.spec)
	some same in _containers(twin)
	same.name == container.name
	copy := {"name": name, "limit": _limit(twin, same)}
]

# _synced are the DaemonSets of an object's namespace by name. Manifests that name no
# namespace are among themselves.
_synced(object_) := data.inventory.namespace[namespace]["apps/v1"].DaemonSet if {
	namespace := object_.metadata.namespace
	namespace != ""
}

_synced(object_) := data.inventory.cluster["apps/v1"].DaemonSet if {
	object.get(object_, ["metadata", "namespace"], "") == ""
}

_shape(pod) := {part |
	some container in _containers(pod)
	part := [container.name, image.parse(container.spec.image).repository]
}

# _apart holds for pods that never run on one node: their selectors want two values of
# one label, or their node affinities differ.
_apart(one, other) if {
	some label, value in one.nodeSelector
	other.nodeSelector[label] != value
}

_apart(one, other) if one.affinity.nodeAffinity != other.affinity.nodeAffinity

_exempt(container) if {
	some pattern in parameter.get("exemptImages", ["*/cilium*", "*/falco*", "*/tetragon*", "datadoghq/agent", "gke.gcr.io/*"])
	image.matches(pattern, container.spec.image)
}

# _disallowed is what is wrong with a limit among those that its image may have.
_disallowed(container, limit) := [text |
	allowed := [text |
		some profile in parameter.get("allowedLimits", [])
		image.matches(profile.image, container.spec.image)
		some text in profile.limits
		quantity.bytes(text) > 0
	]
	count(allowed) > 0
	every text_ in allowed { quantity.bytes(text_) != limit.bytes }
	text := sprintf("is none of %s, which allowedLimits has for its image, so nodes are not planned for it; set one of them", [concat(", ", allowed)])
]
