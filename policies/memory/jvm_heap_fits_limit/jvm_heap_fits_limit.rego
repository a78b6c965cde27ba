# METADATA
# title: The heap of a JVM fits the memory limit
# description: |
#   A JVM needs memory besides its heap: metaspace, threads, compiled code, buffers.
#   With a heap as large as the memory limit the kernel kills the container before the
#   heap is full, and no OutOfMemoryError is ever written. Flags are read from the
#   variables that a JVM or the start script of its image reads, and from command and
#   args, in that order, and _JAVA_OPTIONS last; the last flag wins, and -Xmx wins over
#   percentages. However small the heap, the limits that messages advise leave 128Mi
#   beside it: so much a JVM takes.
# related_resources:
# - https://docs.oracle.com/en/java/javase/21/docs/specs/man/java.html
# - https://bugs.openjdk.org/browse/JDK-8146115
# - https://bugs.openjdk.org/browse/JDK-8230305
# - https://www.elastic.co/guide/en/elasticsearch/reference/current/advanced-configuration.html#set-jvm-heap-size
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
#       maxHeapRatio:
#         description: The part of a container's memory limit that -Xmx may take, a decimal.
#         type: string
#         pattern: ^[0-9]{1,4}(\.[0-9]{1,4})?$
#         default: "0.75"
#       maxRamPercentage:
#         description: The largest -XX:MaxRAMPercentage.
#         type: integer
#         minimum: 1
#         maximum: 100
#         default: 80
#       profiles:
#         description: Programs that need another part of the limit for their heap than maxHeapRatio.
#         type: array
#         items:
#           type: object
#           required: [image, maxHeapRatio]
#           properties:
#             image:
#               description: A glob of the image, whatever its registry.
#               type: string
#             maxHeapRatio:
#               description: The part of the memory limit that -Xmx may take, a decimal.
#               type: string
#         default:
#         - {image: "*/elasticsearch", maxHeapRatio: "0.5"}
#         - {image: "*/elasticsearch-oss", maxHeapRatio: "0.5"}
#         - {image: "*/opensearch", maxHeapRatio: "0.5"}
# custom:
#   id: jvm-heap-fits-limit
#   kind: MemgateJvmHeapFitsLimit
#   severity: high
#   since: 0.1.0
#   remediation: Set -Xmx to at most three quarters of the memory limit, for Elasticsearch and OpenSearch half of it, and leave 128Mi besides.
#   failure: |
#     The heap grows as it is used, so the Pod starts, passes its probes, and is OOM-killed (exit code
#     137) hours later under load; no heap dump and no OutOfMemoryError is written, because the
#     kernel ends the process. Metaspace, threads, code cache and direct buffers come on top of -Xmx.
#     JVMs before 8u191 do not see the limit at all
#     ([JDK-8146115](https://bugs.openjdk.org/browse/JDK-8146115)), those before 8u372, 11.0.16 and 15 not on
#     cgroup v2 ([JDK-8230305](https://bugs.openjdk.org/browse/JDK-8230305)).
#   requiresSyncData: [[{groups: [""], versions: [v1], kinds: [LimitRange]}]]
#   withoutData: A container that has its memory limit from a LimitRange only is taken to have none. That concerns workload templates; Pods carry it when they are admitted.
package policies.memory.jvm_heap_fits_limit

import data.lib.finding
import data.lib.image
import data.lib.memory
import data.lib.parameter
import data.lib.quantity
import data.lib.workload

# METADATA
# description: one violation for each container whose JVM may take more heap than its memory limit has room for
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some pod in workload.pods(object_)
	some container in workload.containers(pod)
	fault := _fault(pod, container, _flags(container))
	found := {
		"level": fault.level,
		"path": fault.path,
		"facts": fault.facts,
		"msg": sprintf("%s: %s", [container.title, fault.text]),
	}
}

# _fault is the worst about the flags of a JVM: {level, path, facts, text}; undefined
# if nothing is wrong.
_fault(pod, container, flags) := {
	"level": "deny",
	"path": flag.path,
	"facts": {"heapBytes": heap, "limitBytes": limit},
	"text": sprintf("%s is not below memory limit %q, so the kernel kills the container before the heap is full; %s", [flag.text, memory.written(pod, container), _advice(container, heap, limit)]),
} if {
	flag := _last(flags, _heap_pattern)
	heap := _bytes(flag.value)
	limit := memory.limit(pod, container)
	heap >= limit
} else := {
	"level": "warn",
	"path": flag.path,
	"facts": {"heapBytes": heap, "limitBytes": limit},
	"text": sprintf("%s leaves too little of memory limit %q for metaspace, threads and buffers, so the kernel may kill the container before the heap is full; %s", [flag.text, memory.written(pod, container), _advice(container, heap, limit)]),
} if {
	flag := _last(flags, _heap_pattern)
	heap := _bytes(flag.value)
	limit := memory.limit(pod, container)
	quantity.exceeds(heap, limit, _max_ratio(container))
} else := {
	"level": "warn",
	"path": array.concat(container.path, ["resources", "limits", "memory"]),
	"facts": {"heapBytes": heap},
	"text": sprintf("%s, but no memory limit, so nothing bounds what the JVM takes besides its heap and the node may run out of memory; set limits.memory to at least %s", [flag.text, _needed(container, heap)]),
} if {
	flag := _last(flags, _heap_pattern)
	heap := _bytes(flag.value)
	container.kind in {"container", "sidecar"}
	memory.unlimited(pod, container)
} else := {
	"level": "warn",
	"path": flag.path,
	"facts": {"limitBytes": limit},
	"text": sprintf("%s hides memory limit %q from the JVM, which sizes its heap by the memory of the node, so the kernel may kill the container before the heap is full; remove it", [flag.text, memory.written(pod, container)]),
} if {
	flag := _last(flags, `^-XX:([+-])UseContainerSupport$`)
	flag.value == "-"
	not _last(flags, _heap_pattern)
	limit := memory.limit(pod, container)
} else := _excess(pod, container, flags)

