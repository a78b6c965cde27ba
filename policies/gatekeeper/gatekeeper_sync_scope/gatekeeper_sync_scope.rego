# METADATA
# title: Gatekeeper synchronises what its templates read
# description: |
#   What Config and SyncSets name, Gatekeeper keeps in memory: each object once in an
#   informer's cache and once for OPA, managedFields included, about 15 times its JSON,
#   in every replica of the webhook and in audit. Reported are kinds of which a cluster
#   has thousands, kinds that no template reads, and more than maxKinds of one object;
#   what other SyncSets add is not counted. Which kinds a template reads its annotation
#   metadata.gatekeeper.sh/requires-sync-data says. They are compared only where
#   ConstraintTemplates are among the reference data and all can be understood: none
#   reads data.inventory without such an annotation. Namespaces, templates and
#   constraints are not held against it, as Gatekeeper and rule gatekeeper-capacity
#   use them. An audit with --audit-from-cache=true judges only what is synchronised;
#   list its kinds in allowedKinds. A SyncSet has no namespace, so the webhook sees it;
#   Config stands in the namespace of Gatekeeper, which the webhook leaves out, so it
#   is judged by audit, or offline.
# related_resources:
# - https://open-policy-agent.github.io/gatekeeper/website/docs/sync
# - https://github.com/open-policy-agent/gatekeeper/issues/1630
# - https://github.com/open-policy-agent/gatekeeper/issues/4080
# - https://github.com/open-policy-agent/gatekeeper/issues/967
# schemas:
# - input.parameters:
#     type: object
#     properties:
#       levels:
#         description: The levels that the constraint returns. The rule has warn only.
#         type: array
#         items: {type: string, enum: [deny, warn]}
#         default: [deny, warn]
#       deniedKinds:
#         description: Globs of the kinds that are too many to be synchronised.
#         type: array
#         items: {type: string}
#         default: [Pod, Event, Secret, ConfigMap, EndpointSlice, Endpoints, ReplicaSet, Lease, "*Report"]
#       allowedKinds:
#         description: Globs of kinds that may be synchronised, whoever reads them.
#         type: array
#         items: {type: string}
#         default: []
#       maxKinds:
#         description: The largest number of kinds that one Config or SyncSet names.
#         type: integer
#         minimum: 1
#         default: 10
# custom:
#   id: gatekeeper-sync-scope
#   kind: MemgateGatekeeperSyncScope
#   severity: medium
#   since: 0.1.0
#   requiresSyncData: [[{groups: [templates.gatekeeper.sh], versions: [v1, v1beta1], kinds: [ConstraintTemplate]}]]
#   withoutData: Kinds that no template reads are not reported; deniedKinds and maxKinds are judged all the same.
#   remediation: Synchronise only what a template reads, and no kind of which there are thousands; size the memory limit for what must be.
#   failure: |
#     Nothing happens when a kind is added; weeks later, when the cluster has grown, the Pods of
#     gatekeeper-controller-manager and gatekeeper-audit are `OOMKilled`, and again on each start, because all
#     objects are read before a Pod is ready. Audit was killed with some 1,500 Pods, 320 Ingresses
#     and 350 Deployments synchronised
#     ([gatekeeper#1630](https://github.com/open-policy-agent/gatekeeper/issues/1630)); that one cannot
#     tell beforehand what a kind will cost is an open issue
#     ([gatekeeper#4080](https://github.com/open-policy-agent/gatekeeper/issues/4080)).
package policies.gatekeeper.gatekeeper_sync_scope

import data.lib.finding
import data.lib.parameter

# METADATA
# description: one violation for each kind that Gatekeeper should not synchronise, and one for too many of them
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	[path, entries] := _synchronised(object_)
	some fault in array.concat(_many(path, entries), _wrong(entries))
	found := object.union({"level": "warn"}, fault)
}

# _synchronised is the path of the list of kinds in a Config or SyncSet, and the kinds
# in it, each {path, group, version, kind}.
_synchronised(object_) := [path, entries] if {
	path := _path(object_)
	entries := [entry |
		some index, spec in object.get(object_, path, [])
		kind := _text(spec, "kind")
		kind != ""
		entry := {
			"path": array.concat(path, [index, "kind"]),
			"group": _text(spec, "group"),
			"version": _text(spec, "version"),
			"kind": kind,
		}
	]
}

