# METADATA
# title: Gatekeeper's memory limit holds its policies
# description: |
#   What a process of Gatekeeper needs is computed from what it holds: baseMi for the
#   process, perTemplateKi for each ConstraintTemplate, perConstraintKi for each
#   constraint, objectFactor times avgObjectBytes for each synchronised object, and for
#   each review that runs at once perReviewMi, 5 times maxObjectBytes and refFactor times
#   avgObjectBytes for each object that a referential template goes through. Times
#   headroom, that must not exceed the memory limit. The defaults were measured with the
#   49 templates of gatekeeper-library; baseMi is an estimate. Parameters say how many
#   there are of each; where templates or constraints are 0, those among the reference
#   data are counted, so constraints need their kinds to be synchronised. What nobody says
#   is left out and not guessed, so the sum is the least that is needed; without any count
#   nothing is reported, nor without a memory limit. As many reviews run at once as
#   --max-serving-threads says, else GOMAXPROCS, else the CPU limit, else parameter
#   threads, else one; audit has one.
# related_resources:
# - https://github.com/open-policy-agent/gatekeeper/issues/3357
# - https://github.com/open-policy-agent/gatekeeper/issues/2184
# - https://open-policy-agent.github.io/gatekeeper/website/docs/performance-tuning
# - https://open-policy-agent.github.io/gatekeeper/website/docs/sync
# schemas:
# - input.parameters:
#     type: object
#     properties:
#       levels:
#         description: The levels that the constraint returns. The rule has warn only.
#         type: array
#         items: {type: string, enum: [deny, warn]}
#         default: [deny, warn]
#       templates:
#         description: How many ConstraintTemplates there are; with 0, as many as are among the reference data.
#         type: integer
#         minimum: 0
#         default: 0
#       constraints:
#         description: How many constraints there are; with 0, as many as are among the reference data.
#         type: integer
#         minimum: 0
#         default: 0
#       objects:
#         description: How many objects Config and SyncSets synchronise (metric gatekeeper_sync); with 0 that is not known.
#         type: integer
#         minimum: 0
#         default: 0
#       referentialObjects:
#         description: How many of them one review goes through at most; with 0 that is not known.
#         type: integer
#         minimum: 0
#         default: 0
#       threads:
#         description: How many reviews run at once where the Deployment does not say it, such as the cores of a node; with 0 that is not known.
#         type: integer
#         minimum: 0
#         default: 0
#       avgObjectBytes:
#         description: The mean size of a synchronised object as JSON.
#         type: integer
#         minimum: 1
#         default: 9000
#       maxObjectBytes:
#         description: The size of the objects under review as JSON, where many come at once.
#         type: integer
#         minimum: 1
#         default: 9000
#       baseMi:
#         description: What a process needs without policies, in Mi.
#         type: integer
#         minimum: 0
#         default: 150
#       perTemplateKi:
#         description: What a ConstraintTemplate takes, in Ki.
#         type: integer
#         minimum: 0
#         default: 320
#       perConstraintKi:
#         description: What a constraint takes, in Ki.
#         type: integer
#         minimum: 0
#         default: 4
#       objectFactor:
#         description: How many times its JSON a synchronised object takes.
#         type: integer
#         minimum: 0
#         default: 15
#       refFactor:
#         description: How many times its JSON an object takes while a referential template goes through it.
#         type: integer
#         minimum: 0
#         default: 9
#       perReviewMi:
#         description: What a review takes besides, in Mi.
#         type: integer
#         minimum: 0
#         default: 2
#       headroom:
#         description: How many times the sum a memory limit must be, a decimal.
#         type: string
#         pattern: ^[0-9]{1,4}(\.[0-9]{1,4})?$
#         default: "1.5"
# custom:
#   id: gatekeeper-capacity
#   kind: MemgateGatekeeperCapacity
#   severity: high
#   since: 0.1.0
#   scope: audit
#   requiresSyncData: [[{groups: [templates.gatekeeper.sh], versions: [v1, v1beta1], kinds: [ConstraintTemplate]}]]
#   withoutData: Only what the parameters count is in the sum, and where they count nothing nothing is reported.
#   remediation: Raise requests.memory and limits.memory of the manager container to the sum that is reported, or synchronise fewer objects and review fewer at once.
#   failure: |
#     As policies are added and the cluster grows, the Pods of gatekeeper-controller-manager are `OOMKilled`,
#     mostly when many requests come at once, as in a rollout; those that are left log "serving context
#     canceled, aborting request", and with failurePolicy Ignore the API server admits what nobody reviewed
#     ([gatekeeper#3357](https://github.com/open-policy-agent/gatekeeper/issues/3357)). Templates and
#     constraints rarely explain it: 28 templates and 100 constraints used more than 5 GB in
#     [gatekeeper#2184](https://github.com/open-policy-agent/gatekeeper/issues/2184), where the advice was to bound
#     the reviews that run at once. Synchronised objects, and each review that goes through them, do.
package policies.gatekeeper.gatekeeper_capacity

import data.lib.finding
import data.lib.gatekeeper
import data.lib.parameter
import data.lib.quantity

