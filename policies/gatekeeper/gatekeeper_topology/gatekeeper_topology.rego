# METADATA
# title: Gatekeeper's webhook and audit run apart
# description: |
#   Audit lists and evaluates the whole cluster, so its memory peaks far above the
#   webhook's. In one Pod an OOM kill of the one takes the other along, and with
#   failurePolicy Ignore objects are admitted unseen until it is back; so they are
#   without a second webhook. Without --operation a process does everything. Audit
#   elects no leader: each replica of it does all of the work again. More replicas of
#   the webhook share the reviews, but each holds all templates and all synchronised
#   objects. Whether a PodDisruptionBudget keeps the webhook alive while nodes are
#   drained cannot be seen from the Deployment and is not judged.
# related_resources:
# - https://open-policy-agent.github.io/gatekeeper/website/docs/operations
# - https://open-policy-agent.github.io/gatekeeper/website/docs/failing-closed
# schemas:
# - input.parameters:
#     type: object
#     properties:
#       levels:
#         description: The levels that the constraint returns. The rule has warn only.
#         type: array
#         items: {type: string, enum: [deny, warn]}
#         default: [deny, warn]
#       minReplicas:
#         description: The smallest number of replicas of the webhook.
#         type: integer
#         minimum: 1
#         default: 3
# custom:
#   id: gatekeeper-topology
#   kind: MemgateGatekeeperTopology
#   severity: medium
#   since: 0.1.0
#   remediation: Run --operation=webhook and --operation=audit in two Deployments, the webhook with at least three replicas, audit with one.
#   scope: audit
#   failure: |
#     One replica that is OOM-killed or drained is the whole webhook. Its failurePolicy is Ignore by
#     default, so for that time every policy of the cluster is off, and no event says so. Where the
#     same Pod audits as well, the peak of the audit kills the webhook, as reported in
#     [gatekeeper#1703](https://github.com/open-policy-agent/gatekeeper/issues/1703).
package policies.gatekeeper.gatekeeper_topology

import data.lib.finding
import data.lib.gatekeeper
import data.lib.parameter

# METADATA
# description: one violation for each Deployment of Gatekeeper that mixes webhook and audit, or has the wrong number of either
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	managers := gatekeeper.managers(object_)
	webhooks := [manager | some manager in managers; gatekeeper.performs(manager.words, "webhook")]
	audits := [manager | some manager in managers; gatekeeper.audits(manager.words)]
	found := object.union({"level": "warn"}, _fault(object_, webhooks, audits))
}

# _fault is what is wrong with a Deployment that runs webhooks or audits, {path, facts,
# msg}. As long as it runs both, no number of replicas suits it.
_fault(_, webhooks, audits) := {
	"path": gatekeeper.place(audits[0], "operation"),
	"facts": {},
	"msg": sprintf(
		"%s: audit runs in the Pod of the webhook%s, so an OOM kill while it lists the cluster takes the webhook away, and with failurePolicy Ignore the API server admits what nobody reviewed; run --operation=audit in a Deployment of its own with 1 replica, and --operation=webhook in one with at least %s",
		[audits[0].container.title, _default(audits[0]), format_int(_least, 10)],
	),
} if {
	count(webhooks) > 0
}

_fault(object_, webhooks, []) := {
	"path": ["spec", "replicas"],
	"facts": {"replicas": replicas, "minReplicas": _least},
	"msg": sprintf(
		"%s: the webhook has %s, so an OOM kill or a drained node leaves too few to review, and with failurePolicy Ignore the API server admits what nobody reviewed; set replicas to %s or more",
		[webhooks[0].container.title, _counted(replicas), format_int(_least, 10)],
	),
} if {
	replicas := _replicas(object_)
	replicas < _least
}

_fault(object_, [], audits) := {
	"path": ["spec", "replicas"],
	"facts": {"replicas": replicas},
	"msg": sprintf(
		"%s: audit has %s and elects no leader, so each lists and evaluates the whole cluster in memory of its own and overwrites what the others report; set replicas to 1",
		[audits[0].container.title, _counted(replicas)],
	),
} if {
	replicas := _replicas(object_)
	replicas > 1
}

_least := parameter.get("minReplicas", 3)

_default(manager) := "" if {
	gatekeeper.flag(manager.words, "operation")
} else := ", because without --operation a process does everything"

# _replicas is the number of replicas, which is 1 where none is written; undefined for
# what is no number.
_replicas(object_) := 1 if {
	object.get(object_, ["spec", "replicas"], null) == null
} else := object_.spec.replicas if {
	is_number(object_.spec.replicas)
}

_counted(1) := "1 replica"

_counted(number) := sprintf("%s replicas", [format_int(number, 10)]) if number != 1
