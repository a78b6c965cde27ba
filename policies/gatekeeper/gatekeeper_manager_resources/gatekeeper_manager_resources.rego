# METADATA
# title: Gatekeeper has memory for its policies
# description: |
#   Each process of Gatekeeper that reviews or audits holds all templates, constraints
#   and synchronised objects, and what the reviews that run at once allocate; replicas
#   share the reviews, not the rest. The chart gives it 512Mi and sets no GOMEMLIMIT, so
#   garbage may take as much memory as what is alive before Go collects it. Reported are
#   a memory limit that is missing or below minMemoryLimit, a request below the limit,
#   and a GOMEMLIMIT that is missing; one that is there is judged by gomemlimit-sane, and
#   releases before v3.10 were built by a Go that does not know it.
#   minMemoryLimit is a quantity and cannot be "computed": gatekeeper-capacity computes
#   what the policies of a cluster need and compares it with the same limit, so a second
#   finding would say the same. Where little is synchronised, set it to what is enough.
#   Environment variables from envFrom cannot be seen.
# related_resources:
# - https://github.com/open-policy-agent/gatekeeper/issues/3357
# - https://github.com/open-policy-agent/gatekeeper/issues/2184
# - https://github.com/open-policy-agent/gatekeeper/issues/1703
# - https://pkg.go.dev/runtime#hdr-Environment_Variables
# schemas:
# - input.parameters:
#     type: object
#     properties:
#       levels:
#         description: The levels that the constraint returns. The rule has warn only.
#         type: array
#         items: {type: string, enum: [deny, warn]}
#         default: [deny, warn]
#       minMemoryLimit:
#         description: The smallest memory limit of a container that reviews or audits.
#         type: string
#         pattern: ^[1-9][0-9]*(\.[0-9]+)?([KMGT]i|[kMGT])?$
#         default: 4Gi
# custom:
#   id: gatekeeper-manager-resources
#   kind: MemgateGatekeeperManagerResources
#   severity: medium
#   since: 0.1.0
#   scope: audit
#   requiresSyncData: [[{groups: [""], versions: [v1], kinds: [LimitRange]}]]
#   withoutData: A container that has its memory limit from a LimitRange only is taken to have none.
#   remediation: Set requests.memory and limits.memory of the manager containers to the same 4Gi or more, and GOMEMLIMIT to nine tenths of it (extraEnvs of the chart).
#   failure: |
#     The Pods of gatekeeper-controller-manager restart with `OOMKilled`, exit code 137, several times
#     a day when many requests come at once. Until they are back the API server cannot reach the
#     webhook, and with the chart's failurePolicy Ignore it admits objects that nobody reviewed, without
#     an error. A limit of 5 GB was not enough with 28 templates and some 100 constraints
#     ([gatekeeper#2184](https://github.com/open-policy-agent/gatekeeper/issues/2184)), nor 10 GB
#     elsewhere ([gatekeeper#1703](https://github.com/open-policy-agent/gatekeeper/issues/1703)).
package policies.gatekeeper.gatekeeper_manager_resources

import data.lib.finding
import data.lib.gatekeeper
import data.lib.image
import data.lib.memory
import data.lib.parameter
import data.lib.quantity

# METADATA
# description: one violation for each container of Gatekeeper whose memory is too small, or not reserved, or that has no GOMEMLIMIT
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some manager in gatekeeper.managers(object_)
	end := _end(manager.words)
	some fault in array.concat(_sizes(manager, end), _variables(manager))
	found := {
		"level": "warn",
		"path": fault.path,
		"facts": fault.facts,
		"msg": sprintf("%s: %s", [manager.container.title, fault.text]),
	}
}

# _end is what an OOM kill does; undefined for a process that holds no policies.
_end(words) := "the webhook may be OOM-killed, and with failurePolicy Ignore the API server then admits what nobody reviewed" if {
	gatekeeper.performs(words, "webhook")
} else := "audit may be OOM-killed before it reports what it found" if {
	gatekeeper.performs(words, "audit")
}

# _load is what takes the memory. The audit reviews one object after the other.
_load(words) := "synced objects, or many reviews at once" if {
	gatekeeper.performs(words, "webhook")
} else := "synced objects, or large ones in what it lists at once"

# _sizes is the worst about limit and request of a container, [{path, facts, text}].
_sizes(manager, end) := [{
	"path": array.concat(manager.container.path, ["resources", "limits", "memory"]),
	"facts": {"minLimitBytes": _least},
	"text": sprintf("no memory limit, so under load it may grow until the node is out of memory and Pods of others are killed; set limits.memory and requests.memory to %s or more", [quantity.format(_least)]),
}] if {
	memory.unlimited(manager.pod, manager.container)
} else := [{
	"path": array.concat(_holder(manager).path, ["resources", "limits", "memory"]),
	"facts": {"limitBytes": limit, "minLimitBytes": _least},
	"text": sprintf("memory limit %q is below %s, so with many or large %s, %s; set limits.memory and requests.memory to %s, or minMemoryLimit to what is known to be enough", [
		memory.written(manager.pod, manager.container),
		quantity.format(_least),
		_load(manager.words),
		end,
		quantity.format(_least),
	]),
}] if {
	limit := memory.limit(manager.pod, manager.container)
	limit < _least
} else := [{
	"path": array.concat(holder.path, ["resources", "requests", "memory"]),
	"facts": {"requestBytes": request, "limitBytes": limit},
	"text": sprintf("requests.memory %q is below the memory limit %q, so the node may promise the difference to others, and when it runs out of memory %s; set it to %q as well", [
		quantity.text(holder.spec.resources.requests.memory),
		quantity.text(holder.spec.resources.limits.memory),
		end,
		quantity.text(holder.spec.resources.limits.memory),
	]),
}] if {
	holder := _holder(manager)
	request := quantity.bytes(holder.spec.resources.requests.memory)
	limit := quantity.bytes(holder.spec.resources.limits.memory)
	request < limit
} else := []

# _holder is what has the memory limit of a container: itself, or its pod.
_holder(manager) := manager.pod if {
	not _limited(manager.container.spec)
	_limited(manager.pod.spec)
} else := manager.container

_limited(spec) if quantity.bytes(spec.resources.limits.memory) > 0

# _variables is what is wrong with the environment of a container, [{path, facts, text}].
_variables(manager) := [{
	"path": array.concat(manager.container.path, ["env"]),
	"facts": {},
	"text": sprintf("GOMEMLIMIT is not set, so Go does not collect more often when memory gets short, and the container may be OOM-killed with garbage that could be freed; set it to %sMiB, nine tenths of a memory limit of %s", [
		format_int((tenths - (tenths % 10485760)) / 10485760, 10),
		quantity.format(bytes),
	]),
}] if {
	not _has_variable(manager.container.spec)
	not manager.container.spec.envFrom[0]
	not _heedless(manager.container.spec)
	bytes := max([_least, _bytes(manager)])
	tenths := bytes * 9
} else := []

_has_variable(spec) if {
	some variable in spec.env
	variable.name == "GOMEMLIMIT"
	some field in ["value", "valueFrom"]
	not object.get(variable, field, null) in {null, ""}
}

# _heedless holds for releases that Go before 1.19 built, which knows no GOMEMLIMIT.
_heedless(spec) if regex.match(`^v?3\.[0-9]([^0-9]|$)`, image.parse(spec.image).tag)

_bytes(manager) := bytes if {
	bytes := memory.limit(manager.pod, manager.container)
} else := 0

_least := quantity.bytes(parameter.get("minMemoryLimit", "4Gi"))