# METADATA
# description: one violation for each container of Gatekeeper whose memory limit is too small for its policies
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some manager in gatekeeper.managers(object_)
	role := _role(manager)
	_counted
	holder := _holder(manager)
	limit := quantity.bytes(holder.spec.resources.limits.memory)
	parts := array.concat(_held, _reviews(role.threads))
	need := sum([bytes | some part in parts; bytes := part.bytes])
	want := _with_headroom(need)
	limit < want
	found := {
		"level": "warn",
		"path": array.concat(holder.path, ["resources", "limits", "memory"]),
		"facts": {"limitBytes": limit, "needBytes": need, "wantBytes": want},
		"msg": sprintf("%s: memory limit %q is below %s, which is %s times the %s that its policies need: %s%s; %s; set limits.memory and requests.memory to %s, or %s", [
			manager.container.title,
			quantity.text(holder.spec.resources.limits.memory),
			_mi(want),
			_headroom.text,
			_mi(need),
			concat(" + ", [text | some part in parts; text := part.text]),
			_unknown,
			role.end,
			_mi(want),
			role.remedy,
		]),
	}
}

# _role is what a process does that holds policies: how many reviews it runs at once,
# what an OOM kill does, and what helps besides memory.
_role(manager) := {
	"threads": _threads(manager),
	"end": "the webhook may be OOM-killed, and with failurePolicy Ignore the API server then admits what nobody reviewed",
	"remedy": "sync fewer objects and lower --max-serving-threads",
} if {
	gatekeeper.performs(manager.words, "webhook")
} else := {
	"threads": 1,
	"end": "audit may be OOM-killed before it reports what it found",
	"remedy": "sync fewer objects",
} if {
	gatekeeper.performs(manager.words, "audit")
}

# _holder is what has the memory limit of a container: itself, else its pod.
_holder(manager) := [holder |
	some holder in [manager.container, manager.pod]
	quantity.bytes(holder.spec.resources.limits.memory) > 0
][0]

_templates := number if {
	number := parameter.get("templates", 0)
	number > 0
} else := count({name |
	some version in ["templates.gatekeeper.sh/v1", "templates.gatekeeper.sh/v1beta1"]
	some name, _ in data.inventory.cluster[version].ConstraintTemplate
})

_constraints := number if {
	number := parameter.get("constraints", 0)
	number > 0
} else := sum([number |
	some objects in data.inventory.cluster["constraints.gatekeeper.sh/v1beta1"]
	number := count(objects)
])

_objects := parameter.get("objects", 0)

_referential := parameter.get("referentialObjects", 0)

# _counted holds if the number of anything is known.
_counted if max([_templates, _constraints, _objects, _referential]) > 0

# _held is what a process holds all the time, [{bytes, text}].
_held := array.concat([_part(parameter.get("baseMi", 150) * 1048576, "the process")], [part |
	some [number, bytes, name] in [
		[_templates, parameter.get("perTemplateKi", 320) * 1024, "ConstraintTemplate"],
		[_constraints, parameter.get("perConstraintKi", 4) * 1024, "constraint"],
		[_objects, parameter.get("objectFactor", 15) * _size, "synced object"],
	]
	number > 0
	part := _part(number * bytes, _many(number, name))
])

_many(1, name) := sprintf("1 %s", [name])

_many(number, name) := sprintf("%s %ss", [format_int(number, 10), name]) if number != 1

_size := parameter.get("avgObjectBytes", 9000)

# _reviews is what the reviews that run at once allocate, [{bytes, text}].
_reviews(threads) := [_part(threads * bytes, sprintf("%s at once%s", [_many(threads, "review"), _through]))] if {
	bytes := ((parameter.get("perReviewMi", 2) * 1048576) + (5 * parameter.get("maxObjectBytes", 9000))) + ((parameter.get("refFactor", 9) * _size) * _referential)
}

_through := "" if {
	_referential == 0
} else := sprintf(" through %s", [_many(_referential, "object")])

# A part is rounded up to whole Mi, so that the parts of a message add up to its sum.
_part(bytes, name) := {"bytes": whole, "text": sprintf("%s for %s", [_mi(whole), name])} if {
	whole := quantity.mebibytes(bytes + 1048575)
}

_mi(bytes) := sprintf("%sMi", [format_int(bytes / 1048576, 10)])

# _unknown is what is not in the sum.
_unknown := sprintf(" (not known, so not in it: %s)", [concat(", ", names)]) if {
	names := [name |
		some [number, name] in [[_templates, "ConstraintTemplates"], [_constraints, "constraints"], [_objects, "synced objects"]]
		number == 0
	]
	count(names) > 0
} else := ""

_headroom := object.union(ratio, {"text": text}) if {
	text := parameter.get("headroom", "1.5")
	ratio := quantity.ratio(text, "1.5")
}

_with_headroom(bytes) := quantity.mebibytes(((whole - (whole % _headroom.whole)) / _headroom.whole) + 1048575) if {
	whole := ((bytes * _headroom.part) + _headroom.whole) - 1
}

# _threads are the reviews that a webhook runs at once, at least.
_threads(manager) := _flag(manager) if {
	_flag(manager) >= 1
} else := _variable(manager) if {
	gatekeeper.automatic(manager.words)
	_variable(manager) >= 1
} else := _cores(manager) if {
	gatekeeper.automatic(manager.words)
	not gatekeeper.computed(manager.container)
} else := max([1, parameter.get("threads", 0)])

_flag(manager) := gatekeeper.number(gatekeeper.flag(manager.words, "max-serving-threads").text)

_variable(manager) := gatekeeper.number(gatekeeper.gomaxprocs(manager.container).value)

_cores(manager) := [cores |
	some holder in [manager.container, manager.pod]
	cores := quantity.bytes(holder.spec.resources.limits.cpu)
	cores > 0
][0]
