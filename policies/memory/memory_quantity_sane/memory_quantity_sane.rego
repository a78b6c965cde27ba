# METADATA
# title: Memory quantities mean what they say
# description: |
#   A slip in a suffix turns a sensible amount of memory into a few bytes or into more
#   than any node has: 400m is 0.4 bytes, 1K is no quantity, 512 are bytes. The API
#   server takes most of it; the container is then never started, never scheduled or
#   never limited. Judged are the containers, volumes and overhead of Pods, LimitRange,
#   ResourceQuota and KubeletConfiguration, and what crPaths names in other objects.
# related_resources:
# - https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
# - https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#meaning-of-memory
# - https://github.com/kubernetes/kubernetes/issues/79950
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
#       max:
#         description: The quantity above which memory is a slip. The sum that a ResourceQuota grants is not compared with it.
#         type: string
#         default: 16Ti
#       crPaths:
#         description: Paths of further memory quantities, as keys from the root of an object; "*" is every key or element.
#         type: array
#         items: {type: array, minItems: 1, items: {type: string}}
#         default: []
# custom:
#   id: memory-quantity-sane
#   kind: MemgateMemoryQuantitySane
#   severity: medium
#   since: 0.1.0
#   remediation: Write memory as a whole number with the suffix Mi or Gi.
#   failure: |
#     `memory: 400m` is 0.4 bytes. The API server warns and takes it, the runtime is told to set a limit of
#     one byte, and the container never starts: "unable to set memory limit" or "container init was
#     OOM-killed (memory limit too low?)". What is no quantity at all, such as `1GB`, stops the rollout at
#     `kubectl apply`, hours after the review in which nobody saw it. See
#     [kubernetes#79950](https://github.com/kubernetes/kubernetes/issues/79950) and
#     [kubernetes#49442](https://github.com/kubernetes/kubernetes/issues/49442).
package policies.memory.memory_quantity_sane

import data.lib.finding
import data.lib.parameter
import data.lib.quantity
import data.lib.volume
import data.lib.workload

# METADATA
# description: one violation for each memory quantity that is none, or none that anybody wants
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	known := _known(object_)
	some place in array.concat(known, _custom(object_, {path | some place in known; path := place.path}))
	place.value != null
	fault := _fault(place)
	not _copied(known, place)
	found := {
		"level": fault.level,
		"path": place.path,
		"facts": _facts(place.value),
		"msg": sprintf("%s %s %s", [place.title, _shown(place.value), fault.text]),
	}
}

# _copied is a request that says what the limit beside it says, as an API server fills it in:
# the slip is in the limit.
_copied(places, place) if {
	place.kind == "request"
	some limit in places
	limit.kind == "limit"
	limit.value == place.value
	limit.path == [key | some step in place.path; key := object.get({"requests": "limits"}, step, step)]
}

_shown(value) := sprintf("%q", [value]) if {
	is_string(value)
} else := quantity.text(value) if {
	is_number(value)
} else := json.marshal(value)

_facts(value) := {"quantityBytes": bytes} if {
	bytes := quantity.bytes(value)
} else := {}

# _fault is the worst about a quantity: {level, text}; undefined if nothing is wrong.
# 0 is a way to say "none".
_fault(place) := {
	"level": "deny",
	"text": sprintf("is no quantity, so %s; %s", [object.get(_refusals, place.kind, "the API server rejects the object"), _meant(place.value)]),
} if {
	not quantity.parse(place.value)
} else := {
	"level": "deny",
	"text": "is below zero, which no memory is; write it without the sign",
} if {
	quantity.bytes(place.value) < 0
} else := {
	"level": _small[parsed.fractional],
	"text": sprintf("is %s%s; %s", [_counted(place.value, parsed), _effects[place.kind], _meant(place.value)]),
} if {
	parsed := quantity.parse(place.value)
	parsed.bytes > object.get(_least, place.kind, 0)
	parsed.bytes < 1048576
} else := {
	"level": "warn",
	"text": sprintf(
		"is no whole number of bytes and is rounded up to %s; write %s",
		[format_int(parsed.bytes, 10), quantity.format(quantity.mebibytes(parsed.bytes + 1048575))],
	),
} if {
	parsed := quantity.parse(place.value)
	parsed.fractional
	parsed.bytes >= 1048576
} else := {
	"level": "warn",
	"text": sprintf("is more than the %s that parameter max allows; check the suffix", [quantity.format(_max)]),
} if {
	place.kind != "quota"
	quantity.bytes(place.value) > _max
}

