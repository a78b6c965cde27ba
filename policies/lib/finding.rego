# METADATA
# title: leaves out what an update did not bring, and what is on its way out
# description: |
#   What every rule does with what it found: judge the object under review unless it
#   is on its way out, leave out what an update did not introduce, and return the
#   levels that the constraint asks for. A finding is {level, path, facts, msg}.
package lib.finding

import data.lib.parameter

# subject is the object that a rule judges; {} where there is nothing to judge:
# on deletion, and for the mirror of a static Pod that a kubelet reports, which
# nobody can refuse any more. Only the node's own user may claim the latter.
default subject := {}

subject := input.review.object if {
	is_object(input.review.object)
	_operation != "DELETE"
	not _terminating
	not _mirror_pod
}

# previous is the object before an update; {} for everything else.
default previous := {}

previous := input.review.oldObject if {
	is_object(input.review.oldObject)
	_operation == "UPDATE"
}

# violations are the findings to return, given those of subject and of previous.
violations(found, before) := {violation |
	some finding in found
	finding.level in parameter.get("levels", ["deny", "warn"])
	not _known(finding, before)
	violation := {"msg": finding.msg, "details": object.remove(finding, ["msg"])}
}

# A path may move when a container is added before it; level and message do not.
_known(finding, before) if {
	some known in before
	known.level == finding.level
	known.msg == finding.msg
}

# audited holds outside admission: in Gatekeeper's audit, and offline. A rule about Nodes
# asks for it, because who denies a Node its registration takes it from the cluster.
audited if _operation == ""

_operation := object.get(input.review, "operation", "")

_terminating if is_string(input.review.object.metadata.deletionTimestamp)

_mirror_pod if {
	_operation != ""
	input.review.object.metadata.annotations["kubernetes.io/config.mirror"]
	"system:nodes" in input.review.userInfo.groups
}
