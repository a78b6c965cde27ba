# METADATA
# title: sizeLimit of a memory-backed emptyDir is whole pages
# description: |
#   The kernel rounds the size of a tmpfs up to whole pages, the kubelet does not round
#   the sizeLimit. A volume of 100M holds 100003840 bytes: when it is full it is over
#   its limit, and the Pod is evicted where its writer should have got ENOSPC. Less
#   than a page, such as 400m, evicts the Pod with the first byte that is written.
#   Decimal units miss the pages, Mi and Gi never do.
# related_resources:
# - https://kubernetes.io/docs/concepts/storage/volumes/#emptydir
# - https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/eviction/eviction_manager.go
# - https://docs.kernel.org/filesystems/tmpfs.html
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
#       markerSizes:
#         description: Sizes below 64Ki that are taken as meant, of volumes for empty files, which need no space. Strimzi's ready-files has 1Ki.
#         type: array
#         items: {type: string}
#         default: [1Ki]
#       pageSize:
#         description: The largest page size of the nodes in bytes. 4096 is enough where all are amd64; some arm64 and ppc64le kernels have 65536.
#         type: integer
#         enum: [4096, 16384, 65536]
#         default: 65536
#       vmRuntimeClasses:
#         description: Globs of runtime classes whose Pods run in a virtual machine or a user-space kernel; of them only a sizeLimit below 64Ki is reported.
#         type: array
#         items: {type: string}
#         default: ["kata*", gvisor]
# custom:
#   id: memory-emptydir-size-aligned
#   kind: MemgateMemoryEmptydirSizeAligned
#   severity: medium
#   since: 0.1.0
#   remediation: Write emptyDir.sizeLimit in whole Mi or Gi.
#   failure: |
#     tmpfs rounds its size up to whole pages: 100M is mounted as 100003840 bytes. A program that fills it and
#     handles "No space left on device" is evicted instead: `Usage of EmptyDir volume "x" exceeds the limit "100M"`,
#     because the kubelet compares with the number in the manifest. Once full, the volume is a page above
#     it. See the two sides in
#     [empty_dir.go](https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/volume/emptydir/empty_dir.go) and
#     [eviction_manager.go](https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/eviction/eviction_manager.go).
#   requiresSyncData: [[{groups: [""], versions: [v1], kinds: [LimitRange]}]]
#   withoutData: A container that has its memory limit from a LimitRange only is taken to have none. That concerns workload templates; Pods carry it when they are admitted.
package policies.shm.memory_emptydir_size_aligned

import data.lib.finding
import data.lib.memory
import data.lib.parameter
import data.lib.quantity
import data.lib.volume
import data.lib.workload

# METADATA
# description: one violation for each memory-backed emptyDir whose sizeLimit is not whole pages
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some pod in workload.pods(object_)
	some vol in volume.in_memory(pod)
	fault := _fault(pod, vol)
	found := {
		"level": fault.level,
		"path": array.concat(vol.path, ["emptyDir", "sizeLimit"]),
		"facts": fault.facts,
		"msg": sprintf("volume %q: sizeLimit %s %s", [vol.name, quantity.text(vol.emptyDir.sizeLimit), fault.text]),
	}
}

# _fault is what is wrong with a sizeLimit above zero: {level, facts, text}; undefined
# if nothing is. From 64Ki up to 1Mi, and for fractions of a byte above that,
# memory-quantity-sane says what was meant.
_fault(pod, vol) := {
	"level": _level(size.fractional, volume.writers(pod, vol.name)),
	"facts": {"sizeLimitBytes": size.bytes},
	"text": sprintf("is %s, so %s; %s", [_counted(size), _effect(size.bytes), _meant(quantity.text(vol.emptyDir.sizeLimit))]),
} if {
	size := quantity.parse(vol.emptyDir.sizeLimit)
	size.bytes > 0
	size.bytes < 65536
	not size.bytes in _markers
} else := {
	"level": "warn",
	"facts": {"sizeLimitBytes": size.bytes, "tmpfsBytes": rounded},
	"text": sprintf(
		"is not whole pages: where they are %s, the volume holds %s bytes, so when it is full the kubelet evicts the Pod instead of its writer getting ENOSPC; write whole Mi, such as %s",
		[quantity.format(page), format_int(rounded, 10), quantity.format(quantity.mebibytes(size.bytes))],
	),
} if {
	size := quantity.parse(vol.emptyDir.sizeLimit)
	size.bytes >= 1048576
	not size.fractional
	not workload.in_vm(pod)
	not _cut(pod, size.bytes)
	page := _page(size.bytes)
	rounded := (size.bytes + page) - (size.bytes % page)
}

# Nobody takes a fraction of a byte for a size, but one that nobody fills does no harm.
_level(fractional, writers) := "deny" if {
	fractional
	count(writers) > 0
} else := "warn"

# The kubelet cuts a volume to the memory limit of the pod: it never gets to sizeLimit.
_cut(pod, bytes) if memory.bound(pod) < bytes

# _page is the smallest page size that does not divide a size; undefined if all do.
_page(bytes) := [page | some page in [4096, _page_size]; bytes % page != 0][0]

_markers := [bytes | some written in parameter.get("markerSizes", ["1Ki"]); bytes := quantity.bytes(written)]

_page_size := size if {
	size := parameter.get("pageSize", 65536)
	size in {4096, 16384, 65536}
} else := 65536

_counted(size) := sprintf("less than %s", [_bytes(size.bytes)]) if {
	size.fractional
} else := _bytes(size.bytes)

_bytes(1) := "1 byte"

_bytes(number) := sprintf("%s bytes", [format_int(number, 10)]) if number != 1

_effect(bytes) := "the first byte in the volume takes a page, which is over the limit, and the kubelet evicts the Pod" if {
	bytes < 4096
} else := "a few files fill the volume, and where pages are larger the first byte gets the Pod evicted"

# _meant guesses the unit of a number that has none, or one that is too small.
_meant(written) := sprintf("did you mean %sMi?", [number]) if {
	number := regex.find_all_string_submatch_n(`^([0-9]{1,4})(m|k|Ki)?$`, trim_space(written), 1)[0][1]
} else := "write whole Mi, such as 64Mi"
