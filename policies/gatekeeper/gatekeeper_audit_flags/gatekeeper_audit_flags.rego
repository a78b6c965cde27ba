# METADATA
# title: Gatekeeper's audit works in bounded memory
# description: |
#   Audit lists every object of the cluster, chunk by chunk, and keeps those of one
#   kind in files below /tmp/audit while it evaluates them. Without chunks
#   (--audit-chunk-size=0) or with large ones it holds a whole kind in memory; on a
#   memory-backed emptyDir, which audit.writeToRAMDisk of the chart makes without a
#   sizeLimit, the files are memory of the container too. What it finds it writes into
#   the status of constraints, which every replica of Gatekeeper holds. An audit that
#   is switched off (--audit-interval=0) is not judged. Whether an audit from the cache
#   is costly depends on what Gatekeeper's Config synchronises, which its Deployment
#   does not show: --audit-from-cache is not reported.
# related_resources:
# - https://open-policy-agent.github.io/gatekeeper/website/docs/audit
# - https://github.com/open-policy-agent/gatekeeper/issues/780
# - https://github.com/open-policy-agent/gatekeeper/issues/1279
# schemas:
# - input.parameters:
#     type: object
#     properties:
#       levels:
#         description: The levels that the constraint returns. The rule has warn only.
#         type: array
#         items: {type: string, enum: [deny, warn]}
#         default: [deny, warn]
#       maxChunkSize:
#         description: The largest --audit-chunk-size.
#         type: integer
#         minimum: 1
#         default: 500
#       maxViolationsLimit:
#         description: The largest --constraint-violations-limit.
#         type: integer
#         minimum: 0
#         default: 500
#       minInterval:
#         description: The smallest --audit-interval, in seconds.
#         type: integer
#         minimum: 0
#         default: 60
# custom:
#   id: gatekeeper-audit-flags
#   kind: MemgateGatekeeperAuditFlags
#   severity: medium
#   since: 0.1.0
#   remediation: Leave --audit-chunk-size, --constraint-violations-limit and --audit-interval at their defaults of 500, 20 and 60, and keep /tmp/audit on disk.
#   scope: audit
#   failure: |
#     The audit Pod is OOM-killed in the middle of a run, and starts the next one from the
#     beginning: `kubectl get constraints -o yaml` shows an `auditTimestamp` that no longer
#     moves. It lists whole kinds at once where no chunk size stops it, and keeps every
#     violation that it may report. See [gatekeeper#780](https://github.com/open-policy-agent/gatekeeper/issues/780)
#     and [gatekeeper#1279](https://github.com/open-policy-agent/gatekeeper/issues/1279), after which
#     the chunk size of 500 and the cache on disk came to be.
package policies.gatekeeper.gatekeeper_audit_flags

import data.lib.finding
import data.lib.gatekeeper
import data.lib.parameter
import data.lib.quantity
import data.lib.volume

# METADATA
# description: one violation for each flag or volume that makes an audit of Gatekeeper costly
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some manager in gatekeeper.managers(object_)
	gatekeeper.audits(manager.words)
	some fault in array.concat(_flags(manager), _volumes(manager))
	found := {
		"level": "warn",
		"path": fault.path,
		"facts": fault.facts,
		"msg": sprintf("%s: %s", [manager.container.title, fault.text]),
	}
}

# _number is the value of a flag; the process does not start with one below zero.
_number(words, name) := number if {
	number := gatekeeper.number(gatekeeper.flag(words, name).text)
	number >= 0
}

_flags(manager) := [fault |
	some name in ["audit-chunk-size", "constraint-violations-limit", "audit-interval"]
	number := _number(manager.words, name)
	wrong := _wrong(manager.words, name, number)
	fault := {
		"path": gatekeeper.place(manager, name),
		"facts": wrong.facts,
		"text": sprintf("--%s is %s, so %s", [name, format_int(number, 10), wrong.text]),
	}
]

_wrong(words, "audit-chunk-size", 0) := {
	"facts": {"chunkSize": 0, "maxChunkSize": largest},
	"text": sprintf("audit lists all objects of a kind at once and may be OOM-killed in a cluster with many of them; set it to between 1 and %s", [format_int(largest, 10)]),
} if {
	not _from_cache(words)
	largest := parameter.get("maxChunkSize", 500)
}

_wrong(words, "audit-chunk-size", number) := {
	"facts": {"chunkSize": number, "maxChunkSize": largest},
	"text": sprintf("audit holds that many objects in memory at once and may be OOM-killed where they are large; set it to %s or less", [format_int(largest, 10)]),
} if {
	not _from_cache(words)
	largest := parameter.get("maxChunkSize", 500)
	number > largest
}

_wrong(_, "constraint-violations-limit", number) := {
	"facts": {"violationsLimit": number, "maxViolationsLimit": largest},
	"text": sprintf("audit writes that many violations into the status of one constraint, which every replica holds in memory and etcd refuses beyond 1.5Mi; set it to %s or less, as the log of audit has all of them", [format_int(largest, 10)]),
} if {
	largest := parameter.get("maxViolationsLimit", 500)
	number > largest
}

_wrong(_, "audit-interval", number) := {
	"facts": {"intervalSeconds": number, "minIntervalSeconds": smallest},
	"text": sprintf("in a large cluster an audit begins as soon as the last one ends and its memory is never given back; set it to %s or more", [format_int(smallest, 10)]),
} if {
	smallest := parameter.get("minInterval", 60)
	number < smallest
}

# _from_cache holds for an audit that lists nothing: it reads what Gatekeeper has
# synchronised. A flag of type bool takes no next word.
_from_cache(words) if {
	written := [word.text | some word in words; regex.match(`^--?audit-from-cache(=|$)`, word.text)]
	regex.match(`(cache|=(1|[tT]|true|True|TRUE))$`, written[count(written) - 1])
}

_volumes(manager) := [fault |
	not _from_cache(manager.words)
	directory := _directory(manager.words)
	mounts := {mount |
		some entry in volume.mounts(manager.pod)
		entry.container.path == manager.container.path
		_holds(entry.mountPath, directory)
		mount := [count(entry.mountPath), entry.volume]
	}
	[_, name] := max(mounts)
	some vol in volume.in_memory(manager.pod)
	vol.name == name
	not _bounded(vol.emptyDir)
	fault := {
		"path": array.concat(vol.path, ["emptyDir", "medium"]),
		"facts": {},
		"text": sprintf("audit keeps all objects of a kind in %s while it evaluates them, and on volume %q, a memory-backed emptyDir without a sizeLimit, they count as its memory, which may get it OOM-killed; remove medium: Memory (audit.writeToRAMDisk of the chart), or set a sizeLimit and raise limits.memory by as much", [directory, name]),
	}
]

_directory(words) := volume.clean(flag.text) if {
	flag := gatekeeper.flag(words, "api-cache-dir")
} else := "/tmp/audit"

_holds(path, directory) if path == directory

_holds(path, directory) if {
	path != ""
	startswith(directory, concat("", [path, "/"]))
}

_bounded(empty_dir) if quantity.bytes(empty_dir.sizeLimit) > 0
