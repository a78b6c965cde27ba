# METADATA
# title: LimitRange and ResourceQuota see to usable memory limits
# description: |
#   A LimitRange writes its default into containers without a memory limit before any
#   other admission plugin runs, and refuses those outside min and max. Without a
#   default they stay unlimited, unless a max, which is the default where there is
#   none, or a maxLimitRequestRatio demands a limit; below about 20Mi the container
#   runtime may be OOM-killed while it starts the container. A defaultRequest that is
#   missing is the default. A ResourceQuota that bounds requests alone lets Pods without
#   a limit in; one with limits.memory refuses them. Entries that do not name memory,
#   and entries of other types, are not judged; a missing min and the ratio are, if a
#   parameter says so. What other LimitRanges and quotas of the namespace add cannot be
#   seen.
# related_resources:
# - https://kubernetes.io/docs/concepts/policy/limit-range/
# - https://kubernetes.io/docs/concepts/policy/resource-quotas/
# - https://github.com/opencontainers/runc/issues/4427
# schemas:
# - input.parameters:
#     type: object
#     properties:
#       levels:
#         description: The levels that the constraint returns. The rule has warn only.
#         type: array
#         items: {type: string, enum: [deny, warn]}
#         default: [deny, warn]
#       softMin:
#         description: The limit below which a container may fail to start, as a quantity; no min, default or max may be below it.
#         type: string
#         default: 20Mi
#       requireMin:
#         description: Whether a LimitRange that names memory must have min.memory.
#         type: boolean
#         default: false
#       equalRequests:
#         description: Whether a LimitRange that names memory must have a maxLimitRequestRatio.memory of 1, so that requests equal limits.
#         type: boolean
#         default: false
# custom:
#   id: limitrange-memory-floor
#   kind: MemgateLimitrangeMemoryFloor
#   severity: medium
#   since: 0.1.0
#   remediation: Set default.memory of the LimitRange, no value below 20Mi, and limits.memory of the ResourceQuota.
#   failure: |
#     A Pod that names no memory gets the default of its namespace at admission. One that is too low kills
#     programs that nobody limited (exit code 137), and the limit is in no manifest of theirs; a default above
#     max, or a minimum above the default, refuses every Pod that relies on it, and the user sees only
#     FailedCreate events of a ReplicaSet. See [vmtouch#96](https://github.com/hoytech/vmtouch/issues/96), where a
#     default limit made locking fail.
package policies.runtime.limitrange_memory_floor

import data.lib.finding
import data.lib.parameter
import data.lib.quantity

# METADATA
# description: one violation for each memory value of a LimitRange or ResourceQuota that lets unusable limits through
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some fault in array.concat(_ranges(object_), _quotas(object_))
	found := object.union({"level": "warn"}, fault)
}

_ranges(object_) := [found |
	object_.apiVersion == "v1"
	object_.kind == "LimitRange"
	some index, entry in object_.spec.limits
	entry.type == "Container"
	_names_memory(entry)
	some faults in [_missing(object_, entry), _low(entry), _inverted(entry)]
	some fault in faults
	found := {
		"path": ["spec", "limits", index, fault.field, "memory"],
		"facts": fault.facts,
		"msg": sprintf("Container limits: %s", [fault.text]),
	}
]

_fields := ["min", "defaultRequest", "default", "max", "maxLimitRequestRatio"]

_names_memory(entry) if {
	some field in _fields
	not _absent(entry, field)
}

_absent(entry, field) if object.get(entry, [field, "memory"], null) == null

# _missing are fields that should be there.
_missing(object_, entry) := [fault |
	some field, text in _wanted
	_lacks(object_, entry, field)
	fault := {"field": field, "facts": {}, "text": text}
]

_wanted := {
	"default": "no default.memory, so a container without a memory limit of its own stays without one and may take all memory of its node; set default.memory to what most containers of the namespace need",
	"min": "no min.memory, so a limit that is too small to start a container is let through; set min.memory to the smallest limit and request that is of use",
	"maxLimitRequestRatio": "maxLimitRequestRatio.memory is not 1, so containers may use more memory than they request, and are OOM-killed or evicted when the node has no more; set it to 1",
}

_lacks(object_, entry, "default") if {
	_none(entry, "default")
	not _mandatory(object_)
}

_lacks(_, entry, "min") if {
	parameter.get("requireMin", false) == true
	_none(entry, "min")
}

_lacks(_, entry, "maxLimitRequestRatio") if {
	parameter.get("equalRequests", false) == true
	not _one(entry)
}

_none(entry, field) if _absent(entry, field)

_none(entry, field) if quantity.bytes(entry[field].memory) == 0

_one(entry) if quantity.parse(entry.maxLimitRequestRatio.memory) == {"bytes": 1, "fractional": false}

# _mandatory holds where the LimitRange refuses Pods without a limit. The max of
# containers becomes their default before that.
_mandatory(object_) if {
	some entry in object_.spec.limits
	entry.type in {"Container", "Pod"}
	some field in ["max", "maxLimitRequestRatio"]
	not _absent(entry, field)
}

# _low are values with which no container starts reliably.
_low(entry) := [fault |
	some field, text in _effects
	bytes := quantity.bytes(entry[field].memory)
	bytes > 0
	bytes < _floor
	fault := {
		"field": field,
		"facts": {"valueBytes": bytes, "softMinBytes": _floor},
		"text": sprintf(
			"%s.memory %q is below %s, so %s",
			[field, quantity.text(entry[field].memory), quantity.format(_floor), sprintf(text, [quantity.format(_floor)])],
		),
	}
]

_effects := {
	"min": "a limit with which a container may be OOM-killed while it starts is let through; set it to %s or more, and mind that it binds requests as well",
	"default": "a container without a memory limit of its own may be OOM-killed while it starts; set it to %s or more",
	"max": "every container may be OOM-killed while it starts; set it to %s or more",
}

_floor := bytes if {
	bytes := quantity.bytes(parameter.get("softMin", "20Mi"))
} else := 20971520

# _inverted are values above the next larger field.
_inverted(entry) := [fault |
	written := [value |
		some field in ["min", "defaultRequest", "default", "max"]
		bytes := quantity.bytes(entry[field].memory)
		value := {"field": field, "bytes": bytes, "text": quantity.text(entry[field].memory)}
	]
	some index, lower in written
	upper := written[index + 1]
	lower.bytes > upper.bytes
	fault := {
		"field": lower.field,
		"facts": {"valueBytes": lower.bytes, "upperBytes": upper.bytes},
		"text": sprintf(
			"%s.memory %q is above %s.memory %q, so the API server refuses the LimitRange; lower the former or raise the latter",
			[lower.field, lower.text, upper.field, upper.text],
		),
	}
]

_quotas(object_) := [found |
	object_.apiVersion == "v1"
	object_.kind == "ResourceQuota"
	object.get(object_, ["spec", "hard", "limits.memory"], null) == null
	names := [name |
		some name in ["requests.memory", "memory"]
		quantity.bytes(object_.spec.hard[name]) > 0
	]
	name := names[0]
	value := object_.spec.hard[name]
	found := {
		"path": ["spec", "hard", "limits.memory"],
		"facts": {"requestsBytes": quantity.bytes(value)},
		"msg": sprintf(
			"quota: %s %q bounds what Pods request and not what they use, so a Pod without a memory limit is let in and may take all memory of its node; add limits.memory",
			[name, quantity.text(value)],
		),
	}
]
