# METADATA
# title: Huge page volumes match the huge pages that are requested
# description: |
#   The kubelet mounts an emptyDir with medium HugePages with the page size that the
#   containers of the Pod request, init containers included, or the Pod as a whole.
#   HugePages-2Mi asks for that size. If no container requests it, or containers
#   request several sizes and the medium names none, the mount fails and the Pod hangs
#   in ContainerCreating. A sizeLimit is not passed to the mount.
# related_resources:
# - https://kubernetes.io/docs/tasks/manage-hugepages/scheduling-hugepages/
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
# custom:
#   id: hugepages-emptydir-consistent
#   kind: MemgateHugepagesEmptydirConsistent
#   severity: high
#   since: 0.1.0
#   remediation: Set the limit hugepages-2Mi (or -1Gi) of the container that uses the volume, and medium to HugePages-2Mi (or -1Gi); remove sizeLimit.
#   failure: |
#     The Pod is scheduled and then stays in ContainerCreating: its events say "MountVolume.SetUp failed", because
#     the kubelet cannot tell which page size to mount, or finds that no container requests it. Where the mount
#     succeeds without a request, the program gets SIGBUS at its first page. See the kubelet's
#     [getPageSizeMountOption](https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/volume/emptydir/empty_dir.go).
package policies.shm.hugepages_emptydir_consistent

import data.lib.finding
import data.lib.quantity
import data.lib.volume
import data.lib.workload

# METADATA
# description: one violation for each huge page volume that cannot be mounted, or whose sizeLimit does nothing
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some pod in workload.pods(object_)
	sizes := _sizes(pod)
	some vol in _volumes(pod)
	fault := _fault(pod, vol, sizes)
	found := {
		"level": fault.level,
		"path": array.concat(vol.path, [fault.field]),
		"facts": fault.facts,
		"msg": sprintf("volume %q: %s", [vol.name, fault.text]),
	}
}

# _volumes are the emptyDir volumes on hugetlbfs, each {name, path, medium, limit}.
_volumes(pod) := [vol |
	some index, entry in pod.spec.volumes
	medium := entry.emptyDir.medium
	regex.match(`^HugePages($|-)`, medium)
	vol := {
		"name": _name(entry),
		"path": array.concat(pod.path, ["volumes", index, "emptyDir"]),
		"medium": medium,
		"limit": object.get(entry.emptyDir, "sizeLimit", null),
	}
]

# _sizes are the sizes of the huge pages that a pod requests. Without a request the
# limit is one. Init containers count, ephemeral ones request nothing.
_sizes(pod) := {bytes |
	some spec in array.concat([pod.spec], [spec |
		some container in workload.containers(pod)
		container.kind != "ephemeral"
		spec := container.spec
	])
	some list in ["limits", "requests"]
	some resource, _ in spec.resources[list]
	startswith(resource, "hugepages-")
	bytes := quantity.bytes(trim_prefix(resource, "hugepages-"))
}

# _fault is what is wrong with a volume: {level, field, facts, text}; undefined if
# nothing is.
_fault(pod, vol, sizes) := {
	"level": effect.level,
	"field": "medium",
	"facts": {},
	"text": sprintf("medium %s %s, so %s; %s", [vol.medium, cause.text, effect.text, cause.advice]),
} if {
	cause := _cause(vol.medium, sizes)
	mounts := [mount | some mount in volume.mounts(pod); mount.volume == vol.name]
	effect := _hangs[count(mounts) > 0]
} else := {
	"level": "warn",
	"field": "sizeLimit",
	"facts": {"sizeLimitBytes": bytes},
	"text": sprintf(
		"sizeLimit %s does not size a volume of huge pages: hugetlbfs is mounted with its page size only, and what bounds it is the limit hugepages-%s of the containers; remove sizeLimit",
		[quantity.text(vol.limit), quantity.format(mounted)],
	),
} if {
	mounted := _mounted(vol.medium, sizes)
	bytes := quantity.bytes(vol.limit)
	bytes > 0
}

# The kubelet sets up no volume that no container mounts.
_hangs := {
	true: {"level": "deny", "text": "the kubelet cannot mount the volume and the Pod stays in ContainerCreating"},
	false: {"level": "warn", "text": "the Pod will stay in ContainerCreating as soon as a container mounts the volume"},
}

# _cause is why the kubelet cannot mount a medium: {text, advice}; undefined if it can.
_cause(medium, sizes) := {
	"text": "names no page size",
	"advice": "write HugePages-2Mi or HugePages-1Gi",
} if {
	medium != "HugePages"
	not _page(medium)
} else := {
	"text": "needs a container that requests huge pages, and none does",
	"advice": sprintf("set the limit hugepages-%s of the container that uses the volume", [_wanted(medium)]),
} if {
	count(sizes) == 0
} else := {
	"text": sprintf("leaves it open which of the requested huge pages are meant, of %s", [_all(sizes, "")]),
	"advice": sprintf("write %s", [_all(sizes, "HugePages-")]),
} if {
	medium == "HugePages"
	count(sizes) > 1
} else := {
	"text": sprintf("needs a container that requests huge pages of %s, and only those of %s are requested", [_wanted(medium), _all(sizes, "")]),
	"advice": sprintf("write %s, or set the limit hugepages-%s", [_all(sizes, "HugePages-"), _wanted(medium)]),
} if {
	page := _page(medium)
	not page in sizes
}

# _mounted is the page size of a volume that the kubelet can mount: the one that its
# medium names, or the only one that is requested.
_mounted(medium, sizes) := page if {
	page := _page(medium)
} else := min(sizes)

_wanted(medium) := quantity.format(page) if {
	page := _page(medium)
} else := "2Mi"

# _page is the page size that a medium names.
_page(medium) := bytes if {
	bytes := quantity.bytes(trim_prefix(medium, "HugePages-"))
	bytes > 0
}

_all(sizes, prefix) := concat(" or ", [text |
	some bytes in sizes
	text := sprintf("%s%s", [prefix, quantity.format(bytes)])
])

_name(entry) := entry.name if {
	is_string(entry.name)
} else := ""