_excess(pod, container, flags) := {
	"level": _level(percentage),
	"path": flag.path,
	"facts": {"limitBytes": limit},
	"text": sprintf("%s leaves too little of memory limit %q for metaspace, threads and buffers, so the kernel may kill the container before the heap is full; set it to at most %s", [flag.text, memory.written(pod, container), format_int(_max_percentage, 10)]),
} if {
	flag := _percentage(flags)
	percentage := to_number(flag.value)
	percentage > _max_percentage
	limit := memory.limit(pod, container)
} else := {
	"level": "warn",
	"path": array.concat(container.path, ["resources", "limits", "memory"]),
	"facts": {},
	"text": sprintf("%s, but no memory limit, so the heap may take that part of all memory of the node; set limits.memory, and the percentage to at most %s", [flag.text, format_int(_max_percentage, 10)]),
} if {
	flag := _percentage(flags)
	to_number(flag.value) > _max_percentage
	container.kind in {"container", "sidecar"}
	memory.unlimited(pod, container)
}

_level(percentage) := "deny" if {
	percentage >= 100
} else := "warn"

# _percentage is the flag for the part of the memory that is heap, where no flag says how much.
_percentage(flags) := flag if {
	flag := _last(flags, `^-XX:MaxRAMPercentage=(.*)$`)
	regex.match(`^(0|[1-9][0-9]{0,2})([.][0-9]{1,6})?$`, flag.value)
	not _last(flags, _heap_pattern)
}

_heap_pattern := `^(?:\w+=)?-(?:Xmx|XX:MaxHeapSize=)(.*)$`

# _last is the last flag that matches a pattern, with what its group matched as value.
_last(flags, pattern) := found[count(found) - 1] if {
	found := [match |
		some flag in flags
		[_, value] := regex.find_all_string_submatch_n(pattern, flag.word, 1)[0]
		match := {"path": flag.path, "text": sprintf("%s in %s", [flag.word, flag.source]), "value": value}
	]
}

# _flags are the words of all texts that a JVM gets its flags from, each {word, source,
# path}, in the order in which the JVM reads them.
_flags(container) := [flag |
	some texts in [
		_variables(container, ["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "JAVA_OPTS", "CATALINA_OPTS", "ES_JAVA_OPTS", "OPENSEARCH_JAVA_OPTS", "KAFKA_HEAP_OPTS", "LS_JAVA_OPTS"]),
		_arguments(container),
		_variables(container, ["_JAVA_OPTIONS"]),
	]
	some text in texts
	some word in regex.split(`[\s"';]+`, text.value)
	flag := {"word": word, "source": text.source, "path": text.path}
]

_variables(container, names) := [text |
	some name in names
	places := [i | some i, entry in container.spec.env; entry.name == name]
	index := places[count(places) - 1]
	text := {"source": name, "path": array.concat(container.path, ["env", index, "value"]), "value": container.spec.env[index].value}
]

_arguments(container) := [text |
	some field in ["command", "args"]
	some index, value in container.spec[field]
	text := {"source": field, "path": array.concat(container.path, [field, index]), "value": value}
]

# _bytes is a size as -Xmx takes it.
_bytes(size) := to_number(digits) * _units[lower(unit)] if {
	[_, digits, unit] := regex.find_all_string_submatch_n(`^0*([0-9]{1,15})([kKmMgGtT]?)$`, size, 1)[0]
}

_units := {"": 1, "k": 1024, "m": 1048576, "g": 1073741824, "t": 1099511627776}

_advice(container, heap, limit) := sprintf("set -Xmx to at most %sm, or raise the limit to %s", [format_int(room / 1048576, 10), _needed(container, heap)]) if {
	ratio := _max_ratio(container)
	room := quantity.mebibytes(min([_quotient(limit * ratio.part, ratio.whole), limit - _beside]))
	room > 0
} else := sprintf("raise the limit to at least %s", [_needed(container, heap)])

# _needed is the limit of which a heap takes its part, rounded up to whole Mi.
_needed(container, heap) := quantity.format(quantity.mebibytes(bytes + 1048575)) if {
	ratio := _max_ratio(container)
	bytes := max([_quotient((heap * ratio.whole) + (ratio.part - 1), ratio.part), heap + _beside])
}

# What a JVM takes besides the smallest heap, in practice.
_beside := 134217728

_quotient(number, divisor) := (number - (number % divisor)) / divisor

_max_ratio(container) := quantity.ratio(profiles[0].maxHeapRatio, "0.75") if {
	profiles := [profile |
		some profile in parameter.get("profiles", [{"image": "*/elasticsearch", "maxHeapRatio": "0.5"}, {"image": "*/elasticsearch-oss", "maxHeapRatio": "0.5"}, {"image": "*/opensearch", "maxHeapRatio": "0.5"}])
		image.matches(profile.image, container.spec.image)
	]
} else := quantity.ratio(parameter.get("maxHeapRatio", "0.75"), "0.75")

_max_percentage := parameter.get("maxRamPercentage", 80)