_small := {true: "deny", false: "warn"}

_max := bytes if {
	bytes := quantity.bytes(parameter.get("max", "16Ti"))
	bytes > 0
} else := quantity.bytes("16Ti")

# Who reads a quantity, and what it does with one that is none.
_refusals := {
	"kubelet": "the kubelet does not start",
	"custom": "its reader rejects or ignores it",
}

# What comes of a quantity that is all but nothing.
_effects := {
	"limit": ", so no container starts with it",
	"request": ", so the scheduler reserves next to nothing",
	"overhead": ", so the sandbox counts for next to nothing",
	"volume": ", so the volume is full at once",
	"floor": ", so it bounds next to nothing",
	"quota": ", so no Pod fits into it",
	"kubelet": ", so the kubelet keeps next to nothing free",
	"custom": "",
}

# The size up to which nothing is said. A sizeLimit of less than a page, which is
# 64 KiB at most, is memory-emptydir-size-aligned's.
_least := {"volume": 65535}

# _counted is a small quantity in words.
_counted(value, parsed) := _bytes(format_int(parsed.bytes, 10)) if {
	not parsed.fractional
} else := _bytes(concat(".", [format_int((milli - rest) / 1000, 10), trim_right(sprintf("%03d", [rest]), "0")])) if {
	regex.match(`^[0-9]{1,10}m$`, quantity.text(value))
	milli := quantity.bytes(trim_right(quantity.text(value), "m"))
	rest := milli % 1000
} else := _bytes(quantity.text(value)) if {
	regex.match(`^[0-9]*[.][0-9]+$`, quantity.text(value))
} else := sprintf("less than %s", [_bytes(format_int(parsed.bytes, 10))])

_bytes(number) := "1 byte" if {
	number == "1"
} else := sprintf("%s bytes", [number])

# _meant guesses what was meant by a quantity that is none or next to nothing.
_meant(value) := sprintf("did you mean %s?", [concat(" or ", guesses)]) if {
	guesses := _guesses(quantity.text(value))
} else := "write whole Mi, such as 64Mi"

_guesses(written) := [concat("", [number, "M"]), concat("", [number, "Mi"])] if {
	number := _parts(`^([0-9]{1,5})(?:m|k|Ki)?$`, written)[1]
} else := [concat("", [number, "Gi"])] if {
	number := _parts(`^([0-9]{0,3}[.][0-9]{1,3})$`, written)[1]
} else := [concat("", [number, suffix.decimal]), concat("", [number, suffix.binary])] if {
	not quantity.parse(written)
	[_, number, unit] := _parts(`^([0-9]+|[0-9]*[.][0-9]+) *([kmgtpKMGTP])[bB]?$`, written)
	suffix := _suffixes[lower(unit)]
} else := [concat("", [number, suffix.binary])] if {
	not quantity.parse(written)
	[_, number, unit] := _parts(`^([0-9]+|[0-9]*[.][0-9]+) *([kmgtpKMGTP])[iI][bB]?$`, written)
	suffix := _suffixes[lower(unit)]
}

_parts(pattern, written) := regex.find_all_string_submatch_n(pattern, written, 1)[0]

_suffixes := {
	"k": {"decimal": "k", "binary": "Ki"},
	"m": {"decimal": "M", "binary": "Mi"},
	"g": {"decimal": "G", "binary": "Gi"},
	"t": {"decimal": "T", "binary": "Ti"},
	"p": {"decimal": "P", "binary": "Pi"},
}

# _known are the memory quantities of the kinds that this rule knows, each {path,
# value, kind, title}.
_known(object_) := [place |
	some places in [
		_in_containers(object_), _in_pods(object_), _in_volumes(object_),
		_in_ranges(object_), _in_quotas(object_), _in_kubelet(object_),
	]
	some place in places
]

