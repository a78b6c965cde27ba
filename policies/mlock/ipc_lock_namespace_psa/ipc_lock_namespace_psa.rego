# METADATA
# title: IPC_LOCK and the Pod Security level of the namespace agree
# description: |
#   The levels baseline and restricted of the Pod Security Standards do not let a
#   container add IPC_LOCK, and know no exception for a single Pod. Pod Security
#   admission refuses the Pods, but neither their Deployment nor anything else that
#   makes them. The level is read from the label of the namespace, which Gatekeeper hands
#   to rules since 3.22 and gator test does not; where it is not known nothing is
#   reported. A default level of the cluster, and users and runtime classes that are
#   exempt, stand in a file of the API server and cannot be seen. A Pod that is under
#   admission is not judged: it has passed Pod Security admission already.
# related_resources:
# - https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline
# - https://kubernetes.io/docs/concepts/security/pod-security-admission/
# - https://github.com/kubernetes/kubernetes/blob/v1.37.0/staging/src/k8s.io/pod-security-admission/policy/check_capabilities_baseline.go
# schemas:
# - input.parameters:
#     type: object
#     properties:
#       levels:
#         description: The levels that the constraint returns. The rule has warn only.
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
#       allowedNamespaces:
#         description: Globs of namespaces that are there for Pods with IPC_LOCK. One that enforces a level that refuses them is reported.
#         type: array
#         items: {type: string}
#         default: []
#       allowedImages:
#         description: Globs of images, whatever their registry, whose Pods are exempt from Pod Security admission and are not judged.
#         type: array
#         items: {type: string}
#         default: []
# custom:
#   id: ipc-lock-namespace-psa
#   kind: MemgateIpcLockNamespacePsa
#   severity: medium
#   since: 0.1.0
#   remediation: Run the workload in a namespace with the label pod-security.kubernetes.io/enforce privileged and have other policies impose the rest of baseline there, or remove IPC_LOCK and disable locking.
#   failure: |
#     The Deployment is created and stays at 0 Pods. kubectl get pods shows nothing to look
#     at; the events of its ReplicaSet say FailedCreate, pods "..." is forbidden: violates
#     PodSecurity "baseline:latest": non-default capabilities (container "..." must not
#     include "IPC_LOCK" in securityContext.capabilities.add). Where the label is tightened
#     later, Pods that run stay, and are refused when they are made anew, at the next
#     rollout or drained node. See [authentik#5155](https://github.com/goauthentik/authentik/issues/5155)
#     for such events.
package policies.mlock.ipc_lock_namespace_psa

import data.lib.capability
import data.lib.finding
import data.lib.image
import data.lib.parameter
import data.lib.workload

# METADATA
# description: one violation for each container that its namespace refuses for IPC_LOCK, and for a namespace that refuses what it is there for
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := _workload(object_) | _namespace(object_)

_workload(object_) := {found |
	_judged(object_)
	namespace := input.review.namespaceObject
	level := _refusing(namespace)
	some pod in workload.pods(object_)
	some container in workload.containers(pod)
	added := capability.indices(container, "add", "IPC_LOCK")[0]
	not _allowed(container)
	found := {
		"level": "warn",
		"path": array.concat(container.path, ["securityContext", "capabilities", "add", added]),
		"facts": {},
		"msg": sprintf(
			"%s: IPC_LOCK is added, but namespace %q enforces Pod Security level %q, which refuses every pod that adds it%s; use a namespace that enforces privileged and impose the rest of baseline there by other policies, or remove IPC_LOCK and disable locking",
			[container.title, namespace.metadata.name, level, _effect(object_)],
		),
	}
}

_namespace(object_) := {found |
	object_.kind == "Namespace"
	object_.apiVersion == "v1"
	level := _refusing(object_)
	some pattern in parameter.get("allowedNamespaces", [])
	glob.match(pattern, null, object_.metadata.name)
	found := {
		"level": "warn",
		"path": ["metadata", "labels", _label],
		"facts": {},
		"msg": sprintf(
			"namespace %q is there for pods with IPC_LOCK, but enforces Pod Security level %q, which refuses them as soon as they are created anew; set the label to privileged and impose the rest of baseline by other policies",
			[object_.metadata.name, level],
		),
	}
}

_label := "pod-security.kubernetes.io/enforce"

# _refusing is the level that a namespace enforces, if it does not allow IPC_LOCK.
_refusing(namespace) := level if {
	level := namespace.metadata.labels[_label]
	level in {"baseline", "restricted"}
}

_judged(object_) if object_.kind != "Pod"

# Admission plugins come before webhooks, so a Pod that arrives there is exempt.
_judged(_) if object.get(input.review, "operation", "") == ""

_allowed(container) if {
	some pattern in parameter.get("allowedImages", [])
	image.matches(pattern, container.spec.image)
}

_effect(object_) := "" if {
	object_.kind == "Pod"
} else := sprintf(", so this %s is accepted and gets none, and only FailedCreate events tell", [object_.kind])