_path(object_) := ["spec", "sync", "syncOnly"] if {
	object_.kind == "Config"
	startswith(object_.apiVersion, "config.gatekeeper.sh/")
}

_path(object_) := ["spec", "gvks"] if {
	object_.kind == "SyncSet"
	startswith(object_.apiVersion, "syncset.gatekeeper.sh/")
}

_text(spec, field) := spec[field] if {
	is_string(spec[field])
} else := ""

# _many is what is wrong with the number of kinds, [{path, facts, msg}].
_many(path, entries) := [{
	"path": path,
	"facts": {"kinds": number, "maxKinds": largest},
	"msg": sprintf("%s kinds are synced, more than %s: every replica of webhook and audit keeps all objects of each in memory, which grows with the cluster and may get it OOM-killed; keep those that templates read, or raise maxKinds", [
		format_int(number, 10),
		format_int(largest, 10),
	]),
}] if {
	number := count({kind | some entry in entries; kind := object.remove(entry, ["path"])})
	largest := parameter.get("maxKinds", 10)
	number > largest
} else := []

# _wrong is what is wrong with single kinds, [{path, facts, msg}].
_wrong(entries) := [fault |
	some entry in entries
	not _matches(parameter.get("allowedKinds", []), entry.kind)
	fault := object.union({"path": entry.path}, _fault(entry))
]

_fault(entry) := {
	"facts": {"templates": count(_templates)},
	"msg": sprintf("kind %q%s is synced, but none of the ConstraintTemplates that are known (%s) reads it, as metadata.gatekeeper.sh/requires-sync-data says: unless another template or --audit-from-cache needs it, every replica of webhook and audit keeps each object for nothing, at about 15 times its JSON; remove it, or add it to allowedKinds", [
		entry.kind,
		_of(entry.group),
		format_int(count(_templates), 10),
	]),
} if {
	read := _read
	not [entry.group, entry.kind] in read
	not _served(entry)
} else := {
	"facts": {},
	"msg": sprintf("kind %q%s is synced, and a cluster has thousands of them: every replica of webhook and audit keeps each object in memory, at about 15 times its JSON (130Mi for 1000 of 9 kB), which may get it OOM-killed; remove it, or add it to allowedKinds and size limits.memory for it", [
		entry.kind,
		_of(entry.group),
	]),
} if {
	_matches(parameter.get("deniedKinds", ["Pod", "Event", "Secret", "ConfigMap", "EndpointSlice", "Endpoints", "ReplicaSet", "Lease", "*Report"]), entry.kind)
}

_of("") := ""

_of(group) := sprintf(" of %s", [group]) if group != ""

_matches(patterns, kind) if {
	some pattern in patterns
	glob.match(pattern, null, kind)
}

# _served holds for what is of use without a template that says so.
_served(entry) if [entry.group, entry.kind] == ["", "Namespace"]

_served(entry) if entry.group in {"templates.gatekeeper.sh", "constraints.gatekeeper.sh"}

_templates := [template |
	some version in ["templates.gatekeeper.sh/v1", "templates.gatekeeper.sh/v1beta1"]
	some template in data.inventory.cluster[version].ConstraintTemplate
]

# _read are the kinds that templates read, [group, kind]; undefined where no template is
# known, or one is not understood.
_read := {kind | some kinds in known; some kind in kinds} if {
	known := [kinds | some template in _templates; kinds := _kinds(template)]
	count(known) == count(_templates)
	count(known) > 0
}

# _kinds are the kinds that a template reads, any version of them; undefined where it
# does not say so in a way that Gatekeeper understands.
_kinds(template) := {need |
	some clause in clauses
	some group in clause.groups
	some kind in clause.kinds
	need := [group, kind]
} if {
	alternatives := json.unmarshal(trim(_annotation(template), "\n\""))
	is_array(alternatives)
	every clauses_ in alternatives {
		is_array(clauses_)
	}
	clauses := [clause | some clauses_ in alternatives; some clause in clauses_]
	every clause in clauses {
		is_array(clause.groups)
		is_array(clause.kinds)
	}
} else := set() if {
	not _annotation(template)
	not contains(json.marshal(template.spec), "inventory")
}

_annotation(template) := template.metadata.annotations["metadata.gatekeeper.sh/requires-sync-data"]