_in_containers(object_) := [place |
	some pod in workload.pods(object_)
	some container in workload.containers(pod)
	some list, kind in _lists
	value := container.spec.resources[list].memory
	place := {
		"path": array.concat(container.path, ["resources", list, "memory"]),
		"value": value,
		"kind": kind,
		"title": sprintf("%s: %s.memory", [container.title, list]),
	}
]

_in_pods(object_) := array.concat(
	[place |
		some pod in workload.pods(object_)
		some list, kind in _lists
		value := pod.spec.resources[list].memory
		place := {
			"path": array.concat(pod.path, ["resources", list, "memory"]),
			"value": value,
			"kind": kind,
			"title": sprintf("pod: %s.memory", [list]),
		}
	],
	[place |
		some pod in workload.pods(object_)
		value := pod.spec.overhead.memory
		place := {
			"path": array.concat(pod.path, ["overhead", "memory"]),
			"value": value,
			"kind": "overhead",
			"title": "pod: overhead.memory",
		}
	],
)

_lists := {"limits": "limit", "requests": "request"}

_in_volumes(object_) := [place |
	some pod in workload.pods(object_)
	some vol in volume.in_memory(pod)
	value := vol.emptyDir.sizeLimit
	place := {
		"path": array.concat(vol.path, ["emptyDir", "sizeLimit"]),
		"value": value,
		"kind": "volume",
		"title": sprintf("volume %q: sizeLimit", [vol.name]),
	}
]

# maxLimitRequestRatio is a ratio, not an amount of memory.
_in_ranges(object_) := [place |
	object_.apiVersion == "v1"
	object_.kind == "LimitRange"
	some index, entry in object_.spec.limits
	some field, kind in {"max": "limit", "min": "floor", "default": "limit", "defaultRequest": "request"}
	value := entry[field].memory
	place := {
		"path": ["spec", "limits", index, field, "memory"],
		"value": value,
		"kind": kind,
		"title": sprintf("%v limits: %s.memory", [object.get(entry, "type", ""), field]),
	}
]

_in_quotas(object_) := [place |
	object_.apiVersion == "v1"
	object_.kind == "ResourceQuota"
	some resource in ["memory", "requests.memory", "limits.memory"]
	value := object_.spec.hard[resource]
	place := {
		"path": ["spec", "hard", resource],
		"value": value,
		"kind": "quota",
		"title": sprintf("quota: %s", [resource]),
	}
]

# An eviction threshold may be a percentage.
_in_kubelet(object_) := [place |
	object_.kind == "KubeletConfiguration"
	startswith(object_.apiVersion, "kubelet.config.k8s.io/")
	some path in _kubelet_paths(object_)
	value := object.get(object_, path, null)
	not _percentage(value)
	place := {
		"path": path,
		"value": value,
		"kind": "kubelet",
		"title": sprintf("%s: %s", [path[0], path[count(path) - 1]]),
	}
]

_kubelet_paths(object_) := array.concat(
	[path |
		some field, resources in _kubelet_fields
		some resource in resources
		path := [field, resource]
	],
	[path |
		some index, _ in object_.reservedMemory
		path := ["reservedMemory", index, "limits", "memory"]
	],
)

_kubelet_fields := {
	"kubeReserved": ["memory"],
	"systemReserved": ["memory"],
	"evictionHard": ["memory.available", "allocatableMemory.available"],
	"evictionSoft": ["memory.available", "allocatableMemory.available"],
	"evictionMinimumReclaim": ["memory.available", "allocatableMemory.available"],
}

_percentage(value) if regex.match(`^[0-9]*[.]?[0-9]+%$`, value)

# _custom are the quantities at the paths of parameter crPaths that are not known.
_custom(object_, known) := [place |
	some pattern in parameter.get("crPaths", [])
	walk(object_, [path, value])
	count(path) == count(pattern)
	every index, segment in pattern { segment in {"*", path[index]} }
	not path in known
	keys := [key | some part in path; key := sprintf("%v", [part])]
	place := {"path": path, "value": value, "kind": "custom", "title": concat(".", keys)}
]
