# METADATA
# title: GOMEMLIMIT is one that Go reads, and fits the memory limit
# description: |
#   Go's syntax is not that of Kubernetes: GOMEMLIMIT takes off, or a whole number with
#   B, KiB, MiB, GiB or TiB, and a program dies at start from anything else. A number without
#   a unit is bytes, also when it comes from a resourceFieldRef whose divisor made it
#   mebibytes. The garbage collector works harder the closer it gets to GOMEMLIMIT, so
#   one at the memory limit itself comes too late for memory that Go does not manage.
# related_resources:
# - https://pkg.go.dev/runtime#hdr-Environment_Variables
# - https://go.dev/doc/gc-guide#Memory_limit
# - https://kubernetes.io/docs/concepts/workloads/pods/downward-api/#downwardapi-resourceFieldRef
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
#       maxRatio:
#         description: The part of a container's memory limit that GOMEMLIMIT may take, a decimal; rounding up to a whole MiB is no finding.
#         type: string
#         pattern: ^[0-9]{1,4}(\.[0-9]{1,4})?$
#         default: "0.9"
# custom:
#   id: gomemlimit-sane
#   kind: MemgateGomemlimitSane
#   severity: high
#   since: 0.1.0
#   remediation: Set GOMEMLIMIT to at most 90 % of the memory limit, as a whole number of MiB.
#   failure: |
#     A value that Go cannot read stops the program before main: "fatal error: malformed GOMEMLIMIT;
#     see `go doc runtime/debug.SetMemoryLimit`", exit code 2, CrashLoopBackOff. A divisor of 1Mi makes 128
#     of 128Mi, which Go reads as 128 bytes: the garbage collector then never stops, and the
#     container answers ever more slowly at full CPU. With the limit itself as GOMEMLIMIT nothing is
#     left for stacks, cgo and the page cache, and the OOM kill comes all the same. See
#     [kubescape/helm-charts#193](https://github.com/kubescape/helm-charts/pull/193).
#   requiresSyncData: [[{groups: [""], versions: [v1], kinds: [LimitRange]}]]
#   withoutData: A container that has its memory limit from a LimitRange only is taken to have none. That concerns workload templates; Pods carry it when they are admitted.
package policies.memory.gomemlimit_sane

import data.lib.finding
import data.lib.memory
import data.lib.parameter
import data.lib.quantity
import data.lib.workload

# METADATA
# description: one violation for each GOMEMLIMIT that Go refuses, or that does not go with the memory limit
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some pod in workload.pods(object_)
	some container in workload.containers(pod)
	variable := _variable(container)
	fault := _fault(pod, container, variable)
	found := {
		"level": fault.level,
		"path": fault.path,
		"facts": fault.facts,
		"msg": sprintf("%s: %s", [container.title, fault.text]),
	}
}

# _variable is {path, spec} of GOMEMLIMIT: of several the last one holds.
_variable(container) := {"path": array.concat(container.path, ["env", index]), "spec": container.spec.env[index]} if {
	places := [i | some i, entry in container.spec.env; entry.name == "GOMEMLIMIT"]
	index := places[count(places) - 1]
}

# _fault is the worst about a GOMEMLIMIT: {level, path, facts, text}; undefined if
# nothing is wrong.
_fault(pod, container, variable) := {
	"level": "deny",
	"path": array.concat(variable.path, ["value"]),
	"facts": {},
	"text": sprintf(
		`GOMEMLIMIT %q is not in Go's syntax, so a Go program dies at start with "malformed GOMEMLIMIT"; %s`,
		[variable.spec.value, _meant(pod, container, variable.spec.value)],
	),
} if {
	_literal(variable.spec.value)
	not _bytes(variable.spec.value)
} else := {
	"level": "deny",
	"path": array.concat(variable.path, ["value"]),
	"facts": {"gomemlimitBytes": bytes},
	"text": sprintf(
		"GOMEMLIMIT %q is %s bytes, which every Go program exceeds, so it collects garbage all the time; %s",
		[variable.spec.value, format_int(bytes, 10), _unit(pod, container, bytes)],
	),
} if {
	bytes := _bytes(variable.spec.value)
	bytes < 1048576
} else := {
	"level": "warn",
	"path": array.concat(variable.path, ["value"]),
	"facts": {"gomemlimitBytes": bytes, "limitBytes": limit},
	"text": sprintf("GOMEMLIMIT %q %s", [variable.spec.value, _excess(pod, container)]),
} if {
	bytes := _bytes(variable.spec.value)
	limit := memory.limit(pod, container)
	_exceeds(bytes, limit)
} else := _misreference(pod, container, variable)

# _misreference is what is wrong with a GOMEMLIMIT from a resourceFieldRef.
_misreference(pod, container, variable) := {
	"level": "deny",
	"path": array.concat(variable.path, ["valueFrom", "resourceFieldRef", "resource"]),
	"facts": {},
	"text": sprintf("GOMEMLIMIT is taken from %s, so Go reads a number of cores as bytes and collects garbage all the time; in place of the reference %s", [ref.resource, _advice(pod, container)]),
} if {
	ref := variable.spec.valueFrom.resourceFieldRef
	ref.resource in {"limits.cpu", "requests.cpu"}
} else := {
	"level": "deny",
	"path": array.concat(variable.path, ["valueFrom", "resourceFieldRef", "divisor"]),
	"facts": {"divisorBytes": divisor},
	"text": sprintf("GOMEMLIMIT is %s divided by %q, a number that Go reads as bytes, so it collects garbage all the time; in place of the reference %s", [ref.resource, quantity.text(ref.divisor), _advice(pod, container)]),
} if {
	ref := variable.spec.valueFrom.resourceFieldRef
	_resources[ref.resource]
	divisor := quantity.bytes(ref.divisor)
	divisor > 1
} else := {
	"level": "warn",
	"path": array.concat(container.path, ["resources", list, "memory"]),
	"facts": {},
	"text": sprintf("GOMEMLIMIT is taken from %s, which is not set, so %s; set limits.memory, and GOMEMLIMIT to its share as a value, such as %s of 512Mi", [ref.resource, _unset[list], _mebibytes(536870912)]),
} if {
	ref := variable.spec.valueFrom.resourceFieldRef
	list := _resources[ref.resource]
	_own(container, ref)
	container.kind != "ephemeral"
	memory.unlimited(pod, container)
	not _requested(container, list)
} else := {
	"level": "warn",
	"path": array.concat(variable.path, ["valueFrom", "resourceFieldRef", "resource"]),
	"facts": {"gomemlimitBytes": bytes, "limitBytes": limit},
	"text": sprintf("GOMEMLIMIT from %s %s", [ref.resource, _excess(pod, container)]),
} if {
	ref := variable.spec.valueFrom.resourceFieldRef
	_own(container, ref)
	limit := memory.limit(pod, container)
	bytes := _referenced(container, _resources[ref.resource], limit)
	_exceeds(bytes, limit)
}

_literal(value) if {
	is_string(value)
	not value in {"", "off"}

	# What a variable expands to is not known.
	not contains(value, "$(")
}

# _bytes is a GOMEMLIMIT in bytes; undefined for what Go refuses. It holds 63 bits.
_bytes(value) := bytes if {
	[_, digits, unit] := regex.find_all_string_submatch_n(`^0*([0-9]{1,19})((?:[KMGT]i)?B)?$`, value, 1)[0]
	bytes := to_number(digits) * _units[unit]
	bytes <= 9223372036854775807
}

_units := {"": 1, "B": 1, "KiB": 1024, "MiB": 1048576, "GiB": 1073741824, "TiB": 1099511627776}

# _meant is what to write instead of a text that Go refuses.
_meant(pod, container, value) := sprintf("write %sB", [quantity.format(bytes)]) if {
	[_, number, prefix] := regex.find_all_string_submatch_n(`^\s*([0-9]{1,5}|[0-9]{0,5}[.][0-9]{1,5})\s*([kmgtKMGT])i?[bB]?\s*$`, value, 1)[0]
	bytes := quantity.bytes(concat("", [number, upper(prefix), "i"]))
	bytes >= 1048576
	_fits(pod, container, bytes)
} else := _advice(pod, container)

# _unit guesses the unit that a number of bytes lacks; more than 64Gi is no guess.
_unit(pod, container, bytes) := sprintf("did you mean %sMiB?", [format_int(bytes, 10)]) if {
	bytes > 0
	bytes <= 65536
	_fits(pod, container, bytes * 1048576)
} else := _advice(pod, container)

_fits(pod, container, _) if memory.unlimited(pod, container)

_fits(pod, container, bytes) if {
	limit := memory.limit(pod, container)
	not _exceeds(bytes, limit)
}

# _exceeds holds for more than the share of a limit, rounded up to a whole MiB.
_exceeds(bytes, limit) if quantity.mebibytes(bytes - 1) * _max_ratio.whole >= limit * _max_ratio.part

_advice(pod, container) := sprintf("write at most %s", [share]) if {
	share := _share(pod, container)
} else := "write a whole number and its unit, such as 512MiB"

# _excess is why a GOMEMLIMIT above its part of the memory limit is too much; undefined
# below the limits that hold no Go program anyway.
_excess(pod, container) := sprintf(
	"is above %s, the most that leaves room in memory limit %q for what Go does not manage, so the kernel may kill the container before garbage collection helps; write at most %s",
	[share, memory.written(pod, container), share],
) if {
	share := _share(pod, container)
}

# _share is the part of the memory limit that GOMEMLIMIT may take, in whole MiB.
_share(pod, container) := _mebibytes(memory.limit(pod, container))

_mebibytes(limit) := sprintf("%sMiB", [format_int(share / 1048576, 10)]) if {
	part := limit * _max_ratio.part
	share := quantity.mebibytes((part - (part % _max_ratio.whole)) / _max_ratio.whole)
	share > 0
}

_max_ratio := quantity.ratio(parameter.get("maxRatio", "0.9"), "0.9")

_resources := {"limits.memory": "limits", "requests.memory": "requests"}

# What Go gets where a resourceFieldRef finds nothing.
_unset := {
	"limits": "Go takes all allocatable memory of the node for its limit",
	"requests": "it is 0 and Go collects garbage all the time",
}

# _own holds for a reference to the container itself.
_own(container, ref) if object.get(ref, "containerName", "") in {"", null, container.name}

_requested(container, "requests") if object.get(container.spec, ["resources", "requests", "memory"], null) != null

# _referenced is the memory that a container gets as its GOMEMLIMIT. The API server
# takes the limit for a request that is missing.
_referenced(_, "limits", limit) := limit

_referenced(container, "requests", limit) := bytes if {
	bytes := quantity.bytes(container.spec.resources.requests.memory)
} else := limit
